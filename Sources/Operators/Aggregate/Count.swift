internal import Dataflow

/// How many records.
final class Count: AggregateFunction {
  let payload = 8
  let outputType = ColumnType.int64

  func add(
    _ batch: RecordBatch, _ rows: UnsafeBufferPointer<UInt16>, _ slots: UnsafePointer<UnsafeMutableRawPointer>, _ offset: Int,
    _ log: ColdLog
  ) {
    for i in rows.indices { (slots[i] + offset).assumingMemoryBound(to: Int64.self).pointee &+= 1 }
  }

  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, _ from: UnsafeRawPointer, _ fromLog: ColdLog) {
    into.assumingMemoryBound(to: Int64.self).pointee &+= from.load(as: Int64.self)
  }

  let encodedLimit = 8

  func encode(_ summary: UnsafeRawPointer, _ log: ColdLog, to bytes: inout [UInt8]) {
    bytes.append(integer: summary.load(as: Int64.self))
  }

  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, encoded: inout ByteReader) throws {
    into.assumingMemoryBound(to: Int64.self).pointee &+= try encoded.integer()
  }

  func write(_ summary: UnsafeRawPointer, _ log: ColdLog, _ batch: RecordBatch, _ field: Field, _ row: Int) {
    batch.int64s(field)[row] = summary.load(as: Int64.self)
    batch.nulls(field)[row] = 0
  }
}
