internal import Dataflow

/// The most frequent values of a text field as a JSON list: `[{"value":"/cart","count":12}]`, most frequent first, ties by value.
///
/// Exact while a key sees at most `8 * size` different values (at least 64) in a window. Beyond that the value with the smallest count makes room and
/// the newcomer inherits its count (the Space-Saving algorithm of Metwally, Agrawal and El Abbadi): counts are then upper bounds.
///
/// Layout: number of entries (8 bytes), then per entry hash, count, place in the log (offset << 24 | length).
final class TopK: AggregateFunction {
  let payload: Int
  let outputType = ColumnType.bytes
  private let field: Field
  private let size: Int
  private let capacity: Int
  private typealias Entry = (hash: UInt64, count: Int64, place: UInt64)

  init(_ field: Field, size: Int) {
    self.field = field
    self.size = size
    capacity = max(64, 8 * size)
    payload = 8 + capacity * 24
  }

  func add(
    _ batch: RecordBatch, _ rows: UnsafeBufferPointer<UInt16>, _ slots: UnsafePointer<UnsafeMutableRawPointer>, _ offset: Int,
    _ log: ColdLog
  ) {
    let values = batch.bytes(field)
    for i in rows.indices where !values[Int(rows[i])].isNull { take(slots[i] + offset, values[Int(rows[i])], 1, log) }
  }

  private func take(_ summary: UnsafeMutableRawPointer, _ value: ByteView, _ count: Int64, _ log: ColdLog) {
    var hasher = KeyHasher()
    hasher.combine(value)
    let hash = hasher.finish().high
    let used = Int(summary.load(as: Int64.self))
    let entries = (summary + 8).assumingMemoryBound(to: Entry.self)
    for i in 0..<used where entries[i].hash == hash {
      entries[i].count &+= count
      return
    }
    let length = min(value.count, 0xFF_FFFF)
    let place = UInt64(log.append(value.base, length)) << 24 | UInt64(length)
    if used < capacity {
      entries[used] = (hash, count, place)
      summary.storeBytes(of: Int64(used + 1), as: Int64.self)
      return
    }
    var least = 0
    for i in 1..<used where (entries[i].count, entries[i].hash) < (entries[least].count, entries[least].hash) { least = i }
    entries[least] = (hash, entries[least].count &+ count, place)
  }

  private func view(_ place: UInt64, _ log: ColdLog) -> ByteView { log.view(Int(place >> 24), Int(place & 0xFF_FFFF)) }

  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, _ from: UnsafeRawPointer, _ fromLog: ColdLog) {
    let entries = (from + 8).assumingMemoryBound(to: Entry.self)
    for i in 0..<Int(from.load(as: Int64.self)) { take(into, view(entries[i].place, fromLog), entries[i].count, log) }
  }

  var texts: [Field] { [field] }
  var encodedLimit: Int { 4 + capacity * (12 + WindowCombiner.textLimit) }

  func encode(_ summary: UnsafeRawPointer, _ log: ColdLog, to bytes: inout [UInt8]) {
    let entries = (summary + 8).assumingMemoryBound(to: Entry.self)
    let used = Int(summary.load(as: Int64.self))
    bytes.append(integer: UInt32(used))
    for i in 0..<used {
      bytes.append(integer: entries[i].count)
      bytes.append(view: view(entries[i].place, log))
    }
  }

  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, encoded: inout ByteReader) throws {
    for _ in 0..<(try encoded.integer(UInt32.self)) {
      let count = try encoded.integer(Int64.self)
      take(into, try encoded.view(), count, log)
    }
  }

  func write(_ summary: UnsafeRawPointer, _ log: ColdLog, _ batch: RecordBatch, _ field: Field, _ row: Int) {
    let entries = (summary + 8).assumingMemoryBound(to: Entry.self)
    let order = (0..<Int(summary.load(as: Int64.self))).sorted { a, b in
      entries[a].count != entries[b].count
        ? entries[a].count > entries[b].count
        : view(entries[a].place, log).buffer.lexicographicallyPrecedes(view(entries[b].place, log).buffer)
    }
    var text: [UInt8] = [UInt8(ascii: "[")]
    for (i, index) in order.prefix(size).enumerated() {
      if i > 0 { text.append(UInt8(ascii: ",")) }
      text.append(contentsOf: "{\"value\":".utf8)
      TextWriter.append(string: view(entries[index].place, log).buffer, to: &text)
      text.append(contentsOf: ",\"count\":\(entries[index].count)}".utf8)
    }
    text.append(UInt8(ascii: "]"))
    batch.bytes(field)[row] = text.withUnsafeBufferPointer { batch.copy($0) }
  }
}
