internal import Dataflow

/// The half of the sink that runs in the subtasks: rows to the bytes of a binary COPY. Absorbs every row.
///
/// State: none beyond the stage, which the runtime takes at every barrier.
final class PostgresWriter: SinkWriter {
  private var encoder: RowEncoder
  private var splits = SplitTable()

  /// Values whose text PostgreSQL could not have stored (NUL bytes, invalid UTF-8), repaired to U+FFFD.
  var repairedValues: Int { encoder.repaired }

  init(_ plan: TablePlan, _ schema: Schema) {
    // Error records carry the index of their split; its name is known only here, where they leave the job.
    let carriesSplits = schema.fields.map(\.name) == ErrorRecords.schema.fields.map(\.name)
    encoder = RowEncoder(plan, splitColumn: carriesSplits ? plan.columns.firstIndex { $0.field.name == "source" && $0.wire == .text } : nil)
  }

  func open(_ context: OperatorContext) {
    splits = context.splits
  }

  func process(_ batch: RecordBatch, _ output: Output) {
    encoder.append(batch, splits: splits)
    output.absorb(batch.selectedCount)
  }

  func takeStage() -> (bytes: [UInt8], rows: Int) {
    encoder.take()
  }
}
