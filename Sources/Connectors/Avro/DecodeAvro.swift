#if Avro
internal import Dataflow

/// The values of a topic's records, taken apart by their schema.
///
/// - Output: a column for each field of the reader's schema, and `key` and `headers` of the record unless a field has that name.
/// - Errors: `damaged` for bytes that are no such record, `unknown-schema` for those of a schema that is not known, `no-value` for null.
final class DecodeAvro: Operator {
  private let schema: Schema
  private let value: Field
  private let decoders: [AvroDecoder]
  private let isFramed: Bool

  init(_ schema: Schema, _ value: Field, _ decoders: [AvroDecoder], isFramed: Bool) {
    self.schema = schema
    self.value = value
    self.decoders = decoders
    self.isFramed = isFramed
  }

  /// - Throws: `AvroSchemaProblem` when a schema in `writers` cannot be read as the first.
  static func planned(_ reader: AvroSchema, writers: [AvroSchema], isFramed: Bool) throws -> PlannedOperator {
    var schema = Schema()
    // The columns of the reader that fills the batch stay where they are.
    let input = TopicColumns.schema
    let value = TopicColumns.value
    var output = input
    var selection: [(field: Field, name: String)] = []
    for (name, type) in AvroDecoder.columns(reader) {
      let field = output.append(name, type)
      selection.append((field, name))
    }
    for field in [TopicColumns.key, TopicColumns.headers] where !reader.fields.contains(where: { $0.name == field.name }) {
      selection.append((field, field.name))
    }
    schema = output.selecting(selection)
    let planned = schema
    _ = try writers.map { try AvroDecoder(writer: $0, reader: reader, planned) }
    return PlannedOperator(schema: planned) {
      DecodeAvro(planned, value, try writers.map { try AvroDecoder(writer: $0, reader: reader, planned) }, isFramed: isFramed)
    }
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    batch.extend(to: schema)
    for decoder in decoders { decoder.prepare(batch) }
    let values = batch.bytes(value)
    try batch.filterSelection { row in
      guard let fault = read(values[row], batch, row) else { return true }
      try output.fail(batch, row: row, reason: fault.reason, detail: fault.detail)
      return false
    }
    try output.emit(batch)
  }

  private func read(_ value: ByteView, _ batch: RecordBatch, _ row: Int) -> TopicRowFault? {
    guard !value.isNull else { return TopicRowFault(reason: "no-value", detail: "the record's value is null") }
    var chosen = 0
    if isFramed {
      guard let id = AvroFraming.fingerprint(value) else {
        return TopicRowFault(reason: "damaged", detail: "the value does not begin with the mark of a schema")
      }
      guard let index = decoders.firstIndex(where: { $0.fingerprint == id }) else {
        return TopicRowFault(reason: "unknown-schema", detail: "it was written by schema \(AvroFormat.hex(id))")
      }
      chosen = index
    }
    do {
      try decoders[chosen].read(value, from: isFramed ? AvroFraming.size : 0, batch, row)
      return nil
    } catch {
      return TopicRowFault(reason: "damaged", detail: "\(error.rawValue) (schema \(AvroFormat.hex(decoders[chosen].fingerprint)))")
    }
  }
}
#endif
