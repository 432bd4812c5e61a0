internal import Dataflow

/// Writes records of a topic into a batch of `TopicColumns.schema`.
struct TopicRows {
  /// Records of a batch hold at most about this many bytes, so that a batch of large ones does not take memory without end.
  static let byteBudget = 1 << 20

  let batch: RecordBatch
  private let keys: UnsafeMutablePointer<ByteView>
  private let values: UnsafeMutablePointer<ByteView>
  private let timestamps: UnsafeMutablePointer<Int64>
  private let timestampNulls: UnsafeMutablePointer<UInt8>
  private let headers: UnsafeMutablePointer<ByteView>
  private(set) var count: Int
  private(set) var bytes = 0

  init(_ batch: RecordBatch) {
    self.batch = batch
    keys = batch.bytes(TopicColumns.key)
    values = batch.bytes(TopicColumns.value)
    timestamps = batch.int64s(TopicColumns.timestamp)
    timestampNulls = batch.nulls(TopicColumns.timestamp)
    headers = batch.bytes(TopicColumns.headers)
    count = batch.count
  }

  var isFull: Bool { count == RecordBatch.capacity || bytes >= Self.byteBudget }

  /// Adds a record whose bytes the batch keeps alive. False when its headers are no headers.
  @inline(__always)
  mutating func append(_ record: TopicRecord, offset: Int64) -> Bool {
    var headers = ByteView.null
    if record.headerCount > 0 {
      guard let list = record.headers else { return false }
      headers = object(list)
    }
    append(key: record.key, value: record.value, timestamp: record.timestamp, headers: headers, offset: offset)
    return true
  }

  /// Adds a record. Everything that is given must live as long as the batch.
  @inline(__always)
  mutating func append(key: ByteView, value: ByteView, timestamp: Int64, headers: ByteView, offset: Int64) {
    let row = count
    self.headers[row] = headers
    keys[row] = key
    values[row] = value
    timestamps[row] = timestamp
    timestampNulls[row] = timestamp == RecordBatch.noTime ? 1 : 0
    batch.times[row] = timestamp
    batch.raws[row] = value
    batch.offsets[row] = offset
    bytes += value.count + key.count
    count += 1
  }

  /// Headers as a JSON object, in their order, in memory of the batch. Of several with one name all are written.
  func object(_ list: [(name: ByteView, value: ByteView)]) -> ByteView {
    var text: [UInt8] = [UInt8(ascii: "{")]
    for (index, header) in list.enumerated() {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      TextWriter.append(string: header.name.buffer, to: &text)
      text.append(UInt8(ascii: ":"))
      if header.value.isNull { TextWriter.append(null: &text) } else { TextWriter.append(string: header.value.buffer, to: &text) }
    }
    text.append(UInt8(ascii: "}"))
    return text.withUnsafeBufferPointer { batch.copy($0) }
  }

  /// Makes the new rows part of the batch and alive.
  func finish() {
    let first = batch.count
    (batch.ordinals + first).update(repeating: 0, count: count - first)
    for row in first..<count { batch.selection[batch.selectedCount + row - first] = UInt16(truncatingIfNeeded: row) }
    batch.selectedCount += count - first
    batch.count = count
  }
}
