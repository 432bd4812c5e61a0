internal import Dataflow

/// Writes window rows into result batches and hands them on when they are full.
final class ResultWriter {
  private let schema: Schema
  private let layout: WindowLayout
  private let window: Int64
  private let end: Int64
  private let revision: Int64
  private let isFinal: Bool
  private let output: Output
  private var batch: RecordBatch?

  init(_ schema: Schema, _ layout: WindowLayout, window: Int64, end: Int64, revision: Int64, isFinal: Bool, _ output: Output) {
    self.schema = schema
    self.layout = layout
    self.window = window
    self.end = end
    self.revision = revision
    self.isFinal = isFinal
    self.output = output
  }

  func write(_ row: UnsafeRawPointer, _ log: ColdLog) throws {
    let batch = self.batch ?? RecordBatch(schema: schema)
    self.batch = batch
    let index = batch.appendRow()
    let fields = schema.fields
    batch.times[index] = end - 1
    layout.writeKey(row, log, batch, fields, index)
    var column = layout.keys.count
    for (function, offset) in zip(layout.functions, layout.offsets) {
      function.write(row + offset, log, batch, fields[column], index)
      column += 1
    }
    for (value, field) in zip([window, end, revision], fields[column...]) {
      batch.int64s(field)[index] = value
      batch.nulls(field)[index] = 0
    }
    batch.bools(fields[column + 3])[index] = isFinal
    batch.nulls(fields[column + 3])[index] = 0
    if batch.isFull { try finish() }
  }

  func finish() throws {
    guard let batch else { return }
    self.batch = nil
    try output.emitResults(batch)
  }
}
