internal import Dataflow

/// Finds fields by the names a job file gives, or says which name was probably meant.
struct FieldLookup {
  let schema: Schema

  /// The field of that name.
  ///
  /// - Parameter place: the value in the job file that holds the name.
  /// Throws `Diagnostic` with the code `job.unknown-field`.
  func field(_ name: String, at place: ConfigValue?) throws -> Field {
    if let field = schema.field(name) { return field }
    let names = schema.fields.map(\.name)
    let all = names.isEmpty ? "the input has no fields" : "the input has: \(names.joined(separator: ", "))"
    let hint = NearestName.hint(name, in: names)
    throw Diagnostic(.error, .unknownField, "there is no field \"\(name)\" in the input", at: place, hint: hint.isEmpty ? all : hint)
  }

  /// The field of that name, which must hold bytes.
  ///
  /// Throws `Diagnostic` with the code `job.unknown-field` or `job.field-type`.
  func bytes(_ name: String, at place: ConfigValue?) throws -> Field {
    let field = try field(name, at: place)
    guard field.type == .bytes else {
      throw Diagnostic(.error, .fieldType, "field \"\(name)\" holds \(field.type.word), not text", at: place)
    }
    return field
  }
}

extension ColumnType {
  /// The type as a message calls it.
  var word: String {
    switch self {
    case .int64: "integers"
    case .double: "numbers"
    case .bool: "booleans"
    case .time: "times"
    case .bytes: "text"
    case .vector(let count): "vectors of \(count)"
    }
  }
}
