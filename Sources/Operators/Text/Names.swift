/// Names of people, where a key says that one follows.
enum Names {
  typealias Pointer = UnsafePointer<UInt8>

  /// The end of the capitalised words at `start`, `least` of them or more (initials count).
  static func end(_ start: Pointer, _ limit: Pointer, least: Int) -> Pointer? {
    var p = start
    var words = 0
    var stop = start
    while p < limit, words < 5, isCapital(p, limit) {
      while p < limit,
        Bytes.isAlpha(p.pointee) || p.pointee >= 0x80 || p.pointee == UInt8(ascii: "'") && p + 1 < limit && Bytes.isAlpha(p[1])
          || p.pointee == UInt8(ascii: "-")
      {
        p += 1
      }
      // `John.txt` and `Order7` are no names; `Q.` is an initial.
      if p < limit, Bytes.isDigit(p.pointee) || p.pointee == UInt8(ascii: "=") || p.pointee == UInt8(ascii: "_") { break }
      if p < limit, p.pointee == UInt8(ascii: ".") {
        if p + 1 < limit, Bytes.isAlnum(p[1]) { break }
        if p + 1 < limit, p[1] == UInt8(ascii: " "), p - stop <= 4 { p += 1 }
      }
      words += 1
      stop = p
      guard p < limit, p.pointee == UInt8(ascii: " ") else { break }
      p += 1
    }
    return words >= least ? stop : nil
  }

  private static func isCapital(_ p: Pointer, _ limit: Pointer) -> Bool {
    if Bytes.isUpper(p.pointee) { return true }
    // Capitals with accents, Greek and Cyrillic: U+00C0…U+00DE, U+0100… (even), U+0391…, U+0410…
    guard limit - p >= 2 else { return false }
    switch p.pointee {
    case 0xC3: return p[1] >= 0x80 && p[1] <= 0x9E
    case 0xC4...0xC5: return true
    case 0xCE: return p[1] >= 0x91 && p[1] <= 0xA9
    case 0xD0: return p[1] >= 0x80 && p[1] <= 0xAF
    case 0xE4...0xE9: return true
    default: return false
    }
  }

  /// Whether the value says that there is none.
  static func isNothing(_ start: Pointer, _ stop: Pointer) -> Bool {
    let count = stop - start
    // `****`, `xxxx`: masked already.
    if count >= 2, start.pointee == UInt8(ascii: "*") || start.pointee | 0x20 == UInt8(ascii: "x"),
      (start..<stop).allSatisfy({ $0.pointee == start.pointee })
    {
      return true
    }
    return count == 4
      && (Bytes.startsIgnoringCase(start, stop, with: "null") || Bytes.startsIgnoringCase(start, stop, with: "none")
        || Bytes.startsIgnoringCase(start, stop, with: "true"))
      || count == 5 && Bytes.startsIgnoringCase(start, stop, with: "false")
      || count == 3 && Bytes.startsIgnoringCase(start, stop, with: "nil")
  }
}
