package import Dataflow

/// A value of a test row.
package enum TestValue: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByNilLiteral {
  case null
  /// For `int64` and `time` columns.
  case int(Int64)
  case double(Double)
  case bool(Bool)
  case bytes([UInt8])
  case floats([Float])

  package init(stringLiteral value: String) { self = .bytes(Array(value.utf8)) }
  package init(integerLiteral value: Int64) { self = .int(value) }
  package init(nilLiteral: ()) { self = .null }
  package static func text(_ text: String) -> TestValue { .bytes(Array(text.utf8)) }
}

/// Batches made from rows of values.
package enum TestRows {
  /// Batches of the schema with these rows, all alive. A value that does not suit its column traps.
  package static func batches(_ schema: Schema, _ rows: [[TestValue]]) -> [RecordBatch] {
    var batches: [RecordBatch] = []
    for row in rows {
      if batches.last?.isFull ?? true { batches.append(RecordBatch(schema: schema)) }
      append(row, to: batches[batches.count - 1], schema)
    }
    return batches
  }

  private static func append(_ values: [TestValue], to batch: RecordBatch, _ schema: Schema) {
    precondition(values.count == schema.fields.count, "a row has \(values.count) values, the schema \(schema.fields.count) fields")
    let row = batch.appendRow()
    for (field, value) in zip(schema.fields, values) {
      switch (field.type, value) {
      case (.bytes, .null), (.vector, .null): batch.bytes(field)[row] = .null
      case (_, .null): batch.nulls(field)[row] = 1
      case (.int64, .int(let value)), (.time, .int(let value)):
        batch.int64s(field)[row] = value
        batch.nulls(field)[row] = 0
      case (.double, .double(let value)):
        batch.doubles(field)[row] = value
        batch.nulls(field)[row] = 0
      case (.bool, .bool(let value)):
        batch.bools(field)[row] = value
        batch.nulls(field)[row] = 0
      case (.bytes, .bytes(let bytes)): batch.bytes(field)[row] = bytes.withUnsafeBufferPointer { batch.copy($0) }
      case (.vector, .floats(let floats)):
        let bytes = floats.withUnsafeBytes { Array($0) }
        batch.bytes(field)[row] = bytes.withUnsafeBufferPointer { batch.copy($0) }
      default: preconditionFailure("\(value) does not suit a column of type \(field.type)")
      }
    }
  }
}
