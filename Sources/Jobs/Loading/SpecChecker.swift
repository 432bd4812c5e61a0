internal import Dataflow

/// Checks a map of options against its fields and answers with typed values: defaults filled in, units resolved, everything wrong reported.
///
/// A quoted number or a variable's value is read as the number, truth value or choice that the field wants. Numbers are not read as text: `1.20`
/// would lose its zero. Keys that begin with `x-` are ignored. `null` is the same as an absent map or list.
struct SpecChecker {
  var collector = DiagnosticCollector()
  /// Values of which it was reported already that they could not be filled in: they fail without a further word.
  var failed: Set<SourceLocation> = []
  /// How many values were wrong or missing so far: a caller compares before and after to know whether a component can be planned.
  private(set) var failures = 0

  /// Checks the map `value` (nil: absent, so only defaults).
  ///
  /// `path` is where the map stands, `place` is what to mark when a key is missing, `owner` what to call a map that has no path.
  mutating func check(
    _ value: ConfigValue?, _ fields: [ConfigField], path: String, place: ConfigValue?, owner: String = "the document"
  ) -> Config {
    var entries: [ConfigValue.Entry] = []
    switch value?.content {
    case nil, .null: break
    case .map(let written): entries = written
    default:
      if let value { wrongType(value, path.split(separator: ".").last.map(String.init) ?? owner, "a map of options", path: path) }
      return Config()
    }
    let label = path.isEmpty ? owner : "\"\(path)\""
    checkKeys(entries, fields, label)
    var values: [String: Config.Value] = [:]
    var places: [String: ConfigValue] = [:]
    for field in fields {
      let fieldPath = path.isEmpty ? field.name : "\(path).\(field.name)"
      if var written = entries.first(where: { $0.key == field.name })?.value {
        written.isSecret = written.isSecret || field.isSecret
        places[field.name] = written
        values[field.name] = decode(written, field.kind, field.name, fieldPath)
      } else if let text = field.defaultValue {
        values[field.name] = Self.decodeDefault(text, field)
      } else if field.isRequired {
        report(
          Diagnostic(
            .error, .missingKey, "\(label) needs the key \"\(field.name)\"", at: place,
            path: fieldPath, detail: field.summary, hint: "add \(field.name): \(field.example ?? Self.placeholder(field.kind))"))
      }
    }
    return Config(values, places: places)
  }

  /// The value of a field's default. A default that does not fit its own field is a defect of the descriptor.
  static func decodeDefault(_ text: String, _ field: ConfigField) -> Config.Value {
    var checker = SpecChecker()
    let read = YAMLReader.read(SourceText(name: "default", text: text))
    guard var parsed = read.documents.first else { preconditionFailure("default \"\(text)\" of option \"\(field.name)\" is not YAML") }
    // Text that looks like a number is still text where text is wanted.
    if case .string = field.kind, parsed.content != .string(text), !text.hasPrefix("\""), !text.hasPrefix("'") {
      parsed.content = .string(text)
    }
    guard let value = checker.decode(parsed, field.kind, field.name, field.name),
      !checker.collector.hasErrors
    else { preconditionFailure("default \"\(text)\" of option \"\(field.name)\" does not fit it") }
    return value
  }

  private mutating func checkKeys(_ entries: [ConfigValue.Entry], _ fields: [ConfigField], _ label: String) {
    for entry in entries where !entry.key.hasPrefix("x-") && !fields.contains(where: { $0.name == entry.key }) {
      let names = fields.map(\.name)
      let known = names.isEmpty ? "it takes no options" : "it takes \(names.joined(separator: ", "))"
      var diagnostic = Diagnostic(
        .error, .unknownKey, "\(label) has no option \"\(entry.key)\"", path: entry.value.path,
        detail: known, hint: NearestName.hint(entry.key, in: names))
      diagnostic.location = entry.keyLocation
      diagnostic.length = max(1, entry.key.unicodeScalars.count)
      report(diagnostic)
    }
  }

  // MARK: One value

