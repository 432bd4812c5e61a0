internal import Dataflow

/// The fields that `redact-pii` leaves for `fingerprint`. Their names cannot be written by accident.
enum HiddenFields {
  static func shape(of field: String) -> String { field + "#shape" }
  static func template(of field: String) -> String { field + "#template" }
}

/// The text field that an operator works on.
enum TextField {
  /// The field that the option `field` names (`message` when absent). Throws `Diagnostic` when it does not exist or is no text.
  static func find(_ config: Config, in schema: Schema) throws -> Field {
    try find(config.string("field") ?? "message", config, "field", in: schema)
  }

  /// The text fields that the option `fields` names, or the one of `field`. Throws `Diagnostic`.
  static func all(_ config: Config, in schema: Schema) throws -> [Field] {
    guard let names = config.strings("fields"), !names.isEmpty else { return [try find(config, in: schema)] }
    guard Set(names).count == names.count else {
      throw config.diagnostic("fields", code: "operator.duplicate-field", "a field is named twice")
    }
    return try names.map { try find($0, config, "fields", in: schema) }
  }

  /// The field of that name, which an option gives. Throws `Diagnostic`.
  static func find(_ name: String, _ config: Config, _ option: String, in schema: Schema) throws -> Field {
    guard let field = schema.field(name) else {
      let known = schema.fields.map(\.name).filter { !$0.contains("#") }.joined(separator: ", ")
      throw config.diagnostic(
        option, code: "operator.unknown-field", "there is no field \"\(name)\" here", hint: "the records have: \(known)")
    }
    guard field.type == .bytes else {
      throw config.diagnostic(
        option, code: "operator.wrong-type", "field \"\(name)\" is not text", hint: "name a field that holds text")
    }
    return field
  }
}
