internal import Dataflow

/// A constant of a condition, read as the type of the field it is compared with. Only the member of that type is meaningful.
struct PredicateConstant {
  private(set) var bytes: [UInt8] = []
  private(set) var int64: Int64 = 0
  private(set) var double: Double = 0
  private(set) var bool = false

  /// Throws `Diagnostic` with the code `job.field-type` when the constant cannot be of the field's type.
  init(_ value: ConfigValue, for field: Field) throws {
    switch (field.type, value.content) {
    case (.bytes, .string(let text)): bytes = Array(text.utf8)
    case (.int64, .int(let number)): int64 = number
    case (.int64, .double(let number)):
      guard let exact = Int64(exactly: number) else { throw Self.mismatch(value, field, hint: "write a whole number") }
      int64 = exact
    case (.double, .int(let number)): double = Double(number)
    case (.double, .double(let number)) where !number.isNaN: double = number
    case (.bool, .bool(let flag)): bool = flag
    case (.time, .string(let text)):
      guard let time = Timestamp.rfc3339(text) else { throw Self.mismatch(value, field, hint: "write 2026-01-31T12:00:00Z") }
      int64 = time
    case (.bytes, .int), (.bytes, .double), (.bytes, .bool):
      throw Self.mismatch(value, field, hint: "put it in quotes")
    default: throw Self.mismatch(value, field, hint: "")
    }
  }

  private static func mismatch(_ value: ConfigValue, _ field: Field, hint: String) -> Diagnostic {
    value.diagnostic(
      .fieldType, "field \"\(field.name)\" holds \(field.type.word), so it cannot be compared with \(value.word)",
      hint: value.content == .null ? "write isNull: true" : hint)
  }
}
