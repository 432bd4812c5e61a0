/// Numbers, quantities with a unit, and the strict forms that digits and letters take.
extension ScanPass {
  /// Digits and separators, no letters: number, date, clock, address, version.
  mutating func figure(_ start: Pointer, _ stop: Pointer, _ lanes: UInt64) -> Pointer? {
    let dots = Lane.dots(lanes)
    if lanes & ~(Lane.digit | Lane.dot) == 0 {
      if dots == 3, let address = IPv4(start, stop) {
        foundIPv4(address, start, stop, stop, whole: true)
        return stop
      }
      if dots == 2, let next = personalNumber(start, stop, stop - start) ?? timestamp(start, stop) { return next }
      record(.number, start, stop)
      return stop
    }
    if dots == 3, lanes & (Lane.dash | Lane.glue) == 0, let address = IPv4(prefixOf: start, stop) {
      // Behind the address: a port, a prefix length, or something else.
      let rest = address.end
      if rest.pointee == UInt8(ascii: ":") || rest.pointee == UInt8(ascii: "/") {
        let digits = Bytes.afterDigits(rest + 1, stop)
        if digits == stop, digits > rest + 1 {
          foundIPv4(address, start, rest, stop, whole: rest.pointee == UInt8(ascii: ":"))
          return stop
        }
      }
    }
    if dots == 6, let first = IPv4(prefixOf: start, stop), first.end.pointee == UInt8(ascii: "-"), IPv4(first.end + 1, stop) != nil {
      // A range of addresses.
      find(.ipv4, start, first.end)
      find(.ipv4, first.end + 1, stop)
      record(.address, start, stop)
      return stop
    }
    if let next = personalNumber(start, stop, stop - start) { return next }
    if let next = timestamp(start, stop) { return next }
    if lanes & ~(Lane.digit | Lane.colon) == 0 {
      if let next = hardware(start, stop, lanes) ?? addressV6(start, stop, lanes) { return next }
      if let next = clock(start, stop) { return next }
      record(.number, start, stop)
      return stop
    }
    if lanes & Lane.colon == 0 {
      if let next = strict(start, start, stop, lanes) { return next }
      record(.number, start, stop)
      return stop
    }
    return nil
  }

  /// Begins with a digit and holds letters: hexadecimal, quantity, timestamp.
  mutating func measure(_ start: Pointer, _ stop: Pointer, _ lanes: UInt64) -> Pointer? {
    let glue = lanes & (Lane.slash | Lane.glue | Lane.colon)
    if lanes & ~Lane.alnum == 0 {
      if start.pointee == UInt8(ascii: "0"), start[1] | 0x20 == UInt8(ascii: "x"), Lane.otherLetters(lanes) == 1 {
        record(.number, start, stop)
        return stop
      }
      if Lane.otherLetters(lanes) == 0, stop - start >= 6 {
        record(.number, start, stop)
        return stop
      }
    }
    if glue == 0, lanes & Lane.dash == 0, let kind = quantity(start, stop) {
      record(kind, start, stop)
      return stop
    }
    if Lane.dashes(lanes) + Lane.slashes(lanes) >= 2 || lanes & Lane.colon != 0, let next = timestamp(start, stop) { return next }
    if lanes & Lane.colon != 0, let next = clock(start, stop) { return next }
    return nil
  }

  /// Forms that are recognised whole: UUID, MAC, IPv6, hexadecimal without a leading digit; also behind a word and a separator.
  mutating func strict(_ start: Pointer, _ i: Pointer, _ stop: Pointer, _ lanes: UInt64) -> Pointer? {
    let count = stop - start
    if count >= 36, Lane.dashes(lanes) >= 4, isUUID(stop - 36) {
      let uuid = stop - 36
      if uuid == start || Bytes.lane(uuid[-1]) & Lane.alnum == 0 {
        record(.uuid, uuid, stop)
        return stop
      }
    }
    if Lane.otherLetters(lanes) == 0, lanes & ~(Lane.alnum | Lane.colon | Lane.dash | Lane.dot) == 0 {
      if let next = hardware(start, stop, lanes) ?? addressV6(start, stop, lanes) { return next }
      if lanes & ~Lane.alnum == 0, count >= 6 {
        if let next = bankAccount(start, stop, lanes) { return next }
        record(.number, start, stop)
        return stop
      }
    }
    if lanes & Lane.colon != 0, let next = addressV6(start, stop, lanes) { return next }
    if let next = bankAccount(start, stop, lanes) { return next }
    return nil
  }

  private func isUUID(_ p: Pointer) -> Bool {
    for i in 0..<36 {
      if i == 8 || i == 13 || i == 18 || i == 23 {
        guard p[i] == UInt8(ascii: "-") else { return false }
      } else {
        guard Bytes.isHex(p[i]) else { return false }
      }
    }
    return true
  }

  /// A number with a unit stuck to it, such as `12.5ms`, `512MB`, `1h30m`; nil for anything else.
  private func quantity(_ start: Pointer, _ stop: Pointer) -> TokenKind? {
    var p = start
    var kind: TokenKind?
    var parts = 0
    while p < stop {
      p = Bytes.afterDigits(p, stop)
      if p < stop, p.pointee == UInt8(ascii: ".") {
        let fraction = Bytes.afterDigits(p + 1, stop)
        guard fraction > p + 1 else { return nil }
        p = fraction
      }
      let unit = p
      while p < stop, Bytes.isAlpha(p.pointee) { p += 1 }
      guard p > unit, let found = Units.kind(unit, p - unit) else { return nil }
      if p < stop, !Bytes.isDigit(p.pointee) { return nil }
      parts += 1
      guard parts == 1 || kind == .duration && found == .duration else { return nil }
      kind = found
    }
    return kind
  }
}
