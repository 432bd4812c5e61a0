internal import Dataflow

/// Adds the fields `trace_id` and `span_id`, always null, to records of a format that knows no traces: jobs may name them all the same.
final class Untraced: Operator {
  private let schema: Schema

  private init(_ schema: Schema) { self.schema = schema }

  /// The step behind a decoder with this schema.
  static func planned(_ input: Schema) -> PlannedOperator {
    var schema = input
    schema.append("trace_id", .bytes)
    schema.append("span_id", .bytes)
    let planned = schema
    return PlannedOperator(schema: planned) { Untraced(planned) }
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    // New columns are null, and nothing ever writes these.
    batch.extend(to: schema)
    try output.emit(batch)
  }
}
