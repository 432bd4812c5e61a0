public import Dataflow

/// Keeps some fields, in the given order and perhaps under new names. Plan-time only: no value is moved.
///
/// - Output: the input records with the named fields.
/// - Complexity: O(1) per batch.
public enum Select {
  /// The catalog entry `select`.
  public static let type = OperatorType(
    Descriptor(
      type: "select",
      summary: "Keeps the named fields and drops the others; a map also renames them.",
      fields: [
        ConfigField(
          "fields", .any, required: true, example: "{ service: service_name, message: body }",
          "A list of fields to keep, or a map from new names to fields of the input.")
      ],
      example: "fields: [service, severity, message]")
  ) { config, schema in
    guard case .any(let value)? = config["fields"] else {
      throw config.diagnostic("fields", code: "job.empty-list", "select names no field", hint: "name at least one field")
    }
    let kept = try selection(value, FieldLookup(schema: schema))
    return PlannedOperator(schema: schema.selecting(kept)) { SelectOperator() }
  }

  private static func selection(_ value: ConfigValue, _ lookup: FieldLookup) throws -> [(field: Field, name: String)] {
    var kept: [(field: Field, name: String)] = []
    func keep(_ name: String, _ source: ConfigValue) throws {
      guard case .string(let text) = source.content else {
        throw source.diagnostic(.wrongType, "a field name is expected here")
      }
      guard !kept.contains(where: { $0.name == name }) else {
        throw source.diagnostic(.outOfRange, "field \"\(name)\" is selected twice")
      }
      kept.append((try lookup.field(text, at: source), name))
    }
    switch value.content {
    case .list(let items):
      for item in items {
        guard case .string(let text) = item.content else { throw item.diagnostic(.wrongType, "a field name is expected here") }
        try keep(text, item)
      }
    case .map(let entries):
      for entry in entries { try keep(entry.key, entry.value) }
    default:
      throw value.diagnostic(.wrongType, "a list of fields or a map from new to old names is expected here")
    }
    guard !kept.isEmpty else {
      throw Diagnostic(
        code: "job.empty-list", "select names no field", at: value.location, length: value.length, path: value.path,
        hint: "name at least one field")
    }
    return kept
  }
}

/// The schema says it all; batches pass as they are.
final class SelectOperator: Operator {
  func process(_ batch: RecordBatch, _ output: Output) throws { try output.emit(batch) }
}
