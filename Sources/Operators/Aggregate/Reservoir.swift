internal import Dataflow

/// A uniform sample of the records: the `size` with the smallest keyed hash of their id (bottom-k), as a JSON list of objects.
///
/// The same records give the same sample in any order, at any parallelism and after any replay, and samples of parts merge into the sample of the whole.
/// Records with equal ids count once.
///
/// Layout: count (4 bytes), index of the largest (4 bytes), then per entry the hash (8 bytes) and where its sample stands in the log
/// (offset in the upper 40 bits, length in the lower 24). A sample is its values, each behind its length (4 bytes, all ones for null): most
/// samples are pushed out again, so JSON is written only for those that are shown.
///
/// - Complexity: one hash and one comparison a record; a record is copied only when it enters the sample, about `size * ln(n / size)` times.
final class Reservoir: AggregateFunction {
  let payload: Int
  let outputType = ColumnType.bytes
  private let size: Int
  private let id: Field
  private let fields: [Field]
  /// What stands before each field's value in the JSON object: the first opens it.
  private let labels: [[UInt8]]
  private let seed: UInt64
  private let maxBytes: Int
  private var scratch: [UInt8] = []

  /// - Parameters:
  ///   - id: the field whose hash decides.
  ///   - fields: what a sample shows, by the name it gets.
  ///   - maxBytes: longest value that is kept; longer ones are cut at a character.
  init(size: Int, id: Field, fields: [(String, Field)], seed: UInt64, maxBytes: Int) {
    self.size = size
    self.id = id
    self.fields = fields.map(\.1)
    labels = fields.enumerated().map { i, shown in
      var label: [UInt8] = [i == 0 ? UInt8(ascii: "{") : UInt8(ascii: ",")]
      TextWriter.append(string: shown.0, to: &label)
      return label + [UInt8(ascii: ":")]
    }
    self.seed = seed
    self.maxBytes = maxBytes
    payload = 8 + size * 16
  }

  func add(
    _ batch: RecordBatch, _ rows: UnsafeBufferPointer<UInt16>, _ slots: UnsafePointer<UnsafeMutableRawPointer>, _ offset: Int,
    _ log: ColdLog
  ) {
    let ids = batch.bytes(id)
    let values = fields.map { batch.bytes($0) }
    // Out of the object while the loop runs: its stored properties are checked for exclusive access at every touch.
    var sample = scratch
    scratch = []
    for i in rows.indices {
      let row = Int(rows[i])
      Prefetch.view(ids, rows, ahead: i)
      var hasher = KeyHasher(seed: seed)
      hasher.combine(ids[row])
      let hash = hasher.finish().high
      let summary = slots[i] + offset
      guard wants(summary, hash) else { continue }
      sample.removeAll(keepingCapacity: true)
      for value in values { Self.encode(value[row], maxBytes, to: &sample) }
      sample.withUnsafeBufferPointer { insert(summary, hash, $0, log) }
    }
    scratch = sample
  }

  @inline(__always)
  private func wants(_ summary: UnsafeMutableRawPointer, _ hash: UInt64) -> Bool {
    if Int(summary.load(as: UInt32.self)) < size { return true }
    let largest = Int(summary.load(fromByteOffset: 4, as: UInt32.self))
    return hash <= summary.load(fromByteOffset: 8 + largest * 16, as: UInt64.self)
  }

  /// Puts an entry into the summary, in place of the largest when it is full. Of two records with one id the smaller sample stays.
  private func insert(_ summary: UnsafeMutableRawPointer, _ hash: UInt64, _ sample: UnsafeBufferPointer<UInt8>, _ log: ColdLog) {
    let count = Int(summary.load(as: UInt32.self))
    let entries = (summary + 8).assumingMemoryBound(to: (hash: UInt64, place: UInt64).self)
    for i in 0..<count where entries[i].hash == hash {
      if sample.lexicographicallyPrecedes(self.sample(summary, i, log).buffer) { entries[i].place = append(sample, log) }
      return
    }
    let index = count < size ? count : Int(summary.load(fromByteOffset: 4, as: UInt32.self))
    entries[index] = (hash, append(sample, log))
    let newCount = min(size, count + 1)
    var largest = 0
    for i in 1..<max(1, newCount) where entries[i].hash > entries[largest].hash { largest = i }
    summary.storeBytes(of: UInt32(newCount), as: UInt32.self)
    summary.storeBytes(of: UInt32(largest), toByteOffset: 4, as: UInt32.self)
  }

