/// Text in HTML.
enum HTML {
  static func escaped(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "'": out += "&#39;"
      case "\u{0}"..."\u{8}", "\u{B}"..."\u{1F}": out += " "
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  /// The end is what tells paths apart, the beginning what tells verbs apart: the middle goes.
  static func shortened(_ text: String, to count: Int) -> String {
    guard text.count > count else { return text }
    let end = count / 2
    return "\(text.prefix(count - end - 1))…\(text.suffix(end))"
  }
}
