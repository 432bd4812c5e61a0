/// The little of XML that S3's answers need: elements without elements in them, in order.
enum S3XML {
  /// Names and texts of all innermost elements. What is no XML gives nothing, or less than there was.
  static func elements(_ bytes: [UInt8]) -> [(name: String, text: String)] {
    var found: [(String, String)] = []
    var open: ArraySlice<UInt8>?
    var text = bytes[0..<0]
    var rest = bytes[...]
    while let start = rest.firstIndex(of: UInt8(ascii: "<")), let end = rest[start...].firstIndex(of: UInt8(ascii: ">")) {
      text = rest[rest.startIndex..<start]
      var tag = rest[(start + 1)..<end]
      rest = rest[(end + 1)...]
      switch tag.first {
      case UInt8(ascii: "?"), UInt8(ascii: "!"): continue
      case UInt8(ascii: "/"):
        tag = tag.dropFirst()
        if let name = open, name == tag { found.append((String(decoding: name, as: UTF8.self), decoded(text))) }
        open = nil
      default:
        let name = tag.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "/") }
        let isEmpty = tag.last == UInt8(ascii: "/")
        if isEmpty { found.append((String(decoding: name, as: UTF8.self), "")) }
        open = isEmpty ? nil : name
      }
    }
    return found
  }

  private static func decoded(_ text: ArraySlice<UInt8>) -> String {
    let plain = String(decoding: text, as: UTF8.self)
    guard plain.contains("&") else { return plain }
    var result = ""
    var rest = plain[...]
    while let ampersand = rest.firstIndex(of: "&") {
      result += rest[..<ampersand]
      rest = rest[ampersand...]
      guard let end = rest.prefix(12).firstIndex(of: ";"), let character = entity(rest[rest.index(after: ampersand)..<end]) else {
        result += "&"
        rest = rest.dropFirst()
        continue
      }
      result.unicodeScalars.append(character)
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  private static func entity(_ name: Substring) -> Unicode.Scalar? {
    switch name {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      if name.hasPrefix("#x") { return UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init) }
      return name.hasPrefix("#") ? UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init) : nil
    }
  }
}
