/// Reads labels as Loki and Prometheus write them in one text: `{app="shop", path="C:\\temp", quote="\""}`.
///
/// Values are quoted as Go does it: `\a \b \f \n \r \t \v \\ \" \xhh \ooo \uhhhh \Uhhhhhhhh`.
enum LokiLabels {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  /// Hands over each label. False when the text is none; some labels may have been handed over then.
  static func read(_ text: Bytes, _ body: (_ name: Bytes, _ value: Bytes) -> Void) -> Bool {
    var index = 0
    func skipSpace() { while index < text.count, text[index] == 0x20 || text[index] == 0x09 { index += 1 } }
    func take(_ byte: UInt8) -> Bool {
      skipSpace()
      guard index < text.count, text[index] == byte else { return false }
      index += 1
      return true
    }
    guard take(UInt8(ascii: "{")) else { return false }
    if take(UInt8(ascii: "}")) { return isBlank(text[index...]) }
    var plain: [UInt8] = []
    while true {
      skipSpace()
      let start = index
      while index < text.count, isNameByte(text[index]) { index += 1 }
      let name = Bytes(rebasing: text[start..<index])
      guard name.count > 0, take(UInt8(ascii: "=")), take(UInt8(ascii: "\"")) else { return false }
      let begin = index
      while index < text.count, text[index] != UInt8(ascii: "\""), text[index] != UInt8(ascii: "\\") { index += 1 }
      guard index < text.count else { return false }
      if text[index] == UInt8(ascii: "\"") {
        body(name, Bytes(rebasing: text[begin..<index]))
        index += 1
      } else {
        plain.removeAll(keepingCapacity: true)
        plain.append(contentsOf: text[begin..<index])
        guard unquote(text, &index, &plain) else { return false }
        plain.withUnsafeBufferPointer { body(name, $0) }
      }
      if take(UInt8(ascii: "}")) { return isBlank(text[index...]) }
      guard take(UInt8(ascii: ",")) else { return false }
      // A comma may stand behind the last one.
      if take(UInt8(ascii: "}")) { return isBlank(text[index...]) }
    }
  }

  /// The rest of a value up to and with its closing quote.
  private static func unquote(_ text: Bytes, _ index: inout Int, _ plain: inout [UInt8]) -> Bool {
    while index < text.count {
      let byte = text[index]
      index += 1
      if byte == UInt8(ascii: "\"") { return true }
      guard byte == UInt8(ascii: "\\") else {
        plain.append(byte)
        continue
      }
      guard index < text.count else { return false }
      let kind = text[index]
      index += 1
      if let simple = simple(kind) {
        plain.append(simple)
        continue
      }
      let (digits, radix, isByte): (Int, UInt32, Bool)
      switch kind {
      case UInt8(ascii: "x"): (digits, radix, isByte) = (2, 16, true)
      case UInt8(ascii: "u"): (digits, radix, isByte) = (4, 16, false)
      case UInt8(ascii: "U"): (digits, radix, isByte) = (8, 16, false)
      case UInt8(ascii: "0")...UInt8(ascii: "7"):
        (digits, radix, isByte) = (3, 8, true)
        index -= 1
      default: return false
      }
      guard let value = number(text, &index, digits, radix) else { return false }
      if isByte {
        guard let byte = UInt8(exactly: value) else { return false }
        plain.append(byte)
      } else {
        guard let scalar = Unicode.Scalar(value) else { return false }
        plain.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
      }
    }
    return false
  }

  private static func simple(_ kind: UInt8) -> UInt8? {
    switch kind {
    case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"): kind
    case UInt8(ascii: "a"): 0x07
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    case UInt8(ascii: "v"): 0x0B
    default: nil
    }
  }

  private static func number(_ text: Bytes, _ index: inout Int, _ digits: Int, _ radix: UInt32) -> UInt32? {
    guard index + digits <= text.count else { return nil }
    var value: UInt32 = 0
    for _ in 0..<digits {
      let byte = text[index]
      let digit: UInt32
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt32(byte - UInt8(ascii: "a")) + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = UInt32(byte - UInt8(ascii: "A")) + 10
      default: return nil
      }
      guard digit < radix else { return nil }
      // Eight hexadecimal digits fill 32 bits and no more.
      value = value * radix + digit
      index += 1
    }
    return value
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "/"), 0x80...:
      true
    default: false
    }
  }

  private static func isBlank(_ rest: Slice<Bytes>) -> Bool { rest.allSatisfy { $0 <= 0x20 } }
}
