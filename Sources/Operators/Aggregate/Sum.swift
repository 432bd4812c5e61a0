internal import Dataflow

/// The sum of a number field; nulls count as nothing. Integers wrap around at 64 bits.
///
/// Sums of doubles are kept in units of 2^-20 as 128-bit integers, because adding doubles depends on the order and a replay must give the same sum.
final class Sum: AggregateFunction {
  let payload = 16
  let outputType: ColumnType
  private let field: Field
  private static let unit = 1_048_576.0

  init(_ field: Field) {
    self.field = field
    outputType = field.type
  }

  func add(
    _ batch: RecordBatch, _ rows: UnsafeBufferPointer<UInt16>, _ slots: UnsafePointer<UnsafeMutableRawPointer>, _ offset: Int,
    _ log: ColdLog
  ) {
    let nulls = batch.nulls(field)
    if field.type == .double {
      let values = batch.doubles(field)
      for i in rows.indices where nulls[Int(rows[i])] == 0 {
        let value = values[Int(rows[i])] * Self.unit
        if value.magnitude < 1e36 { add(slots[i] + offset, Int128(value.rounded())) }
      }
    } else {
      let values = batch.int64s(field)
      for i in rows.indices where nulls[Int(rows[i])] == 0 { add(slots[i] + offset, Int128(values[Int(rows[i])])) }
    }
  }

  private func add(_ summary: UnsafeMutableRawPointer, _ value: Int128) {
    // Rows are aligned to 8 bytes, an Int128 wants 16.
    summary.storeBytes(of: summary.loadUnaligned(as: Int128.self) &+ value, as: Int128.self)
  }

  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, _ from: UnsafeRawPointer, _ fromLog: ColdLog) {
    add(into, from.loadUnaligned(as: Int128.self))
  }

  let encodedLimit = 16

  func encode(_ summary: UnsafeRawPointer, _ log: ColdLog, to bytes: inout [UInt8]) {
    bytes.append(integer: summary.loadUnaligned(as: Int128.self))
  }

  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, encoded: inout ByteReader) throws {
    add(into, try encoded.integer(Int128.self))
  }

  func write(_ summary: UnsafeRawPointer, _ log: ColdLog, _ batch: RecordBatch, _ field: Field, _ row: Int) {
    let sum = summary.loadUnaligned(as: Int128.self)
    if outputType == .double {
      batch.doubles(field)[row] = Double(sum) / Self.unit
    } else {
      batch.int64s(field)[row] = Int64(truncatingIfNeeded: sum)
    }
    batch.nulls(field)[row] = 0
  }
}
