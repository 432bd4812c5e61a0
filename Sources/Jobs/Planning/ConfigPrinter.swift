internal import Dataflow

/// Writes checked options as YAML that reads back to the same options.
struct ConfigPrinter {
  private(set) var text = ""

  /// What stands for a value that must not be shown.
  static let hidden = "•••"

  /// `key: value` at an indentation in spaces.
  mutating func line(_ indent: Int, _ key: String, _ value: String = "") {
    text += String(repeating: " ", count: indent) + Self.scalar(key) + ":" + (value.isEmpty ? "" : " \(value)") + "\n"
  }

  mutating func raw(_ line: String) { text += line + "\n" }

  /// The options in the order of their fields. `custom` may write a field itself.
  mutating func options(
    _ config: Config, _ fields: [ConfigField], indent: Int, custom: (ConfigField, inout ConfigPrinter) -> Bool = { _, _ in false }
  ) {
    for field in fields {
      guard let value = config[field.name], !custom(field, &self) else { continue }
      if field.isSecret || Self.isSecret(config.places[field.name]) {
        line(indent, field.name, Self.scalar(Self.hidden))
      } else {
        entry(field.name, value, field.kind, indent)
      }
    }
  }

  private mutating func entry(_ key: String, _ value: Config.Value, _ kind: ConfigField.Kind, _ indent: Int) {
    if let short = Self.short(value, kind) { return line(indent, key, short) }
    line(indent, key)
    block(value, kind, indent + 2)
  }

  private mutating func block(_ value: Config.Value, _ kind: ConfigField.Kind, _ indent: Int) {
    switch (value, kind) {
    case (.object(let config), .object(let fields)): options(config, fields, indent: indent)
    case (.map(let entries), .map(let element)): for (key, value) in entries { entry(key, value, element, indent) }
    case (.list(let values), .list(let element)):
      for value in values { item(indent) { printer in printer.element(value, element, indent + 2) } }
    case (.any(let value), _): written(value, indent)
    default: break
    }
  }

  private mutating func element(_ value: Config.Value, _ kind: ConfigField.Kind, _ indent: Int) {
    if let short = Self.short(value, kind) {
      text += String(repeating: " ", count: indent) + short + "\n"
    } else {
      block(value, kind, indent)
    }
  }

  /// Writes the body two deeper and puts a dash before its first line.
  private mutating func item(_ indent: Int, _ body: (inout ConfigPrinter) -> Void) {
    var inner = ConfigPrinter()
    body(&inner)
    let rest = inner.text.dropFirst(indent + 2)
    text += String(repeating: " ", count: indent) + "- " + rest
  }

  private mutating func written(_ value: ConfigValue, _ indent: Int) {
    switch value.content {
    case .map(let entries):
      for entry in entries {
        if let short = Self.short(entry.value) {
          line(indent, entry.key, short)
        } else {
          line(indent, entry.key)
          written(entry.value, indent + 2)
        }
      }
    case .list(let values):
      for value in values {
        item(indent) { printer in
          if let short = Self.short(value) {
            printer.text += String(repeating: " ", count: indent + 2) + short + "\n"
          } else {
            printer.written(value, indent + 2)
          }
        }
      }
    default: break
    }
  }

  // MARK: One line

  /// The value on one line, or nil when it needs several.
  static func short(_ value: Config.Value, _ kind: ConfigField.Kind) -> String? {
    switch value {
    case .string(let text): return scalar(text)
    case .bool(let flag): return "\(flag)"
    case .int(let number): return "\(number)"
    case .double(let number): return double(number)
    case .duration(let nanoseconds): return Units.format(duration: nanoseconds)
    case .byteCount(let bytes): return Units.format(bytes: bytes)
    case .any(let value): return short(value)
    case .object(let config): return config.values.isEmpty ? "{}" : nil
    case .map(let entries): return entries.isEmpty ? "{}" : nil
    case .list(let values):
      guard case .list(let element) = kind else { return nil }
      let parts = values.map { isLeaf($0) ? short($0, element) : nil }
      return parts.contains(nil) ? nil : "[\(parts.compactMap { $0 }.joined(separator: ", "))]"
    }
  }

  static func short(_ value: ConfigValue) -> String? {
    if value.isSecret { return scalar(hidden) }
    switch value.content {
    case .null: return "null"
    case .bool(let flag): return "\(flag)"
    case .int(let number): return "\(number)"
    case .double(let number): return double(number)
    case .string(let text): return scalar(text)
    case .list(let values): return values.isEmpty ? "[]" : nil
    case .map(let entries): return entries.isEmpty ? "{}" : nil
    }
  }

  private static func isLeaf(_ value: Config.Value) -> Bool {
    switch value {
    case .list, .map, .object, .any: false
    default: true
    }
  }

  private static func double(_ number: Double) -> String {
    number.isNaN ? ".nan" : number.isInfinite ? (number < 0 ? "-.inf" : ".inf") : "\(number)"
  }

  /// Text as a scalar: plain where it reads back as itself, in double quotes otherwise.
  static func scalar(_ text: String) -> String {
    let escaped = text.contains("${") ? text.split(separator: "${", omittingEmptySubsequences: false).joined(separator: "$${") : text
    if isPlain(escaped) { return escaped }
    var out = ""
    JSONText.quote(escaped, &out)
    return out
  }

  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.utf8.first, let last = text.utf8.last, last != UInt8(ascii: " "), text.utf8.count <= 200 else { return false }
    func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") }
    func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
    guard isLetter(first) || isDigit(first) || first == UInt8(ascii: "/") || first == UInt8(ascii: ".") else { return false }
    guard text.utf8.allSatisfy({ isLetter($0) || isDigit($0) || " _./-".utf8.contains($0) }) else { return false }
    return PlainScalar.resolve(text) == .string(text) && text != "..." && !legacyWords.contains(text.lowercased())
  }

  /// Truth values of YAML 1.1, which other tools may still read as such.
  private static let legacyWords: Set<String> = ["y", "n", "yes", "no", "on", "off"]

  /// Whether the value, or anything in it, is secret.
  static func isSecret(_ value: ConfigValue?) -> Bool {
    guard let value else { return false }
    if value.isSecret { return true }
    switch value.content {
    case .list(let values): return values.contains(where: isSecret)
    case .map(let entries): return entries.contains { isSecret($0.value) }
    default: return false
    }
  }
}
