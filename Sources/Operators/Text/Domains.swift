/// Domain names as they stand in e-mail addresses.
enum Domains {
  typealias Pointer = UnsafePointer<UInt8>

  /// The end of the domain name at `p`: two labels or more, the last one letters. Nil when there is none.
  static func end(_ p: Pointer, _ end: Pointer) -> Pointer? {
    var q = p
    var label = p
    var lastStart = p
    var labels = 0
    while q < end, q - p <= 253 {
      let byte = q.pointee
      if Bytes.isAlnum(byte) {
        q += 1
      } else if byte == UInt8(ascii: "-"), q > label {
        q += 1
      } else if byte == UInt8(ascii: "."), q > label, q[-1] != UInt8(ascii: "-"), q + 1 < end, Bytes.isAlnum(q[1]) {
        labels += 1
        label = q + 1
        lastStart = label
        q += 1
      } else {
        break
      }
    }
    while q > label, q[-1] == UInt8(ascii: "-") { q -= 1 }
    guard labels >= 1, q - lastStart >= 2, q - lastStart <= 24 else { return nil }
    if Bytes.startsIgnoringCase(lastStart, q, with: "xn--") { return q }
    var r = lastStart
    while r < q {
      guard Bytes.isAlpha(r.pointee) else { return nil }
      r += 1
    }
    return isReserved(lastStart, q - lastStart) ? nil : q
  }

  /// Suffixes of unit files, which are written like addresses (`user@1000.service`).
  private static func isReserved(_ p: Pointer, _ count: Int) -> Bool {
    switch count {
    case 5:
      Bytes.startsIgnoringCase(p, p + count, with: "mount") || Bytes.startsIgnoringCase(p, p + count, with: "timer")
        || Bytes.startsIgnoringCase(p, p + count, with: "slice") || Bytes.startsIgnoringCase(p, p + count, with: "scope")
    case 6:
      Bytes.startsIgnoringCase(p, p + count, with: "socket") || Bytes.startsIgnoringCase(p, p + count, with: "target")
        || Bytes.startsIgnoringCase(p, p + count, with: "device")
    case 7: Bytes.startsIgnoringCase(p, p + count, with: "service")
    default: false
    }
  }
}
