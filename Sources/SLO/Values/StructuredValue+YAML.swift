extension StructuredValue {
  /// YAML in block form, two blanks a level, ending with a line end. What could be read as something else than text is quoted.
  package var yaml: String {
    var out = ""
    switch self {
    case .map(let members) where !members.isEmpty: Self.write(members, &out, indent: 0, isFirstInline: false)
    case .list(let values) where !values.isEmpty: Self.write(values, &out, indent: 0)
    default: out += scalarYAML(indent: 0) + "\n"
    }
    return out
  }

  private static func write(_ members: [Member], _ out: inout String, indent: Int, isFirstInline: Bool) {
    for (index, member) in members.enumerated() {
      if index > 0 || !isFirstInline { out += String(repeating: " ", count: indent) }
      out += plainOrQuoted(member.key) + ":"
      switch member.value {
      case .map(let inner) where !inner.isEmpty:
        out += "\n"
        write(inner, &out, indent: indent + 2, isFirstInline: false)
      case .list(let values) where !values.isEmpty:
        out += "\n"
        write(values, &out, indent: indent + 2)
      default: out += " " + member.value.scalarYAML(indent: indent + 2) + "\n"
      }
    }
  }

  private static func write(_ values: [StructuredValue], _ out: inout String, indent: Int) {
    for value in values {
      out += String(repeating: " ", count: indent) + "- "
      switch value {
      case .map(let members) where !members.isEmpty: write(members, &out, indent: indent + 2, isFirstInline: true)
      case .list(let inner) where !inner.isEmpty:
        // A list in a list begins on a line of its own.
        out.removeLast()
        out += "\n"
        write(inner, &out, indent: indent + 2)
      default: out += value.scalarYAML(indent: indent + 2) + "\n"
      }
    }
  }

  private func scalarYAML(indent: Int) -> String {
    switch self {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return "\(value)"
    case .number(let value): return value.isFinite ? NumberText.decimal(value) : value.isNaN ? ".nan" : value > 0 ? ".inf" : "-.inf"
    case .list: return "[]"
    case .map: return "{}"
    case .text(let text):
      guard text.contains("\n"), Self.fitsBlock(text) else { return Self.plainOrQuoted(text) }
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let last = lines.last?.isEmpty == true
      let body = last ? lines.dropLast() : lines[...]
      let padding = String(repeating: " ", count: indent)
      return (last ? "|\n" : "|-\n") + body.map { $0.isEmpty ? "" : padding + $0 }.joined(separator: "\n")
    }
  }

  /// Block text keeps what it is told only when no line begins or ends with blanks that readers count differently.
  private static func fitsBlock(_ text: String) -> Bool {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let first = lines.first, !first.isEmpty, !first.hasPrefix(" "), !text.hasSuffix("\n\n") else { return false }
    return lines.allSatisfy { !$0.hasSuffix(" ") } && text.unicodeScalars.allSatisfy { $0 == "\n" || isPrintable($0) }
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD: true
    default: false
    }
  }

  private static let reserved: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]

  static func plainOrQuoted(_ text: String) -> String {
    let utf8 = text.utf8
    let isWord = utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D, 0x2E, 0x2F: true
      default: false
      }
    }
    let letters = 0x41...0x5A as ClosedRange<UInt8>
    if isWord, let first = utf8.first, letters.contains(first & ~0x20), !reserved.contains(text.lowercased()) { return text }
    var out = ""
    quote(text, &out)
    return out
  }
}
