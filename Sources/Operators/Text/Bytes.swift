internal import CScan
internal import Glibc

/// Comparisons and character classes on raw bytes.
enum Bytes {
  typealias Pointer = UnsafePointer<UInt8>

  @inline(__always)
  static func lane(_ byte: UInt8) -> UInt64 { cscan_lane(byte) }
  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 <= 9 }
  @inline(__always)
  static func isAlpha(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 <= 25 }
  @inline(__always)
  static func isAlnum(_ byte: UInt8) -> Bool { isDigit(byte) || isAlpha(byte) }
  @inline(__always)
  static func isUpper(_ byte: UInt8) -> Bool { byte &- 0x41 <= 25 }
  @inline(__always)
  static func isHex(_ byte: UInt8) -> Bool { cscan_set(byte) & UInt8(CSCAN_IS_HEX) != 0 }
  @inline(__always)
  static func isSpace(_ byte: UInt8) -> Bool { cscan_set(byte) & UInt8(CSCAN_IS_SPACE) != 0 }
  @inline(__always)
  static func isBase64(_ byte: UInt8) -> Bool { cscan_set(byte) & UInt8(CSCAN_IS_BASE64) != 0 }
  @inline(__always)
  static func isLocalPart(_ byte: UInt8) -> Bool { cscan_set(byte) & UInt8(CSCAN_IS_LOCAL) != 0 }
  @inline(__always)
  static func isURL(_ byte: UInt8) -> Bool { cscan_set(byte) & UInt8(CSCAN_IS_URL) != 0 }
  @inline(__always)
  static func isKey(_ byte: UInt8) -> Bool { cscan_set(byte) & UInt8(CSCAN_IS_KEY) != 0 }

  /// What stands behind a backslash for the end of a line or a tab.
  static func isEscape(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "n") || byte == UInt8(ascii: "t") || byte == UInt8(ascii: "r") }
  @inline(__always)
  static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }
  /// `=`, `<`, `>`, `!`, `~`: beside an equals sign they make an operator of it.
  @inline(__always)
  static func isOperator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "=") || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "<") || byte == UInt8(ascii: "!")
  }
  /// Punctuation that ends a sentence rather than a URL or a path.
  @inline(__always)
  static func isSentenceEnd(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "!")
  }

  /// A letter of Latin script with an accent, U+00C0 to U+017F, two bytes.
  static func isAccented(_ p: Pointer, _ end: Pointer) -> Bool {
    end - p >= 2 && p[0] >= 0xC3 && p[0] <= 0xC5 && p[1] & 0xC0 == 0x80 && !(p[0] == 0xC3 && (p[1] == 0x97 || p[1] == 0xB7))
  }

  /// Whether the bytes are the same. By hand: words differ in the first byte or two, which costs less than a call of the library.
  @inline(__always)
  static func equal(_ a: Pointer, _ b: Pointer, _ count: Int) -> Bool {
    for i in 0..<count where a[i] != b[i] { return false }
    return true
  }

  /// Whether the bytes at `p` are the word.
  @inline(__always)
  static func starts(_ p: Pointer, _ end: Pointer, with word: StaticString) -> Bool {
    end - p >= word.utf8CodeUnitCount && equal(p, word.utf8Start, word.utf8CodeUnitCount)
  }

  /// As `starts`, ASCII case aside. The word is lower case.
  static func startsIgnoringCase(_ p: Pointer, _ end: Pointer, with word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard end - p >= count else { return false }
    let w = word.utf8Start
    for i in 0..<count where (isUpper(p[i]) ? p[i] | 0x20 : p[i]) != w[i] { return false }
    return true
  }

  /// Whether the bytes before `p` are the word, ASCII case aside. The word is lower case.
  static func endsIgnoringCase(_ p: Pointer, _ begin: Pointer, with word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard p - begin >= count else { return false }
    return startsIgnoringCase(p - count, p, with: word)
  }

  /// The first occurrence of the word in [p, end), or nil. O((end - p) * word) at worst.
  static func find(_ word: StaticString, _ p: Pointer, _ end: Pointer) -> Pointer? {
    let count = word.utf8CodeUnitCount
    var p = p
    while end - p >= count, let hit = find(word.utf8Start[0], p, end - count + 1) {
      if equal(hit, word.utf8Start, count) { return hit }
      p = hit + 1
    }
    return nil
  }

  /// The first such byte in [p, end), or nil.
  static func find(_ byte: UInt8, _ p: Pointer, _ end: Pointer) -> Pointer? {
    guard end > p, let hit = memchr(p, Int32(byte), end - p) else { return nil }
    return Pointer(hit.assumingMemoryBound(to: UInt8.self))
  }

  /// The end of the run of digits at `p`.
  @inline(__always)
  static func afterDigits(_ p: Pointer, _ end: Pointer) -> Pointer {
    var p = p
    while p < end, isDigit(p.pointee) { p += 1 }
    return p
  }
}

/// Counts of byte classes in one atom, eight bits each (see `cscan_text.h`).
enum Lane {
  static let digit: UInt64 = 0xFF
  static let hex: UInt64 = 0xFF << 8
  static let letter: UInt64 = 0xFF << 16
  static let dot: UInt64 = 0xFF << 24
  static let dash: UInt64 = 0xFF << 32
  static let colon: UInt64 = 0xFF << 40
  static let slash: UInt64 = 0xFF << 48
  static let glue: UInt64 = 0xFF << 56
  static let alnum = digit | hex | letter
  static let letters = hex | letter

  @inline(__always)
  static func digits(_ lanes: UInt64) -> Int { Int(lanes & 0xFF) }
  @inline(__always)
  static func hexLetters(_ lanes: UInt64) -> Int { Int(lanes >> 8 & 0xFF) }
  @inline(__always)
  static func otherLetters(_ lanes: UInt64) -> Int { Int(lanes >> 16 & 0xFF) }
  @inline(__always)
  static func dots(_ lanes: UInt64) -> Int { Int(lanes >> 24 & 0xFF) }
  @inline(__always)
  static func dashes(_ lanes: UInt64) -> Int { Int(lanes >> 32 & 0xFF) }
  @inline(__always)
  static func colons(_ lanes: UInt64) -> Int { Int(lanes >> 40 & 0xFF) }
  @inline(__always)
  static func slashes(_ lanes: UInt64) -> Int { Int(lanes >> 48 & 0xFF) }
}
