internal import Dataflow

/// A uniform sample of the records: the `size` with the smallest keyed hash of their id (bottom-k), as a JSON list of objects.
///
/// The same records give the same sample in any order, at any parallelism and after any replay, and samples of parts merge into the sample of the whole.
/// Records with equal ids count once.
///
/// Layout: count (4 bytes), index of the largest (4 bytes), then per entry the hash (8 bytes) and where its JSON stands in the log
/// (offset in the upper 40 bits, length in the lower 24).
///
/// - Complexity: one hash and one comparison a record; a record is copied only when it enters the sample, about `size * ln(n / size)` times.
final class Reservoir: AggregateFunction {
  let payload: Int
  let outputType = ColumnType.bytes
  private let size: Int
  private let id: Field
  private let fields: [(name: String, field: Field)]
  private let seed: UInt64
  private let maxBytes: Int
  private var json: [UInt8] = []

  /// - Parameters:
  ///   - id: the field whose hash decides.
  ///   - fields: what a sample shows, by the name it gets.
  ///   - maxBytes: longest value that is kept; longer ones are cut at a character.
  init(size: Int, id: Field, fields: [(String, Field)], seed: UInt64, maxBytes: Int) {
    self.size = size
    self.id = id
    self.fields = fields
    self.seed = seed
    self.maxBytes = maxBytes
    payload = 8 + size * 16
  }

  func add(
    _ batch: RecordBatch, _ rows: UnsafeBufferPointer<UInt16>, _ slots: UnsafePointer<UnsafeMutableRawPointer>, _ offset: Int,
    _ log: ColdLog
  ) {
    let ids = batch.bytes(id)
    for i in rows.indices {
      let row = Int(rows[i])
      var hasher = KeyHasher(seed: seed)
      hasher.combine(ids[row])
      let hash = hasher.finish().high
      let summary = slots[i] + offset
      if wants(summary, hash) {
        encode(batch, row)
        json.withUnsafeBufferPointer { insert(summary, hash, $0, log) }
      }
    }
  }

  @inline(__always)
  private func wants(_ summary: UnsafeMutableRawPointer, _ hash: UInt64) -> Bool {
    if Int(summary.load(as: UInt32.self)) < size { return true }
    let largest = Int(summary.load(fromByteOffset: 4, as: UInt32.self))
    return hash <= summary.load(fromByteOffset: 8 + largest * 16, as: UInt64.self)
  }

  /// Puts an entry into the sample, in place of the largest when it is full. Of two records with one id the smaller JSON stays.
  private func insert(_ summary: UnsafeMutableRawPointer, _ hash: UInt64, _ json: UnsafeBufferPointer<UInt8>, _ log: ColdLog) {
    let count = Int(summary.load(as: UInt32.self))
    let entries = (summary + 8).assumingMemoryBound(to: (hash: UInt64, place: UInt64).self)
    for i in 0..<count where entries[i].hash == hash {
      if json.lexicographicallyPrecedes(sample(summary, i, log).buffer) { entries[i].place = append(json, log) }
      return
    }
    let index = count < size ? count : Int(summary.load(fromByteOffset: 4, as: UInt32.self))
    entries[index] = (hash, append(json, log))
    let newCount = min(size, count + 1)
    var largest = 0
    for i in 1..<max(1, newCount) where entries[i].hash > entries[largest].hash { largest = i }
    summary.storeBytes(of: UInt32(newCount), as: UInt32.self)
    summary.storeBytes(of: UInt32(largest), toByteOffset: 4, as: UInt32.self)
  }

  private func append(_ json: UnsafeBufferPointer<UInt8>, _ log: ColdLog) -> UInt64 {
    UInt64(log.append(json.baseAddress, json.count)) << 24 | UInt64(json.count)
  }

  private func encode(_ batch: RecordBatch, _ row: Int) {
    json.removeAll(keepingCapacity: true)
    json.append(UInt8(ascii: "{"))
    for (i, (name, field)) in fields.enumerated() {
      if i > 0 { json.append(UInt8(ascii: ",")) }
      JSONText.append(string: name, to: &json)
      json.append(UInt8(ascii: ":"))
      let value = batch.bytes(field)[row]
      if value.isNull { json.append(contentsOf: "null".utf8) } else { JSONText.append(string: cut(value), to: &json) }
    }
    json.append(UInt8(ascii: "}"))
  }

  /// At most `maxBytes`, never inside a UTF-8 sequence.
  private func cut(_ value: ByteView) -> UnsafeBufferPointer<UInt8> {
    guard value.count > maxBytes, let base = value.base else { return value.buffer }
    var end = maxBytes
    while end > 0 && base[end] & 0xC0 == 0x80 { end -= 1 }
    return UnsafeBufferPointer(start: base, count: end)
  }

  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, _ from: UnsafeRawPointer, _ fromLog: ColdLog) {
    for i in 0..<Int(from.load(as: UInt32.self)) {
      let hash = from.load(fromByteOffset: 8 + i * 16, as: UInt64.self)
      guard wants(into, hash) else { continue }
      insert(into, hash, sample(from, i, fromLog).buffer, log)
    }
  }

  private func sample(_ summary: UnsafeRawPointer, _ index: Int, _ log: ColdLog) -> ByteView {
    let place = summary.load(fromByteOffset: 16 + index * 16, as: UInt64.self)
    return log.view(Int(place >> 24), Int(place & 0xFF_FFFF))
  }

  func write(_ summary: UnsafeRawPointer, _ log: ColdLog, _ batch: RecordBatch, _ field: Field, _ row: Int) {
    let count = Int(summary.load(as: UInt32.self))
    let order = (0..<count).sorted {
      summary.load(fromByteOffset: 8 + $0 * 16, as: UInt64.self) < summary.load(fromByteOffset: 8 + $1 * 16, as: UInt64.self)
    }
    var text: [UInt8] = [UInt8(ascii: "[")]
    for (i, index) in order.enumerated() {
      if i > 0 { text.append(UInt8(ascii: ",")) }
      text.append(contentsOf: sample(summary, index, log).buffer)
    }
    text.append(UInt8(ascii: "]"))
    batch.bytes(field)[row] = text.withUnsafeBufferPointer { batch.copy($0) }
  }
}
