internal import Dataflow

/// The value of a text field in the record with the smallest event time: for values that hardly vary within a key, such as a template.
///
/// Layout (8 bytes each): time, the value's hash (decides between equal times), place in the log, then the length with a flag: zero while there is none.
final class FirstValue: AggregateFunction {
  let payload = 32
  let outputType = ColumnType.bytes
  private let field: Field
  private static let present = Int64(1) << 62

  init(_ field: Field) { self.field = field }

  func add(
    _ batch: RecordBatch, _ rows: UnsafeBufferPointer<UInt16>, _ slots: UnsafePointer<UnsafeMutableRawPointer>, _ offset: Int,
    _ log: ColdLog
  ) {
    let values = batch.bytes(field)
    for i in rows.indices {
      let row = Int(rows[i])
      let summary = (slots[i] + offset).assumingMemoryBound(to: Int64.self)
      let time = batch.times[row]
      if summary[3] & Self.present != 0 && time > summary[0] { continue }
      take(summary, time, values[row], log)
    }
  }

  /// Takes the value if it is earlier, or as early and smaller by hash: the result does not depend on the order of arrival.
  private func take(_ summary: UnsafeMutablePointer<Int64>, _ time: Int64, _ value: ByteView, _ log: ColdLog) {
    var hasher = KeyHasher()
    hasher.combine(value)
    let hash = Int64(bitPattern: hasher.finish().high)
    if summary[3] & Self.present != 0 && (time, hash) >= (summary[0], summary[1]) { return }
    let isSameValue = summary[3] & Self.present != 0 && hash == summary[1]
    summary[0] = time
    if isSameValue { return }
    summary[1] = hash
    summary[2] = Int64(value.isNull ? 0 : log.append(value.base, value.count))
    summary[3] = Self.present | (value.isNull ? 0xFFFF_FFFF : Int64(value.count))
  }

  private func value(_ summary: UnsafePointer<Int64>, _ log: ColdLog) -> ByteView {
    let length = summary[3] & 0xFFFF_FFFF
    return length == 0xFFFF_FFFF || summary[3] == 0 ? .null : log.view(Int(summary[2]), Int(length))
  }

  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, _ from: UnsafeRawPointer, _ fromLog: ColdLog) {
    let source = from.assumingMemoryBound(to: Int64.self)
    guard source[3] != 0 else { return }
    take(into.assumingMemoryBound(to: Int64.self), source[0], value(source, fromLog), log)
  }

  var texts: [Field] { [field] }
  let encodedLimit = 13 + WindowCombiner.textLimit

  func encode(_ summary: UnsafeRawPointer, _ log: ColdLog, to bytes: inout [UInt8]) {
    let summary = summary.assumingMemoryBound(to: Int64.self)
    bytes.append(summary[3] != 0 ? 1 : 0)
    guard summary[3] != 0 else { return }
    bytes.append(integer: summary[0])
    bytes.append(view: value(summary, log))
  }

  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, encoded: inout ByteReader) throws {
    guard try encoded.integer(UInt8.self) == 1 else { return }
    let time = try encoded.integer(Int64.self)
    take(into.assumingMemoryBound(to: Int64.self), time, try encoded.view(), log)
  }

  func write(_ summary: UnsafeRawPointer, _ log: ColdLog, _ batch: RecordBatch, _ field: Field, _ row: Int) {
    let value = value(summary.assumingMemoryBound(to: Int64.self), log)
    batch.bytes(field)[row] = value.isNull ? .null : batch.copy(value.buffer)
  }
}
