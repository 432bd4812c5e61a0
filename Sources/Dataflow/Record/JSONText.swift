/// Writes JSON text into byte arrays.
public enum JSONText {
  /// Appends the bytes as a JSON string with its quotes. Invalid UTF-8 becomes U+FFFD, so the result is always valid JSON.
  public static func append(string bytes: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
    output.append(0x22)
    var start = 0
    var i = 0
    while i < bytes.count {
      let byte = bytes[i]
      if byte >= 0x20 && byte < 0x80 && byte != 0x22 && byte != 0x5C {
        i += 1
        continue
      }
      let length = byte < 0x80 ? 0 : sequenceLength(bytes, i)
      if length > 0 {
        i += length
        continue
      }
      output.append(contentsOf: bytes[start..<i])
      if byte >= 0x80 { output.append(contentsOf: [0xEF, 0xBF, 0xBD]) } else { appendEscape(byte, to: &output) }
      i += 1
      start = i
    }
    output.append(contentsOf: bytes[start...])
    output.append(0x22)
  }

  /// Appends the text as a JSON string with its quotes.
  public static func append(string text: String, to output: inout [UInt8]) {
    var text = text
    text.withUTF8 { append(string: $0, to: &output) }
  }

  private static func appendEscape(_ byte: UInt8, to output: inout [UInt8]) {
    output.append(0x5C)
    switch byte {
    case 0x22, 0x5C: output.append(byte)
    case 0x0A: output.append(UInt8(ascii: "n"))
    case 0x0D: output.append(UInt8(ascii: "r"))
    case 0x09: output.append(UInt8(ascii: "t"))
    default:
      let digits = Array("0123456789abcdef".utf8)
      output.append(contentsOf: [UInt8(ascii: "u"), 0x30, 0x30, digits[Int(byte >> 4)], digits[Int(byte & 15)]])
    }
  }

  /// The length of the well-formed UTF-8 sequence of two bytes or more that starts here, or 0 (Unicode 15, table 3-7).
  public static func sequenceLength(_ bytes: UnsafeBufferPointer<UInt8>, _ i: Int) -> Int {
    func continues(_ offset: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
      i + offset < bytes.count && range.contains(bytes[i + offset])
    }
    switch bytes[i] {
    case 0xC2...0xDF: return continues(1) ? 2 : 0
    case 0xE0: return continues(1, 0xA0...0xBF) && continues(2) ? 3 : 0
    case 0xED: return continues(1, 0x80...0x9F) && continues(2) ? 3 : 0
    case 0xE1...0xEF: return continues(1) && continues(2) ? 3 : 0
    case 0xF0: return continues(1, 0x90...0xBF) && continues(2) && continues(3) ? 4 : 0
    case 0xF4: return continues(1, 0x80...0x8F) && continues(2) && continues(3) ? 4 : 0
    case 0xF1...0xF3: return continues(1) && continues(2) && continues(3) ? 4 : 0
    default: return 0
    }
  }
}
