/// A dotted IPv4 address in text.
struct IPv4 {
  let end: UnsafePointer<UInt8>
  let octets: (UInt8, UInt8, UInt8, UInt8)

  /// The address that is the whole of [start, stop).
  @inline(__always)
  init?(_ start: UnsafePointer<UInt8>, _ stop: UnsafePointer<UInt8>) {
    guard let address = IPv4(prefixOf: start, stop), address.end == stop else { return nil }
    self = address
  }

  /// The address that [start, stop) begins with. Octets are 0…255 without leading zeros.
  @inline(__always)
  init?(prefixOf start: UnsafePointer<UInt8>, _ stop: UnsafePointer<UInt8>) {
    var p = start
    var packed: UInt32 = 0
    for octet in 0..<4 {
      if octet > 0 {
        guard p < stop, p.pointee == UInt8(ascii: ".") else { return nil }
        p += 1
      }
      guard p < stop, Bytes.isDigit(p.pointee) else { return nil }
      var value = UInt32(p.pointee &- 0x30)
      p += 1
      if value > 0 {
        while p < stop, Bytes.isDigit(p.pointee), value < 100 {
          value = value * 10 + UInt32(p.pointee &- 0x30)
          p += 1
        }
      }
      guard value <= 255 else { return nil }
      packed = packed << 8 | value
    }
    if p < stop, Bytes.isDigit(p.pointee) { return nil }
    end = p
    octets = (
      UInt8(truncatingIfNeeded: packed >> 24), UInt8(truncatingIfNeeded: packed >> 16), UInt8(truncatingIfNeeded: packed >> 8),
      UInt8(truncatingIfNeeded: packed)
    )
  }

  /// Of a network that is not routed: 10/8, 172.16/12, 192.168/16.
  var isPrivate: Bool { octets.0 == 10 || octets.0 == 172 && octets.1 & 0xF0 == 16 || octets.0 == 192 && octets.1 == 168 }

  /// Loopback (127/8) or unspecified (0.0.0.0): says nothing about anyone.
  var isImpersonal: Bool { octets.0 == 127 || octets == (0, 0, 0, 0) }
}

/// An IPv6 address in text: hexadecimal groups with at most one `::`, or with a dotted tail.
struct IPv6 {
  let end: UnsafePointer<UInt8>
  /// Loopback (`::1`) or unspecified (`::`).
  let isImpersonal: Bool

  /// The address that [start, stop) begins with.
  ///
  /// A compressed address must hold a digit, so that `a::b` stays a name; one without `::` must have all eight groups, so that times and
  /// hardware addresses are none.
  init?(prefixOf start: UnsafePointer<UInt8>, _ stop: UnsafePointer<UInt8>) {
    var p = start
    var groups = 0
    var hasGap = false
    var hasDigit = false
    var significant = 0
    var isOne = false
    if stop - p >= 2, p[0] == UInt8(ascii: ":") {
      guard p[1] == UInt8(ascii: ":") else { return nil }
      hasGap = true
      p += 2
    }
    while p < stop, Bytes.isHex(p.pointee) {
      var q = p
      while q < stop, Bytes.isHex(q.pointee), q - p < 5 {
        if Bytes.isDigit(q.pointee) { hasDigit = true }
        q += 1
      }
      if q < stop, q.pointee == UInt8(ascii: ".") {
        guard groups >= 1 || hasGap, groups <= 6, let tail = IPv4(prefixOf: p, stop) else { return nil }
        groups += 2
        significant += 2
        p = tail.end
        break
      }
      guard q - p <= 4 else { return nil }
      isOne = q - p == 1 && p.pointee == UInt8(ascii: "1")
      significant += q - p
      groups += 1
      p = q
      guard groups <= 8 else { return nil }
      guard p < stop, p.pointee == UInt8(ascii: ":") else { break }
      if p + 1 < stop, p[1] == UInt8(ascii: ":") {
        guard !hasGap else { return nil }
        hasGap = true
        p += 2
        continue
      }
      // A colon that no group follows belongs to the sentence.
      guard p + 1 < stop, Bytes.isHex(p[1]) else { break }
      p += 1
    }
    guard hasGap ? groups <= 7 : groups == 8 else { return nil }
    let isUnspecified = groups == 0
    guard isUnspecified || hasDigit else { return nil }
    end = p
    isImpersonal = isUnspecified || groups == 1 && isOne && start.pointee == UInt8(ascii: ":")
    // `1::2` and the like are too little to tell an address from a ratio or a scope.
    guard isImpersonal || significant >= 3 else { return nil }
  }
}
