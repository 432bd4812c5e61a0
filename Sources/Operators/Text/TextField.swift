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
    let name = config.string("field") ?? "message"
    guard let field = schema.field(name) else {
      let known = schema.fields.map(\.name).filter { !$0.contains("#") }.joined(separator: ", ")
      throw config.diagnostic(
        "field", code: "operator.unknown-field", "there is no field \"\(name)\" here", hint: "the records have: \(known)")
    }
    guard field.type == .bytes else {
      throw config.diagnostic(
        "field", code: "operator.wrong-type", "field \"\(name)\" is not text", hint: "name a field that holds text")
    }
    return field
  }
}