  private mutating func decode(_ value: ConfigValue, _ kind: ConfigField.Kind, _ name: String, _ path: String) -> Config.Value? {
    if let location = value.location, failed.contains(location) {
      failures += 1
      return nil
    }
    switch kind {
    case .any: return .any(value)
    case .string:
      if case .string(let text) = value.content { return .string(text) }
      return wrongType(value, name, "text", path: path, hint: Self.quoted(value).map { "write \($0)" } ?? "")
    case .bool:
      switch value.content {
      case .bool(let flag): return .bool(flag)
      case .string("true"): return .bool(true)
      case .string("false"): return .bool(false)
      default: return wrongType(value, name, "true or false", path: path)
      }
    case .integer(let range): return integer(value, range, name, path)
    case .number: return number(value, name, path)
    case .duration: return duration(value, name, path)
    case .byteCount: return byteCount(value, name, path)
    case .choice(let choices): return choice(value, choices, name, path)
    case .list(let element): return list(value, element, name, path)
    case .map(let element): return map(value, element, name, path)
    case .object(let fields): return .object(check(value, fields, path: path, place: value))
    }
  }

  private mutating func integer(_ value: ConfigValue, _ range: ClosedRange<Int64>, _ name: String, _ path: String) -> Config.Value? {
    var content = value.content
    if case .string(let text) = content, let number = PlainScalar.number(text) { content = number }
    guard case .int(let number) = content else { return wrongType(value, name, "a whole number", path: path) }
    guard range.contains(number) else {
      report(
        Diagnostic(
          .error, .outOfRange, "\"\(name)\" is \(number), outside of \(range.lowerBound) to \(range.upperBound)", at: value, path: path,
          detail: path, hint: "write a number from \(range.lowerBound) to \(range.upperBound)"))
      return nil
    }
    return .int(number)
  }

  private mutating func number(_ value: ConfigValue, _ name: String, _ path: String) -> Config.Value? {
    var content = value.content
    if case .string(let text) = content, let number = PlainScalar.number(text) { content = number }
    switch content {
    case .int(let number): return .double(Double(number))
    case .double(let number): return .double(number)
    default: return wrongType(value, name, "a number", path: path)
    }
  }

  private mutating func duration(_ value: ConfigValue, _ name: String, _ path: String) -> Config.Value? {
    do throws(Units.Failure) {
      switch value.content {
      case .string(let text): return .duration(try Units.duration(text))
      case .int(let number) where number >= 0: throw .noUnit
      case .int, .double: throw .malformed
      default: return wrongType(value, name, "a duration such as 5m", path: path)
      }
    } catch {
      let number = Self.digits(value)
      switch error {
      case .noUnit:
        report(
          Diagnostic(
            .error, .durationWithoutUnit, "\"\(name)\" needs a unit", at: value, path: path, detail: "\(path) is a duration",
            hint: "write \(number)s, \(number)m or \(number)h"))
      default: quantity(value, .badDuration, name, path, error, "a duration", "whole numbers with ns, us, ms, s, m, h or d, such as 1h30m")
      }
      return nil
    }
  }

  private mutating func byteCount(_ value: ConfigValue, _ name: String, _ path: String) -> Config.Value? {
    do throws(Units.Failure) {
      switch value.content {
      case .string(let text): return .byteCount(try Units.bytes(text))
      case .int(let number) where number >= 0: throw .noUnit
      case .int, .double: throw .malformed
      default: return wrongType(value, name, "a size such as 64MiB", path: path)
      }
    } catch {
      let number = Self.digits(value)
      switch error {
      case .noUnit:
        report(
          Diagnostic(
            .error, .bytesWithoutUnit, "\"\(name)\" needs a unit", at: value, path: path, detail: "\(path) is a number of bytes",
            hint: "write \(number)B, \(number)KiB or \(number)MiB"))
      default:
        quantity(
          value, .badBytes, name, path, error, "a number of bytes", "a whole number with B, kB, MB, GB, KiB, MiB or GiB, such as 64MiB")
      }
      return nil
    }
  }

  private mutating func quantity(
    _ value: ConfigValue, _ code: DiagnosticCode, _ name: String, _ path: String, _ failure: Units.Failure, _ kind: String, _ form: String
  ) {
    let message: String
    var hint = "write \(form)"
    switch failure {
    case .unknownUnit(let unit, let nearest):
      message = "\"\(name)\" has the unit \"\(unit)\", which does not exist"
      if let nearest { hint = "did you mean \"\(nearest)\"?" }
    case .tooLarge: message = "\"\(name)\" is too large"
    case .malformed, .noUnit: message = "\"\(name)\" is not \(kind)"
    }
    report(Diagnostic(.error, code, message, at: value, path: path, detail: "\(path) is \(kind)", hint: hint))
  }

