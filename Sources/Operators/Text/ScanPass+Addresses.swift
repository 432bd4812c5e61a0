/// IPv4, IPv6 and hardware addresses.
extension ScanPass {
  /// An IPv4 address [start, stop) whose token reaches to `tokenEnd` (its port). `whole`: nothing else is part of the atom.
  mutating func foundIPv4(_ address: IPv4, _ start: Pointer, _ stop: Pointer, _ tokenEnd: Pointer, whole: Bool) {
    if tokenEnd == stop, isVersion(start) {
      record(.number, start, stop)
      return
    }
    let tokenStart = isSlashed(start) ? start - 1 : start
    recordUser(before: tokenStart)
    if address.isImpersonal {
      record(.address, tokenStart, tokenEnd)
    } else if whole, tokenStart == start {
      record(.ipv4, start, stop, tokenEnd)
    } else {
      find(.ipv4, start, stop)
      record(.address, tokenStart, tokenEnd)
    }
  }

  /// `for NAME from ADDRESS`, `user NAME from ADDRESS`: the name is a value.
  mutating func recordUser(before address: Pointer) {
    guard address - base >= 12, address > quiet, Bytes.starts(address - 6, address, with: " from ") else { return }
    let stop = address - 6
    var start = stop
    let first = stop - base > 40 ? stop - 40 : base
    while start > first, Bytes.isKey(start[-1]) { start -= 1 }
    guard start < stop, start - base >= 4, start >= quiet, start[-1] == UInt8(ascii: " "),
      Bytes.endsIgnoringCase(start, base, with: "for ") || Bytes.endsIgnoringCase(start, base, with: "user "), unrecord(from: start)
    else { return }
    record(.value, start, stop)
  }

  /// IPv4 addresses inside an atom that is something else as a whole: `host-41/10.1.2.3:9000`.
  mutating func findEmbedded(_ start: Pointer, _ stop: Pointer) {
    var p = start
    while p + 7 <= stop {
      if Bytes.isDigit(p.pointee), p > start, p[-1] == UInt8(ascii: "/") || p[-1] == UInt8(ascii: "@"),
        let address = IPv4(prefixOf: p, stop), !address.isImpersonal,
        address.end == stop || Bytes.lane(address.end.pointee) & (Lane.alnum | Lane.dot) == 0
      {
        find(.ipv4, p, address.end)
        p = address.end
      } else {
        p += 1
      }
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
      case UInt8(ascii: "r"):
        if Bytes.startsIgnoringCase(p, stop, with: "release") && stop - p <= 8 || words == 1 && isNumbered(p, stop) { return true }
      case UInt8(ascii: "b"): if Bytes.startsIgnoringCase(p, stop, with: "build") && stop - p == 5 { return true }
      case UInt8(ascii: "s"), UInt8(ascii: "c"), UInt8(ascii: "o"), UInt8(ascii: "p"): if words == 1 && isNumbered(p, stop) { return true }
      default: break
      }
    }
    return false
  }

  /// Whether the word is of a thing with numbers of four parts that are no addresses.
  private func isNumbered(_ p: Pointer, _ stop: Pointer) -> Bool { WordList.contains(WordList.numbered, p, stop) }

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
