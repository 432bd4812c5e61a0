import Connectors
import Dataflow

/// A record as a test sees it.
struct ReadRecord: Hashable {
  var partition: Int
  var offset: Int64
  var key: [UInt8]?
  var value: [UInt8]?
  var timestamp: Int64
  var headers: String?

  var text: String { value.map { String(decoding: $0, as: UTF8.self) } ?? "null" }
}

/// Reading and writing topics without a job around it.
enum TopicHarness {
  static func stage(_ records: [(key: String?, value: String, time: Int64)]) -> [UInt8] {
    var stage = TopicStage.signature
    for record in records { append(record.key.map { Array($0.utf8) }, Array(record.value.utf8), record.time, to: &stage) }
    return stage
  }

  static func append(_ key: [UInt8]?, _ value: [UInt8]?, _ time: Int64, to stage: inout [UInt8]) {
    view(key) { key in view(value) { value in TopicRecord.append(timestamp: time, key: key, value: value, to: &stage) } }
  }

  private static func view<T>(_ bytes: [UInt8]?, _ body: (ByteView) -> T) -> T {
    guard let bytes else { return body(.null) }
    // Never empty, so that there is an address.
    return (bytes + [0]).withUnsafeBufferPointer { body(ByteView(base: $0.baseAddress, count: bytes.count)) }
  }

  /// A staged epoch of values without keys.
  static func epoch(_ number: UInt64, _ values: [String], key: String? = nil) -> StagedEpoch {
    let bytes = stage(values.map { (key, $0, Int64(number)) })
    var hasher = KeyHasher()
    bytes.withUnsafeBufferPointer { hasher.combine($0.baseAddress, $0.count) }
    return StagedEpoch(epoch: number, chunks: [bytes], rows: values.count, digest: hasher.finish().high, manifest: "m-\(number)")
  }

  /// All records of the batch.
  static func records(_ batch: RecordBatch, partition: Int) -> [ReadRecord] {
    let fields = TopicColumns.schema.fields
    return (0..<batch.selectedCount).map { index in
      let row = Int(batch.selection[index])
      func bytes(_ field: Field) -> [UInt8]? { batch.bytes(field)[row].isNull ? nil : Array(batch.bytes(field)[row].buffer) }
      return ReadRecord(
        partition: partition, offset: batch.offsets[row], key: bytes(fields[0]), value: bytes(fields[1]), timestamp: batch.times[row],
        headers: bytes(fields[3]).map { String(decoding: $0, as: UTF8.self) })
    }
  }

  /// Everything in the topic, partition by partition. Offsets must follow one another.
  static func readAll(_ client: LocalTopicClient, _ topic: String, from start: Int64 = 0) throws -> [ReadRecord] {
    let reader = try client.makeReader(topic)
    try reader.refresh()
    var all: [ReadRecord] = []
    for partition in 0..<reader.partitions {
      var next = max(start, try reader.start(partition))
      while true {
        let batch = RecordBatch(schema: TopicColumns.schema)
        let after = try reader.read(partition, from: next, below: .max, into: batch)
        let records = records(batch, partition: partition)
        precondition(records.map(\.offset) == Array(next..<after), "offsets have holes")
        all += records
        if after == next { break }
        next = after
      }
      precondition(next == max(next, reader.end(partition)), "reading stopped before the end")
    }
    return all
  }
}