  private mutating func choice(_ value: ConfigValue, _ choices: [String], _ name: String, _ path: String) -> Config.Value? {
    // A choice may be a word that means something else in YAML.
    let word: String? =
      switch value.content {
      case .string(let text): text
      case .null where choices.contains("null"): "null"
      case .bool(let flag) where choices.contains("\(flag)"): "\(flag)"
      default: nil
      }
    guard let text = word else { return wrongType(value, name, "one of \(choices.joined(separator: ", "))", path: path) }
    guard choices.contains(text) else {
      let nearest = NearestName.hint(text, in: choices)
      report(
        Diagnostic(
          .error, .notAChoice,
          value.isSecret ? "\"\(name)\" has a value that is not one of its choices" : "\"\(name)\" cannot be \"\(text)\"",
          at: value, path: path, detail: "\(path) is one of \(choices.joined(separator: ", "))",
          hint: nearest.isEmpty ? "write \(choices.joined(separator: " or "))" : nearest))
      return nil
    }
    return .string(text)
  }

  private mutating func list(_ value: ConfigValue, _ element: ConfigField.Kind, _ name: String, _ path: String) -> Config.Value? {
    guard case .list(let values) = value.content else {
      if case .null = value.content { return .list([]) }
      let one = if case .string(let text) = value.content { "write [\(text)]" } else { "" }
      return wrongType(value, name, "a list", path: path, hint: one)
    }
    return .list(values.enumerated().compactMap { index, child in decode(child, element, name, "\(path)[\(index)]") })
  }

  private mutating func map(_ value: ConfigValue, _ element: ConfigField.Kind, _ name: String, _ path: String) -> Config.Value? {
    guard case .map(let entries) = value.content else {
      if case .null = value.content { return .map([]) }
      return wrongType(value, name, "a map", path: path)
    }
    var values: [(key: String, value: Config.Value)] = []
    for entry in entries where !entry.key.hasPrefix("x-") {
      if let child = decode(entry.value, element, entry.key, "\(path).\(entry.key)") { values.append((entry.key, child)) }
    }
    return .map(values)
  }

  // MARK: Words

  private mutating func report(_ diagnostic: Diagnostic) {
    failures += 1
    collector.add(diagnostic)
  }

  @discardableResult
  private mutating func wrongType(_ value: ConfigValue, _ name: String, _ wanted: String, path: String, hint: String = "") -> Config.Value?
  {
    let message = value.content == .null ? "\"\(name)\" has no value" : "\"\(name)\" is \(Self.word(value.content)), not \(wanted)"
    report(
      Diagnostic(.error, .wrongType, message, at: value, path: path, detail: "\(path.isEmpty ? "it" : path) is \(wanted)", hint: hint))
    return nil
  }

  private static func word(_ content: ConfigValue.Content) -> String {
    switch content {
    case .null: "nothing"
    case .bool: "a truth value"
    case .int, .double: "a number"
    case .string: "text"
    case .list: "a list"
    case .map: "a map"
    }
  }

  private static func quoted(_ value: ConfigValue) -> String? {
    switch value.content {
    case .int(let number): "\"\(number)\""
    case .double(let number): "\"\(number)\""
    case .bool(let flag): "\"\(flag)\""
    default: nil
    }
  }

  private static func digits(_ value: ConfigValue) -> String {
    switch value.content {
    case .int(let number): "\(number)"
    case .string(let text) where !value.isSecret && text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }: text
    default: "30"
    }
  }

  private static func placeholder(_ kind: ConfigField.Kind) -> String {
    switch kind {
    case .string, .any: "…"
    case .bool: "true"
    case .integer(let range): "\(range.lowerBound)"
    case .number: "1.0"
    case .duration: "5m"
    case .byteCount: "64MiB"
    case .choice(let choices): choices.first ?? "…"
    case .list: "[…]"
    case .map, .object: "{…}"
    }
  }
}
