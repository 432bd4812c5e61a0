/// IPv4, IPv6 and hardware addresses.
extension ScanPass {
  /// An IPv4 address [start, stop) whose token reaches to `tokenEnd` (its port). `whole`: nothing else is part of the atom.
  mutating func foundIPv4(_ address: IPv4, _ start: Pointer, _ stop: Pointer, _ tokenEnd: Pointer, whole: Bool) {
    if tokenEnd == stop, isVersion(start) {
      record(.number, start, stop)
    } else if address.isImpersonal {
      record(.address, start, tokenEnd)
    } else if whole {
      record(.ipv4, start, stop, tokenEnd)
    } else {
      find(.ipv4, start, stop)
      record(.address, start, tokenEnd)
    }
  }

  /// Whether one of the four words before says that four numbers with dots are a version.
  func isVersion(_ start: Pointer) -> Bool {
    var p = start
    var words = 0
    let first = start - base > 48 ? start - 48 : base
    while p > first, words < 4 {
      while p > first, !Bytes.isAlpha(p[-1]) { p -= 1 }
      let stop = p
      while p > first, Bytes.isAlpha(p[-1]) { p -= 1 }
      words += 1
      guard p == base || p[-1] == UInt8(ascii: " ") || p[-1] == UInt8(ascii: "(") || p[-1] == UInt8(ascii: "\"") else { continue }
      switch p.pointee | 0x20 {
      case UInt8(ascii: "v"):
        if Bytes.startsIgnoringCase(p, stop, with: "version") || Bytes.startsIgnoringCase(p, stop, with: "ver") && stop - p == 3 {
          return true
        }
      case UInt8(ascii: "f"): if Bytes.startsIgnoringCase(p, stop, with: "firmware") { return true }
      case UInt8(ascii: "u"): if Bytes.startsIgnoringCase(p, stop, with: "upgrad") { return true }
      case UInt8(ascii: "d"): if Bytes.startsIgnoringCase(p, stop, with: "downgrad") { return true }
      case UInt8(ascii: "r"): if Bytes.startsIgnoringCase(p, stop, with: "release") && stop - p <= 8 { return true }
      case UInt8(ascii: "b"): if Bytes.startsIgnoringCase(p, stop, with: "build") && stop - p == 5 { return true }
      default: break
      }
    }
    return false
  }

  /// An IPv6 address, with zone and prefix length.
  mutating func addressV6(_ start: Pointer, _ stop: Pointer, _ lanes: UInt64) -> Pointer? {
    guard Lane.colons(lanes) >= 2, let address = IPv6(prefixOf: start, stop) else { return nil }
    var tokenEnd = address.end
    if tokenEnd < stop, tokenEnd.pointee == UInt8(ascii: "%") {
      repeat { tokenEnd += 1 } while tokenEnd < stop && Bytes.isAlnum(tokenEnd.pointee)
    } else if tokenEnd < stop, tokenEnd.pointee == UInt8(ascii: "/") {
      tokenEnd = Bytes.afterDigits(tokenEnd + 1, stop)
    }
    guard tokenEnd == stop else { return nil }
    if !address.isImpersonal {
      find(.ipv6, start, address.end)
    }
    record(.address, start, tokenEnd)
    return tokenEnd
  }

  /// `3c:5a:b4:11:22:9f`, `00-1B-44-11-3A-B7`, `001b.4411.3ab7`; longer chains of pairs are fingerprints of something else.
  mutating func hardware(_ start: Pointer, _ stop: Pointer, _ lanes: UInt64) -> Pointer? {
    let count = stop - start
    if count == 14, Lane.dots(lanes) == 2, lanes & Lane.hex != 0, isChain(start, stop, UInt8(ascii: "."), 4) {
      record(.mac, start, stop, stop)
      return stop
    }
    guard count >= 17, count % 3 == 2 else { return nil }
    let separator = start[2]
    guard separator == UInt8(ascii: ":") || separator == UInt8(ascii: "-"), isChain(start, stop, separator, 2) else { return nil }
    if count == 17 {
      record(.mac, start, stop, stop)
    } else {
      record(.identifier, start, stop)
    }
    return stop
  }

  /// Groups of `width` hexadecimal digits with one separator between them.
  private func isChain(_ start: Pointer, _ stop: Pointer, _ separator: UInt8, _ width: Int) -> Bool {
    var column = 0
    var p = start
    while p < stop {
      if column == width {
        guard p.pointee == separator else { return false }
        column = 0
      } else {
        guard Bytes.isHex(p.pointee) else { return false }
        column += 1
      }
      p += 1
    }
    return column == width
  }
}
