package import Dataflow

/// A system that keeps topics, as source and sink see it. `LocalTopicClient` is the embedded one, `KafkaTopicClient` that of a broker.
///
/// Partitions are assigned by hand and offsets come from checkpoints: no consumer group decides who reads what. A committer puts an epoch's records and
/// its ledger row into the topic in one step; a broker does the same in one transaction with a record in a topic of its own.
package protocol TopicClient: Sendable {
  /// Says what there is of a topic, for messages: a folder, or a broker's address.
  var place: String { get }
  /// Bytes that key, value and headers of a record may have together.
  var recordBytes: Int { get }
  /// What becomes of values that are too long; nil when they go into the topic like all others.
  var oversized: OversizedValues? { get }
  /// Opens a topic for reading; also one that does not exist yet.
  func makeReader(_ topic: String) throws -> any TopicReader
  /// Makes the half of a sink that applies staged epochs, each together with its ledger row. A stage is `TopicStage`.
  func makeCommitter(_ topic: String) throws -> any SinkCommitter
  /// Opens a topic for appending at once, outside of checkpoints: for collectors, who acknowledge a record when it is safe.
  func makeAppender(_ topic: String, _ runtime: any Runtime) throws -> any TopicAppender
  /// Removes a topic that nobody reads or writes any more, with all that is in it; nothing when there is none. Throws `TopicError`, `FileError`.
  func remove(_ topic: String) throws
}

/// Reads partitions of one topic. Owned by one subtask, which calls it in a loop: no call waits for new records.
package protocol TopicReader: AnyObject {
  /// Learns what the topic holds by now. Throws `TopicError`, `SourceError`.
  func refresh() throws
  /// The topic's id; nil as long as there is no such topic. Another id means other records under the same offsets.
  var id: UInt64? { get }
  /// How many partitions there are. Only ever grows.
  var partitions: Int { get }
  /// The offset that the next record of a partition will get.
  func end(_ partition: Int) -> Int64
  /// The oldest offset that is still there, as far as is known.
  func start(_ partition: Int) throws -> Int64
  /// Adds records from `offset` on, below `limit`, to an empty batch of `TopicColumns.schema`: at most as many as fit.
  ///
  /// Sets columns, times, raw bytes and offsets. The split is the caller's.
  /// - Returns: the offset to go on from; the same when there is nothing yet.
  /// - Throws: `TopicError` `.gone` when retention removed the offset, `.damaged` with file and place.
  func read(_ partition: Int, from offset: Int64, below limit: Int64, into batch: RecordBatch) throws -> Int64
  /// Waits a moment for records that are on their way. False when all that there is can be read at once, so that waiting is of no use.
  func awaitRecords() -> Bool
  /// Whether offsets need a mark beside them, because the id does not change with every topic of that name.
  var needsMarks: Bool { get }
  /// Whether the record is still there that the mark was made of; true when that cannot be told any more. May wait. Throws `SourceError`.
  func holds(_ mark: TopicMark, in partition: Int) throws -> Bool
  /// Lets tools that watch consumer groups see how far a job has come. Best effort; does not wait.
  func publish(_ positions: [(partition: Int, offset: Int64)], group: String)
  /// Gives back what is open.
  func close()
}

extension TopicClient {
  package var oversized: OversizedValues? { nil }
}

extension TopicReader {
  package func awaitRecords() -> Bool { false }
  package var needsMarks: Bool { false }
  package func holds(_ mark: TopicMark, in partition: Int) throws -> Bool { true }
  package func publish(_ positions: [(partition: Int, offset: Int64)], group: String) {}

  /// Like `read`, for callers that are no job: waits until there are records, or the limit or the partition's known end is reached.
  package func readWaiting(_ partition: Int, from offset: Int64, below limit: Int64, into batch: RecordBatch) throws -> Int64 {
    let limit = min(limit, end(partition))
    var next = offset
    while next < limit {
      next = try read(partition, from: next, below: limit, into: batch)
      if batch.count > 0 || !awaitRecords() { break }
    }
    return next
  }
}

/// What a record was, so that another one under its offset is noticed.
package struct TopicMark: Equatable, Sendable {
  package var offset: Int64
  /// Of the record's time, key and value.
  package var hash: UInt64

  package init(offset: Int64, hash: UInt64) {
    self.offset = offset
    self.hash = hash
  }

  /// The mark of a row of `TopicColumns.schema`.
  init(_ batch: RecordBatch, _ row: Int) {
    var hasher = KeyHasher()
    hasher.combine(UInt64(bitPattern: batch.times[row]))
    hasher.combine(batch.bytes(TopicColumns.key)[row])
    hasher.combine(batch.bytes(TopicColumns.value)[row])
    self.init(offset: batch.offsets[row], hash: hasher.finish().high)
  }
}

/// Appends records to one topic, durably. Safe to call from any thread; calls wait for each other.
package protocol TopicAppender: Sendable {
  /// Appends the records of the stages; they are safe when this returns. A call that throws may or may not have appended them.
  ///
  /// - Parameter stages: bytes of `TopicStage`.
  /// - Returns: how many records that were.
  /// - Throws: `TopicError`, `FileError`.
  func append(_ stages: [[UInt8]]) throws -> Int
  /// Appends records and sets marks of the owner, numbers with a name, in one step: neither is there without the other.
  ///
  /// - Parameter body: is given the owner's marks, and answers with what to append and which to set. It may be called again.
  /// - Returns: how many records that were.
  func append(owner: String, _ body: (_ marks: [String: UInt64]) throws -> (stages: [[UInt8]], marks: [String: UInt64])) throws -> Int
}

/// The columns that a topic source fills.
package enum TopicColumns {
  /// `key` and `value` as they were sent; `timestamp`, null when the record has none; `headers` as a JSON object, null when there are none.
  package static let schema = Schema([("key", .bytes), ("value", .bytes), ("timestamp", .time), ("headers", .bytes)])
  static let key = schema.fields[0]
  static let value = schema.fields[1]
  static let timestamp = schema.fields[2]
  static let headers = schema.fields[3]
}
