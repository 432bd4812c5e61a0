public import Dataflow

/// Refuses records in which a field is null. The empty string is a value and passes.
///
/// - Output: the input records, same order, same fields.
/// - Errors: `missing-field`, with the name of the first missing field (in the order of `fields`) as the detail.
/// - Complexity: O(fields) per record.
public enum Require {
  /// The catalog entry `require`.
  public static let type = OperatorType(
    Descriptor(
      type: "require",
      summary: "Refuses records in which one of the fields is missing (null).",
      fields: [
        ConfigField(
          "fields", .list(.string), required: true, example: "[event_id, timestamp]",
          "The fields that must have a value; the empty string is one.")
      ],
      example: "fields: [event_id, service, timestamp]")
  ) { config, schema in
    let names = config.strings("fields") ?? []
    guard !names.isEmpty else {
      throw config.diagnostic("fields", code: "job.empty-list", "require names no field", hint: "name at least one field")
    }
    let lookup = FieldLookup(schema: schema)
    let fields = try names.enumerated().map { try lookup.field($1, at: config.place("fields", item: $0)) }
    return PlannedOperator(schema: schema) { RequireOperator(fields) }
  }
}

final class RequireOperator: Operator {
  private let fields: [Field]

  init(_ fields: [Field]) { self.fields = fields }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    for field in fields { try refuseNulls(of: field, batch, output) }
    try output.emit(batch)
  }

  private func refuseNulls(of field: Field, _ batch: RecordBatch, _ output: Output) throws {
    switch field.type {
    case .bytes, .vector:
      let views = batch.bytes(field)
      try batch.filterSelection { row in
        if !views[row].isNull { return true }
        try output.fail(batch, row: row, reason: "missing-field", detail: field.name)
        return false
      }
    case .int64, .double, .bool, .time:
      let nulls = batch.nulls(field)
      try batch.filterSelection { row in
        if nulls[row] == 0 { return true }
        try output.fail(batch, row: row, reason: "missing-field", detail: field.name)
        return false
      }
    }
  }
}
