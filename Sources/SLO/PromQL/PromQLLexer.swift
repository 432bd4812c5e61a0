/// The words of an expression.
struct PromQLLexer {
  enum Token: Equatable {
    /// A word: a name, a keyword, a function.
    case word(String)
    case number(Double)
    /// Milliseconds.
    case duration(Int64)
    case string(String)
    /// An operator or a bracket.
    case symbol(String)
    case end
  }

  private let bytes: [UInt8]
  private var place = 0
  /// Inside of square brackets a colon divides, outside it belongs to names.
  private var brackets = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  /// All words with the byte where each begins; the last is `.end`. Throws `PromQL.Failure`.
  static func tokens(_ text: String) throws(PromQL.Failure) -> [(token: Token, offset: Int)] {
    var lexer = PromQLLexer(text)
    var tokens: [(token: Token, offset: Int)] = []
    while true {
      lexer.skipBlanks()
      let start = lexer.place
      let token = try lexer.next()
      tokens.append((token, start))
      if token == .end { return tokens }
    }
  }

  private func failure(_ message: String, at offset: Int) -> PromQL.Failure { PromQL.Failure(message: message, offset: offset) }
  private func byte(_ ahead: Int = 0) -> UInt8 { place + ahead < bytes.count ? bytes[place + ahead] : 0 }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & ~0x20) || byte == 0x5F }

  private mutating func skipBlanks() {
    while place < bytes.count {
      if [0x20, 0x0A, 0x09, 0x0D].contains(bytes[place]) {
        place += 1
      } else if bytes[place] == UInt8(ascii: "#") {
        while place < bytes.count, bytes[place] != 0x0A { place += 1 }
      } else {
        return
      }
    }
  }

  private mutating func next() throws(PromQL.Failure) -> Token {
    guard place < bytes.count else { return .end }
    let first = byte()
    if Self.isDigit(first) || (first == UInt8(ascii: ".") && Self.isDigit(byte(1))) { return try number() }
    if Self.isLetter(first) || (first == UInt8(ascii: ":") && brackets == 0) { return word() }
    switch first {
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return .string(try string(first))
    case UInt8(ascii: "["): brackets += 1
    case UInt8(ascii: "]"): brackets -= 1
    default: break
    }
    let two = String(decoding: bytes[place..<min(place + 2, bytes.count)], as: UTF8.self)
    if ["==", "!=", "<=", ">=", "=~", "!~"].contains(two) {
      place += 2
      return .symbol(two)
    }
    let one = String(decoding: [first], as: UTF8.self)
    guard "+-*/%^<>=(){}[],:@".contains(one) else { throw failure("unexpected character", at: place) }
    place += 1
    return .symbol(one)
  }

  private mutating func word() -> Token {
    let start = place
    while Self.isLetter(byte()) || Self.isDigit(byte()) || (byte() == UInt8(ascii: ":") && brackets == 0) { place += 1 }
    return .word(String(decoding: bytes[start..<place], as: UTF8.self))
  }

  /// A number, or a duration: `5m`, `1h30m`.
  private mutating func number() throws(PromQL.Failure) -> Token {
    let start = place
    if byte() == 0x30, byte(1) | 0x20 == UInt8(ascii: "x") {
      place += 2
      while Self.isDigit(byte()) || (0x61...0x66).contains(byte() | 0x20) { place += 1 }
      guard let value = UInt64(String(decoding: bytes[(start + 2)..<place], as: UTF8.self), radix: 16), !Self.isLetter(byte()) else {
        throw failure("this is no number", at: start)
      }
      return .number(Double(value))
    }
    if let duration = try duration() { return .duration(duration) }
    while Self.isDigit(byte()) || byte() == UInt8(ascii: ".") { place += 1 }
    if byte() | 0x20 == UInt8(ascii: "e") {
      let signed = byte(1) == UInt8(ascii: "+") || byte(1) == UInt8(ascii: "-")
      if Self.isDigit(byte(signed ? 2 : 1)) {
        place += signed ? 2 : 1
        while Self.isDigit(byte()) { place += 1 }
      }
    }
    var text = String(decoding: bytes[start..<place], as: UTF8.self)
    if text.hasSuffix(".") { text += "0" }
    if text.hasPrefix(".") { text = "0" + text }
    guard let value = Double(text), !Self.isLetter(byte()), byte() != UInt8(ascii: ".") else {
      throw failure("this is no number", at: start)
    }
    return .number(value)
  }

  private static let units: [(name: String, milliseconds: Int64)] = [
    ("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
  ]

  /// Nil, and nothing read, when a plain number stands here. Units come from large to small, each once.
  private mutating func duration() throws(PromQL.Failure) -> Int64? {
    let start = place
    var total: Int64 = 0
    var last = -1
    while Self.isDigit(byte()) {
      let digits = place
      while Self.isDigit(byte()) { place += 1 }
      let count = Int64(String(decoding: bytes[digits..<place], as: UTF8.self))
      let unit: String
      if byte() == UInt8(ascii: "m"), byte(1) == UInt8(ascii: "s") {
        unit = "ms"
      } else if place < bytes.count {
        unit = String(decoding: [byte()], as: UTF8.self)
      } else {
        unit = ""
      }
      guard let index = Self.units.firstIndex(where: { $0.name == unit }) else {
        guard last < 0 else { throw failure("this is no duration", at: start) }
        place = start
        return nil
      }
      let (part, overflow) = (count ?? .max).multipliedReportingOverflow(by: Self.units[index].milliseconds)
      let (sum, tooMuch) = total.addingReportingOverflow(part)
      guard index > last, count != nil, !overflow, !tooMuch else { throw failure("this is no duration", at: start) }
      (total, last) = (sum, index)
      place += unit.utf8.count
    }
    guard last >= 0 else { return nil }
    guard !Self.isLetter(byte()), byte() != UInt8(ascii: ".") else { throw failure("this is no duration", at: start) }
    return total
  }

  private mutating func string(_ quote: UInt8) throws(PromQL.Failure) -> String {
    let start = place
    place += 1
    var out: [UInt8] = []
    while place < bytes.count, byte() != quote {
      let isRaw = quote == UInt8(ascii: "`")
      if byte() == UInt8(ascii: "\\"), !isRaw {
        place += 1
        out += try escape(quote)
      } else {
        guard isRaw || byte() != 0x0A else { throw failure("the text has no end", at: start) }
        out.append(byte())
        place += 1
      }
    }
    guard place < bytes.count, let text = String(validating: out, as: UTF8.self) else { throw failure("the text has no end", at: start) }
    place += 1
    return text
  }

  private mutating func escape(_ quote: UInt8) throws(PromQL.Failure) -> [UInt8] {
    let simple: [UInt8: UInt8] = [
      UInt8(ascii: "n"): 10, UInt8(ascii: "t"): 9, UInt8(ascii: "r"): 13, UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8,
      UInt8(ascii: "f"): 12, UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): UInt8(ascii: "\\"), quote: quote,
    ]
    if let byte = simple[byte()] {
      place += 1
      return [byte]
    }
    let digits: (count: Int, radix: Int, skip: Int)
    switch byte() {
    case UInt8(ascii: "x"): digits = (2, 16, 1)
    case UInt8(ascii: "u"): digits = (4, 16, 1)
    case UInt8(ascii: "U"): digits = (8, 16, 1)
    case 0x30...0x37: digits = (3, 8, 0)
    default: throw failure("this is no escape", at: place)
    }
    let from = place + digits.skip
    guard from + digits.count <= bytes.count,
      let value = UInt32(String(decoding: bytes[from..<from + digits.count], as: UTF8.self), radix: digits.radix)
    else { throw failure("this is no escape", at: place) }
    place = from + digits.count
    if digits.count <= 3 {
      guard value < 256 else { throw failure("this is no escape", at: from) }
      return [UInt8(value)]
    }
    guard let scalar = Unicode.Scalar(value) else { throw failure("this is no character", at: from) }
    return Array(String(Character(scalar)).utf8)
  }
}
