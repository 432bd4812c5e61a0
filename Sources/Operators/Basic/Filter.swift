public import Dataflow

/// Keeps the records that meet a condition; the others count as `filtered`.
///
/// - Output: the matching input records, same order, same fields.
/// - Complexity: O(conditions) per record, one pass over a column for each; `all` narrows as it goes.
public enum Filter {
  /// The catalog entry `filter`.
  public static let type = OperatorType(
    Descriptor(
      type: "filter",
      summary: "Keeps the records that meet a condition and drops the others.",
      fields: [
        ConfigField(
          "where", .any, required: true, example: "{ field: severity, in: [WARN, ERROR] }",
          "A condition on a field (equals, notEquals, in, notIn, atLeast, atMost, startsWith, contains, isNull), or all, any or not of conditions."
        )
      ],
      example: "where: { field: severity, in: [WARN, ERROR] }")
  ) { config, schema in
    guard case .any(let written)? = config["where"] else {
      throw config.diagnostic(
        "where", code: DiagnosticCode.missingKey.rawValue, "filter has no condition", hint: "write where: { field: …, equals: … }")
    }
    let predicate = try PredicateReader(schema: schema).read(written)
    return PlannedOperator(schema: schema) { FilterOperator(predicate) }
  }
}

final class FilterOperator: Operator {
  private let kernel: PredicateKernel

  init(_ predicate: Predicate) { kernel = predicate.compile() }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    let kept = kernel.keep(batch, batch.selection, batch.selectedCount)
    output.filtered(batch.selectedCount - kept)
    batch.selectedCount = kept
    try output.emit(batch)
  }
}
