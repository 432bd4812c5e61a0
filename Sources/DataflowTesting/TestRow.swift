public import Dataflow

/// A record that a test wrote down: an event time and a value for each field of a schema.
public struct TestRow: Sendable {
  /// One value.
  public enum Value: Sendable, Equatable {
    case null
    case text(String)
    case bytes([UInt8])
    case int(Int64)
    case double(Double)
    case bool(Bool)
  }
  /// Nanoseconds since 1970.
  public var time: Int64
  /// In the order of the schema's fields; what is missing is null.
  public var values: [Value]

  /// A record.
  public init(_ time: Int64, _ values: [Value]) {
    self.time = time
    self.values = values
  }

  /// A batch of the rows. Rows of `dead` are in it but not selected: whoever looks at them makes a mistake. The others get ascending offsets.
  public static func batch(_ rows: [TestRow], _ schema: Schema, dead: Set<Int> = [], firstOffset: Int64 = 0) -> RecordBatch {
    let batch = RecordBatch(schema: schema)
    var offset = firstOffset
    for (i, testRow) in rows.enumerated() {
      let row = batch.appendRow()
      batch.times[row] = testRow.time
      batch.offsets[row] = dead.contains(i) ? -1 : offset
      batch.raws[row] = batch.copy("raw \(batch.offsets[row])")
      if !dead.contains(i) { offset += 1 }
      for (field, value) in zip(schema.fields, testRow.values) { write(value, batch, field, row) }
    }
    batch.filterSelection { !dead.contains($0) }
    return batch
  }

  private static func write(_ value: Value, _ batch: RecordBatch, _ field: Field, _ row: Int) {
    switch (field.type, value) {
    case (.bytes, .text(let text)): batch.bytes(field)[row] = batch.copy(text)
    case (.bytes, .bytes(let bytes)): batch.bytes(field)[row] = bytes.withUnsafeBufferPointer { batch.copy($0) }
    case (.bytes, _): batch.bytes(field)[row] = .null
    case (.int64, .int(let number)), (.time, .int(let number)):
      batch.int64s(field)[row] = number
      batch.nulls(field)[row] = 0
    case (.double, .double(let number)):
      batch.doubles(field)[row] = number
      batch.nulls(field)[row] = 0
    case (.bool, .bool(let flag)):
      batch.bools(field)[row] = flag
      batch.nulls(field)[row] = 0
    default: batch.nulls(field)[row] = 1
    }
  }
}
