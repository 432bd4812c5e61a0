extension StructuredValue {
  /// JSON, two blanks a level, ending with a line end.
  package var json: String {
    var out = ""
    writeJSON(&out, indent: 0)
    return out + "\n"
  }

  private func writeJSON(_ out: inout String, indent: Int) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .int(let value): out += "\(value)"
    // JSON has no infinities.
    case .number(let value): out += value.isFinite ? NumberText.decimal(value) : "null"
    case .text(let text): Self.quote(text, &out)
    case .list(let values):
      guard !values.isEmpty else { return out += "[]" }
      out += "["
      for (index, value) in values.enumerated() {
        out += index == 0 ? "\n" : ",\n"
        out += String(repeating: "  ", count: indent + 1)
        value.writeJSON(&out, indent: indent + 1)
      }
      out += "\n" + String(repeating: "  ", count: indent) + "]"
    case .map(let members):
      guard !members.isEmpty else { return out += "{}" }
      out += "{"
      for (index, member) in members.enumerated() {
        out += index == 0 ? "\n" : ",\n"
        out += String(repeating: "  ", count: indent + 1)
        Self.quote(member.key, &out)
        out += ": "
        member.value.writeJSON(&out, indent: indent + 1)
      }
      out += "\n" + String(repeating: "  ", count: indent) + "}"
    }
  }

  /// Text in double quotes, as JSON and YAML both read it.
  static func quote(_ text: String, _ out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}"..."\u{2029}", "\u{FEFF}", "\u{FFFE}"..."\u{FFFF}":
        let code = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - code.utf8.count) + code
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
