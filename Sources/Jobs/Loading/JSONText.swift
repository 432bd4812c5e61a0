/// JSON that is to be written, members in the order given.
indirect enum JSONText: Equatable, Sendable {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  case array([JSONText])
  case object([Member])

  struct Member: Equatable, Sendable {
    var name: String
    var value: JSONText
  }

  static func object(_ members: [(String, JSONText)]) -> JSONText { .object(members.map { Member(name: $0.0, value: $0.1) }) }
  /// The schema that takes everything.
  static let anything = JSONText.object([Member]())

  static func strings(_ values: some Sequence<String>) -> JSONText { .array(values.map { .string($0) }) }

  /// On one line.
  var text: String {
    var out = ""
    write(&out, indent: nil)
    return out
  }

  /// Two spaces a level, ending with a line end.
  var prettyText: String {
    var out = ""
    write(&out, indent: 0)
    return out + "\n"
  }

  private func write(_ out: inout String, indent: Int?) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .int(let value): out += "\(value)"
    // JSON has no infinities.
    case .double(let value): out += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.quote(value, &out)
    case .array(let values):
      Self.list("[", "]", values, &out, indent) { value, out, indent in value.write(&out, indent: indent) }
    case .object(let members):
      Self.list("{", "}", members, &out, indent) { member, out, indent in
        Self.quote(member.name, &out)
        out += indent == nil ? ":" : ": "
        member.value.write(&out, indent: indent)
      }
    }
  }

  private static func list<T>(
    _ open: String, _ close: String, _ items: [T], _ out: inout String, _ indent: Int?, _ write: (T, inout String, Int?) -> Void
  ) {
    out += open
    for (index, item) in items.enumerated() {
      if index > 0 { out += "," }
      if let indent { out += "\n" + String(repeating: "  ", count: indent + 1) }
      write(item, &out, indent.map { $0 + 1 })
    }
    if let indent, !items.isEmpty { out += "\n" + String(repeating: "  ", count: indent) }
    out += close
  }

  static func quote(_ text: String, _ out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      // The last three ranges are for YAML, which takes JSON text but not these.
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}"..."\u{2029}", "\u{FEFF}", "\u{FFFE}"..."\u{FFFF}":
        let code = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - code.count) + code
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
