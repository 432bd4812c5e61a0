internal import Dataflow

/// Reads a condition as it stands in a job file and resolves it against the schema.
///
/// ```
/// { field: severity, in: [WARN, ERROR] }
/// { all: [ { field: duration, atLeast: 100, atMost: 500 }, { not: { field: host, startsWith: "test-" } } ] }
/// ```
/// Throws `Diagnostic` at the place that is wrong.
struct PredicateReader {
  let schema: Schema

  static let tests = ["equals", "notEquals", "in", "notIn", "atLeast", "atMost", "startsWith", "contains", "isNull"]
  static let combinators = ["all", "any", "not"]
  /// Deep enough for people, shallow enough for the stack.
  static let maxDepth = 64

  func read(_ value: ConfigValue, depth: Int = 0) throws -> Predicate {
    guard depth < Self.maxDepth else { throw value.diagnostic(.outOfRange, "conditions are nested more than \(Self.maxDepth) deep") }
    guard case .map(let entries) = value.content else {
      throw value.diagnostic(
        .wrongType, "a condition is expected here, not \(value.word)", hint: "write { field: name, equals: value }")
    }
    if let name = value["field"] { return try readTests(of: name, entries, in: value) }
    guard entries.count == 1, let entry = entries.first, Self.combinators.contains(entry.key) else {
      throw try unreadable(entries, in: value)
    }
    switch entry.key {
    case "not": return .not(try read(entry.value, depth: depth + 1))
    case "all": return .all(try readList(entry.value, depth: depth))
    default: return .any(try readList(entry.value, depth: depth))
    }
  }

  private func readList(_ value: ConfigValue, depth: Int) throws -> [Predicate] {
    guard case .list(let items) = value.content, !items.isEmpty else {
      throw value.diagnostic(.wrongType, "a list of conditions is expected here, not \(value.word)")
    }
    return try items.map { try read($0, depth: depth + 1) }
  }

  private func unreadable(_ entries: [ConfigValue.Entry], in value: ConfigValue) throws -> Diagnostic {
    let known = Self.combinators + ["field"]
    if let stranger = entries.first(where: { !known.contains($0.key) && !Self.tests.contains($0.key) }) {
      return unknownKey(stranger, among: known)
    }
    return value.diagnostic(
      .missingKey, "a condition names a field, or is one of all, any and not", hint: "write { field: name, equals: value }")
  }

  private func unknownKey(_ entry: ConfigValue.Entry, among known: [String]) -> Diagnostic {
    let nearest = NearestName.hint(entry.key, in: known)
    let hint = nearest.isEmpty ? "one of \(known.joined(separator: ", "))" : nearest
    return Diagnostic(
      code: DiagnosticCode.unknownKey.rawValue, "a condition has no \"\(entry.key)\"", at: entry.keyLocation ?? entry.value.location,
      length: entry.key.unicodeScalars.count, path: entry.value.path, hint: hint)
  }

  // MARK: Tests of one field

  private func readTests(of name: ConfigValue, _ entries: [ConfigValue.Entry], in value: ConfigValue) throws -> Predicate {
    guard case .string(let text) = name.content else {
      throw name.diagnostic(.wrongType, "a field name is expected here, not \(name.word)")
    }
    let field = try FieldLookup(schema: schema).field(text, at: name)
    let parts = try entries.filter { $0.key != "field" }.map { entry in
      guard Self.tests.contains(entry.key) else { throw unknownKey(entry, among: Self.tests) }
      return try readTest(entry.key, entry.value, field)
    }
    guard !parts.isEmpty else {
      throw value.diagnostic(.missingKey, "the condition does not say what \"\(text)\" should be", hint: "add equals, in, atLeast …")
    }
    return parts.count == 1 ? parts[0] : .all(parts)
  }

  private func readTest(_ test: String, _ value: ConfigValue, _ field: Field) throws -> Predicate {
    switch test {
    case "isNull":
      guard case .bool(let wanted) = value.content else { throw value.diagnostic(.wrongType, "isNull is true or false") }
      return wanted ? .isNull(field) : .not(.isNull(field))
    case "equals": return try oneOf([value], field)
    case "notEquals": return .not(try oneOf([value], field))
    case "in": return try oneOf(try items(of: value, test), field)
    case "notIn": return .not(try oneOf(try items(of: value, test), field))
    case "atLeast", "atMost": return try bound(value, field, isLower: test == "atLeast")
    default:
      guard field.type == .bytes else {
        throw value.diagnostic(.fieldType, "\(test) needs text, but field \"\(field.name)\" holds \(field.type.word)")
      }
      let text = try PredicateConstant(value, for: field).bytes
      return .bytes(field, test == "contains" ? .contains(text) : .startsWith(text))
    }
  }

  private func items(of value: ConfigValue, _ test: String) throws -> [ConfigValue] {
    guard case .list(let items) = value.content else {
      throw value.diagnostic(.wrongType, "\(test) needs a list, not \(value.word)", hint: "write [a, b]")
    }
    return items
  }

  private func oneOf(_ values: [ConfigValue], _ field: Field) throws -> Predicate {
    let constants = try values.map { try PredicateConstant($0, for: field) }
    switch field.type {
    case .bytes: return .bytes(field, .oneOf(constants.map(\.bytes)))
    case .int64, .time: return .int64(field, .oneOf(constants.map(\.int64)))
    case .double: return .double(field, .oneOf(constants.map(\.double)))
    case .bool: return .any(constants.map { .bool(field, $0.bool) })
    case .vector:
      throw (values.first ?? ConfigValue(.null)).diagnostic(
        .fieldType, "field \"\(field.name)\" holds \(field.type.word), which only isNull can test")
    }
  }

  private func bound(_ value: ConfigValue, _ field: Field, isLower: Bool) throws -> Predicate {
    let constant = try PredicateConstant(value, for: field)
    switch field.type {
    case .bytes: return .bytes(field, isLower ? .atLeast(constant.bytes) : .atMost(constant.bytes))
    case .int64, .time: return .int64(field, isLower ? .atLeast(constant.int64) : .atMost(constant.int64))
    case .double: return .double(field, isLower ? .atLeast(constant.double) : .atMost(constant.double))
    case .bool, .vector:
      throw value.diagnostic(.fieldType, "field \"\(field.name)\" holds \(field.type.word), which have no order")
    }
  }
}
