/// Standard base64 with padding (RFC 4648, section 4).
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The bytes as text.
  static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    var output: [UInt8] = []
    encode(bytes, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// Appends the bytes as a JSON string, with its quotes.
  static func append(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    encode(bytes, to: &output)
    output.append(UInt8(ascii: "\""))
  }

  private static func encode(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
    var i = 0
    while i < bytes.count {
      let rest = min(3, bytes.count - i)
      var group = UInt32(bytes[i]) << 16
      if rest > 1 { group |= UInt32(bytes[i + 1]) << 8 }
      if rest > 2 { group |= UInt32(bytes[i + 2]) }
      for place in 0..<4 {
        output.append(place <= rest ? alphabet[Int(group >> UInt32(18 - 6 * place)) & 63] : UInt8(ascii: "="))
      }
      i += 3
    }
  }
}
