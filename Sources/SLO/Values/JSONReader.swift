/// Reads JSON text into a value. Depth is bounded; what is wrong is said with its byte.
package struct JSONReader {
  private let bytes: [UInt8]
  private var place = 0

  /// Why text is no JSON.
  package struct Failure: Error, Equatable, CustomStringConvertible {
    package var message: String
    /// The byte, from 0.
    package var offset: Int

    package var description: String { "\(message) at byte \(offset)" }
  }

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The value of a text. Throws `Failure`.
  package static func read(_ bytes: [UInt8]) throws(Failure) -> StructuredValue {
    var reader = JSONReader(bytes)
    let value = try reader.value(depth: 0)
    reader.skipBlanks()
    guard reader.place == bytes.count else { throw reader.failure("more text after the value") }
    return value
  }

  private func failure(_ message: String) -> Failure { Failure(message: message, offset: place) }

  private mutating func skipBlanks() {
    while place < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[place]) { place += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipBlanks()
    guard place < bytes.count, bytes[place] == byte else { return false }
    place += 1
    return true
  }

  private mutating func value(depth: Int) throws(Failure) -> StructuredValue {
    guard depth < 128 else { throw failure("nested too deeply") }
    skipBlanks()
    guard place < bytes.count else { throw failure("the text ends where a value is expected") }
    switch bytes[place] {
    case UInt8(ascii: "{"): return try map(depth)
    case UInt8(ascii: "["): return try list(depth)
    case UInt8(ascii: "\""): return .text(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ text: StaticString, _ value: StructuredValue) throws(Failure) -> StructuredValue {
    let expected = Array("\(text)".utf8)
    guard bytes[place...].starts(with: expected) else { throw failure("this is no value") }
    place += expected.count
    return value
  }

  private mutating func map(_ depth: Int) throws(Failure) -> StructuredValue {
    place += 1
    var members: [StructuredValue.Member] = []
    if take(UInt8(ascii: "}")) { return .map([]) }
    repeat {
      skipBlanks()
      guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { throw failure("expected a key") }
      let key = try string()
      guard take(UInt8(ascii: ":")) else { throw failure("expected a colon") }
      members.append(StructuredValue.Member(key, try value(depth: depth + 1)))
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw failure("expected a comma or a closing brace") }
    return .map(members)
  }

  private mutating func list(_ depth: Int) throws(Failure) -> StructuredValue {
    place += 1
    var values: [StructuredValue] = []
    if take(UInt8(ascii: "]")) { return .list([]) }
    repeat { values.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw failure("expected a comma or a closing bracket") }
    return .list(values)
  }

  private mutating func number() throws(Failure) -> StructuredValue {
    let start = place
    while place < bytes.count, "+-.0123456789eE".utf8.contains(bytes[place]) { place += 1 }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    if let whole = Int(text), !text.hasPrefix("+") { return .int(whole) }
    guard let first = text.utf8.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first), let value = Double(text) else {
      place = start
      throw failure("this is no value")
    }
    return .number(value)
  }

  private mutating func string() throws(Failure) -> String {
    place += 1
    var out: [UInt8] = []
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: out, as: UTF8.self) else { throw failure("the text is not UTF-8") }
        return text
      case UInt8(ascii: "\\"): out += try escape()
      case 0..<0x20: throw failure("a control character in a text")
      default: out.append(byte)
      }
    }
    throw failure("the text has no end")
  }

  private mutating func escape() throws(Failure) -> [UInt8] {
    guard place < bytes.count else { throw failure("the text has no end") }
    let byte = bytes[place]
    place += 1
    switch byte {
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "u"):
      var unit = try hex()
      if (0xD800..<0xDC00).contains(unit), bytes[place...].starts(with: [0x5C, 0x75]) {
        place += 2
        let low = try hex()
        guard (0xDC00..<0xE000).contains(low) else { throw failure("half of a surrogate pair") }
        unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(unit) else { throw failure("half of a surrogate pair") }
      return Array(String(Character(scalar)).utf8)
    default: throw failure("this is no escape")
    }
  }

  private mutating func hex() throws(Failure) -> UInt32 {
    guard place + 4 <= bytes.count, let unit = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16) else {
      throw failure("expected four hex digits")
    }
    place += 4
    return unit
  }
}
