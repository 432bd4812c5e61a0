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
    let row = count
    if record.headerCount == 0 {
      headers[row] = .null
    } else {
      guard let text = Self.object(record) else { return false }
      headers[row] = text.withUnsafeBufferPointer { batch.copy($0) }
    }
    keys[row] = record.key
    values[row] = record.value
    timestamps[row] = record.timestamp
    timestampNulls[row] = record.timestamp == RecordBatch.noTime ? 1 : 0
    batch.times[row] = record.timestamp
    batch.raws[row] = record.value
    batch.offsets[row] = offset
    bytes += record.value.count + record.key.count
    count += 1
    return true
  }

  /// The headers as a JSON object, in their order. Of several with one name all are written.
  private static func object(_ record: TopicRecord) -> [UInt8]? {
    guard let list = record.headers else { return nil }
    var text: [UInt8] = [UInt8(ascii: "{")]
    for (index, header) in list.enumerated() {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      TextWriter.append(string: header.name.buffer, to: &text)
      text.append(UInt8(ascii: ":"))
      if header.value.isNull { TextWriter.append(null: &text) } else { TextWriter.append(string: header.value.buffer, to: &text) }
    }
    text.append(UInt8(ascii: "}"))
    return text
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