  private func append(_ sample: UnsafeBufferPointer<UInt8>, _ log: ColdLog) -> UInt64 {
    UInt64(log.append(sample.baseAddress, sample.count)) << 24 | UInt64(sample.count)
  }

  @inline(__always)
  private static func encode(_ value: ByteView, _ maxBytes: Int, to sample: inout [UInt8]) {
    guard !value.isNull else { return sample.append(integer: UInt32.max) }
    let shown = cut(value, maxBytes)
    sample.append(integer: UInt32(shown.count))
    sample.append(contentsOf: shown)
  }

  /// At most `maxBytes`, never inside a UTF-8 sequence.
  private static func cut(_ value: ByteView, _ maxBytes: Int) -> UnsafeBufferPointer<UInt8> {
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

  var encodedLimit: Int { 4 + size * (12 + fields.count * (4 + maxBytes)) }

  func encode(_ summary: UnsafeRawPointer, _ log: ColdLog, to bytes: inout [UInt8]) {
    let count = summary.load(as: UInt32.self)
    bytes.append(integer: count)
    for i in 0..<Int(count) {
      bytes.append(integer: summary.load(fromByteOffset: 8 + i * 16, as: UInt64.self))
      bytes.append(view: sample(summary, i, log))
    }
  }

  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, encoded: inout ByteReader) throws {
    for _ in 0..<(try encoded.integer(UInt32.self)) {
      let hash = try encoded.integer(UInt64.self)
      let sample = try encoded.view()
      try check(sample)
      if wants(into, hash) { insert(into, hash, sample.buffer, log) }
    }
  }

  /// Throws `StateFormatError` for bytes that are no sample.
  private func check(_ sample: ByteView) throws {
    var reader = ByteReader(UnsafeRawBufferPointer(sample.buffer))
    for _ in fields { _ = try reader.view() }
    guard reader.isAtEnd else { throw StateFormatError("a sample with \(reader.remaining) bytes too many") }
  }

  func write(_ summary: UnsafeRawPointer, _ log: ColdLog, _ batch: RecordBatch, _ field: Field, _ row: Int) {
    let count = Int(summary.load(as: UInt32.self))
    let order = (0..<count).sorted {
      summary.load(fromByteOffset: 8 + $0 * 16, as: UInt64.self) < summary.load(fromByteOffset: 8 + $1 * 16, as: UInt64.self)
    }
    var text: [UInt8] = [UInt8(ascii: "[")]
    for (i, index) in order.enumerated() {
      if i > 0 { text.append(UInt8(ascii: ",")) }
      append(json: sample(summary, index, log), to: &text)
    }
    text.append(UInt8(ascii: "]"))
    batch.bytes(field)[row] = text.withUnsafeBufferPointer { batch.copy($0) }
  }

  private func append(json sample: ByteView, to text: inout [UInt8]) {
    // The log holds what `encode` wrote: a length for each field, and the bytes.
    var rest = UnsafeRawBufferPointer(sample.buffer)
    for label in labels {
      text.append(contentsOf: label)
      let count = rest.loadUnaligned(as: UInt32.self)
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(4))
      guard count != .max else {
        text.append(contentsOf: "null".utf8)
        continue
      }
      TextWriter.append(string: UnsafeRawBufferPointer(rebasing: rest.prefix(Int(count))).bindMemory(to: UInt8.self), to: &text)
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(Int(count)))
    }
    text.append(UInt8(ascii: "}"))
  }
}
