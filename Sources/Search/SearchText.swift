/// What of a template is searched and embedded: its words, without the holes, and with names in camel case taken apart.
///
/// Measured on questions of operators (docs/benchmarks.md): holes say nothing, and a model knows `block`, `map` and `updated` but not `blockMap`.
public enum SearchText {
  /// No template is read further.
  static let maxBytes = 8 << 10

  /// The text of a template; may be empty. O(bytes), of which no more than 8 KiB are read.
  public static func of(_ template: String) -> String {
    var output: [UInt8] = []
    let bytes = Array(template.utf8.prefix(maxBytes))
    output.reserveCapacity(bytes.count + 16)
    func blank() { if let last = output.last, last != 32 { output.append(32) } }
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "<"), let end = hole(bytes, at) {
        blank()
        at = end
        continue
      }
      if byte <= 32 {
        blank()
      } else {
        if at > 0, isUpper(byte) {
          let next = at + 1 < bytes.count ? bytes[at + 1] : 0
          if isLower(bytes[at - 1]) || isUpper(bytes[at - 1]) && (97...122).contains(next) { blank() }
        }
        output.append(byte)
      }
      at += 1
    }
    while output.last == 32 { output.removeLast() }
    return String(decoding: output, as: UTF8.self)
  }

  /// Where the hole that begins here ends: `<*>`, `<ip>`, at most 16 bytes without a blank between the brackets.
  private static func hole(_ bytes: [UInt8], _ start: Int) -> Int? {
    var at = start + 1
    while at < bytes.count, at <= start + 17 {
      switch bytes[at] {
      case UInt8(ascii: ">"): return at > start + 1 ? at + 1 : nil
      case UInt8(ascii: "<"), 0...32: return nil
      default: at += 1
      }
    }
    return nil
  }

  private static func isUpper(_ byte: UInt8) -> Bool { byte >= 65 && byte <= 90 }
  private static func isLower(_ byte: UInt8) -> Bool { byte >= 97 && byte <= 122 || byte >= 48 && byte <= 57 }
}
