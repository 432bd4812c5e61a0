extension PostgresError {
  /// The SQLSTATE in libpq's verbose error text (`FATAL:  28P01: password …`), or an empty string. The severity may be in any language.
  static func sqlState(inVerbose text: String) -> String {
    var best = ""
    for part in text.split(separator: ":") {
      let word = part.drop { $0 == " " }
      let isState =
        word.utf8.count == 5 && part.hasPrefix("  ") && word.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
      if isState { best = String(word) }
    }
    return best
  }

  /// The readable part of a verbose error text: the first line, without address and code.
  static func reason(inVerbose text: String) -> String {
    let state = sqlState(inVerbose: text)
    let line = state.isEmpty ? text : text.split(separator: "\n").first { $0.contains("  \(state): ") }.map(String.init) ?? text
    let words = firstLine(line)
    if let code = words.firstRange(of: "  \(state): "), !state.isEmpty { return String(words[code.upperBound...]) }
    if let failed = words.firstRange(of: " failed: ") { return String(words[failed.upperBound...]) }
    return words
  }
}
