internal import Dataflow

/// The smallest or largest value of a number or time field, or of the event time when no field is named. Null when there was no value.
///
/// Layout: value (8 bytes; doubles by their bits), 1 when there is one (8 bytes).
final class Extremum: AggregateFunction {
  let payload = 16
  let outputType: ColumnType
  private let field: Field?
  private let wantsMax: Bool

  /// - Parameter field: an `int64`, `time` or `double` field; nil = the event time.
  init(_ field: Field?, max: Bool) {
    self.field = field
    wantsMax = max
    outputType = field?.type ?? .time
  }

  func add(
    _ batch: RecordBatch, _ rows: UnsafeBufferPointer<UInt16>, _ slots: UnsafePointer<UnsafeMutableRawPointer>, _ offset: Int,
    _ log: ColdLog
  ) {
    guard let field else {
      for i in rows.indices { take((slots[i] + offset), batch.times[Int(rows[i])]) }
      return
    }
    let nulls = batch.nulls(field)
    if field.type == .double {
      let values = batch.doubles(field)
      for i in rows.indices where nulls[Int(rows[i])] == 0 { take(slots[i] + offset, values[Int(rows[i])]) }
    } else {
      let values = batch.int64s(field)
      for i in rows.indices where nulls[Int(rows[i])] == 0 { take(slots[i] + offset, values[Int(rows[i])]) }
    }
  }

  @inline(__always)
  private func take(_ summary: UnsafeMutableRawPointer, _ value: Int64) {
    let slot = summary.assumingMemoryBound(to: Int64.self)
    if slot[1] == 0 || (wantsMax ? value > slot[0] : value < slot[0]) {
      slot[0] = value
      slot[1] = 1
    }
  }

  private func take(_ summary: UnsafeMutableRawPointer, _ value: Double) {
    guard !value.isNaN else { return }
    let value = value + 0  // of the two zeros, which are equal, always the positive one: the result must not depend on which came first
    let slot = summary.assumingMemoryBound(to: Int64.self)
    let current = Double(bitPattern: UInt64(bitPattern: slot[0]))
    if slot[1] == 0 || (wantsMax ? value > current : value < current) {
      slot[0] = Int64(bitPattern: value.bitPattern)
      slot[1] = 1
    }
  }

  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, _ from: UnsafeRawPointer, _ fromLog: ColdLog) {
    guard from.load(fromByteOffset: 8, as: Int64.self) == 1 else { return }
    if outputType == .double {
      take(into, from.load(as: Double.self))
    } else {
      take(into, from.load(as: Int64.self))
    }
  }

  let encodedLimit = 9

  func encode(_ summary: UnsafeRawPointer, _ log: ColdLog, to bytes: inout [UInt8]) {
    let isThere = summary.load(fromByteOffset: 8, as: Int64.self) == 1
    bytes.append(isThere ? 1 : 0)
    if isThere { bytes.append(integer: summary.load(as: Int64.self)) }
  }

  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, encoded: inout ByteReader) throws {
    guard try encoded.integer(UInt8.self) == 1 else { return }
    let value = try encoded.integer(Int64.self)
    if outputType == .double { take(into, Double(bitPattern: UInt64(bitPattern: value))) } else { take(into, value) }
  }

  func write(_ summary: UnsafeRawPointer, _ log: ColdLog, _ batch: RecordBatch, _ field: Field, _ row: Int) {
    batch.int64s(field)[row] = summary.load(as: Int64.self)
    batch.nulls(field)[row] = summary.load(fromByteOffset: 8, as: Int64.self) == 1 ? 0 : 1
  }
}
