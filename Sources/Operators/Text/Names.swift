/// Names of people, where a key says that one follows.
enum Names {
  typealias Pointer = UnsafePointer<UInt8>

  /// The end of the capitalised words at `start`, `least` of them or more (initials count).
  static func end(_ start: Pointer, _ limit: Pointer, least: Int) -> Pointer? {
    var p = start
    var words = 0
    var stop = start
    while p < limit, words < 6 {
      guard isCapital(p, limit) else {
        // `van der Berg`, `de Souza`: words between the capitals.
        guard words > 0, let next = afterParticle(p, limit) else { break }
        p = next
        continue
      }
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

  /// Behind a small word that stands inside of names, and the blank that follows it.
  private static func afterParticle(_ p: Pointer, _ limit: Pointer) -> Pointer? {
    var q = p
    while q < limit, q - p <= 4, Bytes.isAlpha(q.pointee) { q += 1 }
    guard q < limit, q.pointee == UInt8(ascii: " "), WordList.contains(particles, p, q, ignoringCase: false) else { return nil }
    return q + 1
  }
  private static let particles: StaticString = " de da di la al du el van von der den del bin "

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

  /// Whether two capitalised words name a thing: by one of the words, or by what stands before the key that ends at `keyEnd`
  /// (`thread name=Main Worker`).
  static func isThing(_ start: Pointer, _ stop: Pointer, keyEnd: Pointer, from base: Pointer) -> Bool {
    if isTechnical(start, stop) { return true }
    var p = keyEnd
    if p > base, p[-1] == UInt8(ascii: " ") { p -= 1 }
    guard p - base >= 6, Bytes.endsIgnoringCase(p, base, with: " name") else { return false }
    p -= 5
    var word = p
    while word > base, Bytes.isAlpha(word[-1]), p - word < 16 { word -= 1 }
    return WordList.contains(WordList.things, word, p)
  }

  /// Whether one of the words in [start, stop) stands for a thing, a role or a company.
  static func isTechnical(_ start: Pointer, _ stop: Pointer) -> Bool {
    var p = start
    while p < stop {
      let word = p
      while p < stop, p.pointee != UInt8(ascii: " ") { p += 1 }
      if WordList.contains(WordList.things, word, p) { return true }
      p += 1
    }
    return false
  }

  /// Whether the value is to be filled in, or a word that says something about a value: `${DB_PASSWORD}`, `%s`, `incorrect`.
  static func isPlaceholder(_ start: Pointer, _ stop: Pointer) -> Bool {
    let count = stop - start
    switch start.pointee {
    case UInt8(ascii: "$"):
      guard count >= 2 else { return true }
      return start[1] == UInt8(ascii: "{") || start[1] == UInt8(ascii: "(")
        || (start + 1..<stop).allSatisfy { Bytes.isUpper($0.pointee) || $0.pointee == UInt8(ascii: "_") }
    case UInt8(ascii: "%"): return count == 2 && Bytes.isAlpha(start[1])
    case UInt8(ascii: "{"): return count >= 2 && start[1] == UInt8(ascii: "{")
    default: break
    }
    if count >= 3, start[1] == UInt8(ascii: ":"), start[2] == UInt8(ascii: "\\") { return true }
    return WordList.contains(WordList.remarks, start, stop)
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
