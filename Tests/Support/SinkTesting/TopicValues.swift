internal import Connectors
package import Dataflow

/// The values of topic records, made by a sink's format and taken apart by a source's, without a topic between.
package enum TopicValues {
  /// The values that a topic sink with this format makes of the rows. Rows that it refuses go to `errors`.
  package static func encode(
    _ format: Config, _ schema: Schema, _ rows: [[TestValue]], time: Int64 = RecordBatch.noTime, onError: ErrorPolicy = .fail
  ) throws -> (values: [[UInt8]], errors: Int) {
    let config = Config(["topic": .string("t"), "format": .object(format)])
    let planned = try TopicSink.type.plan(config, Config(["path": .string("unused")]), schema)
    guard let writer = try planned.make() as? any SinkWriter else { preconditionFailure("a topic sink stages its rows") }
    try writer.open(OperatorContext(job: "job", id: "sink", runtime: NoRuntime()))
    let output = Output(operatorID: "sink", onError: onError)
    for batch in TestRows.batches(schema, rows) {
      batch.times.update(repeating: time, count: batch.count)
      try writer.process(batch, output)
    }
    var values: [[UInt8]] = []
    let count = TopicStage.forEach([writer.takeStage().bytes]) { record, _ in values.append(Array(record.value.buffer)) }
    precondition(count == values.count, "the stage is malformed")
    return (values, output.counters.errors)
  }

  /// The operator of a topic source with this format.
  package static func decoder(_ format: Config) throws -> PlannedOperator {
    let planned = try TopicSource.type.plan(
      Config([
        "topics": .list([.string("t")]), "format": .object(format), "connection": .object(Config(["path": .string("unused")])),
      ]))
    guard let decoder = planned.decoders.first, planned.decoders.count == 1 else { preconditionFailure("the format has no decoder") }
    return decoder
  }

  /// What a topic source with this format makes of the values: a text for each field of each row, nil for null.
  package static func decode(
    _ format: Config, _ values: [[UInt8]?], onError: ErrorPolicy = .fail
  ) throws -> (rows: [[String: String?]], refused: [(reason: String, detail: String)]) {
    let planned = try decoder(format)
    let operation = try planned.make()
    let output = Rows(planned.schema, onError)
    for start in stride(from: 0, to: values.count, by: RecordBatch.capacity) {
      let batch = RecordBatch(schema: TopicColumns.schema)
      for value in values[start..<min(values.count, start + RecordBatch.capacity)] {
        let row = batch.appendRow()
        let view = value.map { $0.withUnsafeBufferPointer { batch.copy($0) } } ?? .null
        batch.bytes(TopicColumns.schema.fields[1])[row] = view
        batch.raws[row] = view
      }
      try operation.process(batch, output)
      try output.flushErrors()
    }
    return (output.rows, output.refused)
  }

  private final class Rows: Output {
    private let schema: Schema
    var rows: [[String: String?]] = []
    var refused: [(reason: String, detail: String)] = []

    init(_ schema: Schema, _ onError: ErrorPolicy) {
      self.schema = schema
      super.init(operatorID: "decode", onError: onError)
    }

    override func deliver(_ batch: RecordBatch) {
      for index in 0..<batch.selectedCount {
        let row = Int(batch.selection[index])
        var values: [String: String?] = [:]
        for field in schema.fields { values[field.name] = .some(Self.text(batch, field, row)) }
        rows.append(values)
      }
    }

    override func deliver(_ batch: RecordBatch, to side: SideOutput) {
      let fields = ErrorRecords.schema.fields
      for row in 0..<batch.count { refused.append((batch.bytes(fields[1])[row].string, batch.bytes(fields[2])[row].string)) }
    }

    private static func text(_ batch: RecordBatch, _ field: Field, _ row: Int) -> String? {
      if batch.isNull(field, row) { return nil }
      return switch field.type {
      case .bytes, .vector: batch.bytes(field)[row].string
      case .bool: "\(batch.bools(field)[row])"
      case .double: "\(batch.doubles(field)[row])"
      case .int64, .time: "\(batch.int64s(field)[row])"
      }
    }
  }
}
