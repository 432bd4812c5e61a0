package import Dataflow

/// One append to a topic: any number of records in any number of partitions, and ledger rows, that count together.
///
/// Lives inside `LocalTopic.append`, which holds the lock and publishes the commit.
package struct TopicAppend {
  /// Frames are written out when they have grown to this.
  private static let bufferBytes = 4 << 20

  private let topic: LocalTopic
  /// The commit that the append will publish.
  package private(set) var commit: TopicCommit
  let now: Int64
  /// Whether there is anything to publish.
  var hasChanges = false
  /// Whether a segment was begun: only then there may be something to remove.
  private(set) var hasRolled = false
  /// One a partition, and which of them were begun.
  private var writers: [TopicFrameWriter]
  private var isBegun: [Bool]
  /// Files to sync, and folders that got new files.
  private var written: Set<String> = []
  private var folders: Set<String> = []
  private var spread: Int

  init(_ topic: LocalTopic, _ commit: TopicCommit, now: Int64) {
    self.topic = topic
    self.commit = commit
    self.now = now
    writers = commit.ends.map { TopicFrameWriter(nextOffset: $0.offset) }
    isBegun = commit.ends.map { _ in false }
    // Where records without a key begin: elsewhere with every append.
    spread = Int(truncatingIfNeeded: commit.sequence & 0xFFFF)
  }

  /// The ledger row of a writer.
  package func row(_ writer: TopicCommit.Writer) -> LedgerRow? { commit.ledger[writer] }

  /// Sets the ledger row of a writer.
  package mutating func setRow(_ writer: TopicCommit.Writer, _ row: LedgerRow) {
    commit.ledger[writer] = row
    hasChanges = true
  }

  mutating func addPartitions(_ count: Int) {
    while commit.ends.count < count {
      commit.ends.append(TopicCommit.End())
      writers.append(TopicFrameWriter(nextOffset: 0))
      isBegun.append(false)
    }
    hasChanges = true
  }

  /// The partition of a key: the same as long as the number of partitions is. Records without a key stay together by the thousand.
  package mutating func partition(of key: ByteView) -> Int {
    let count = commit.ends.count
    guard !key.isNull else {
      spread &+= 1
      return (spread / TopicLimits.frameRecords) % count
    }
    var hasher = KeyHasher()
    hasher.combine(key)
    return Int((hasher.finish().high >> 32) % UInt64(count))
  }

  /// Appends an encoded `TopicRecord`, its size in front. O(bytes).
  package mutating func append(_ record: UnsafeRawBufferPointer, timestamp: Int64, to partition: Int) throws {
    if !isBegun[partition] { try begin(partition) }
    writers[partition].append(record, timestamp: timestamp)
    if writers[partition].bytes.count >= Self.bufferBytes { try flush(partition) }
  }

  /// Writes and syncs everything. Answers with whether there is something to commit.
  mutating func finish() throws -> Bool {
    guard hasChanges else { return false }
    for partition in writers.indices where isBegun[partition] { try flush(partition) }
    if topic.settings.isDurable {
      for path in written.sorted() { try topic.files.sync(path) }
      for path in folders.sorted() { try topic.files.syncDirectory(path) }
    }
    return true
  }

  /// The first append to a partition removes what an earlier one left without committing it.
  private mutating func begin(_ partition: Int) throws {
    let end = commit.ends[partition]
    let folder = topic.partitionFolder(partition)
    for base in TopicSegment.bases(try topic.files.list(folder)) where base > end.segment {
      try topic.files.remove(topic.segmentPath(partition, base))
    }
    if end.segment >= 0 {
      let path = topic.segmentPath(partition, end.segment)
      try topic.files.cut(path, to: end.size)
      let size = try topic.files.size(path)
      guard size >= end.size else {
        throw TopicError(
          .damaged, "\(path) ends at byte \(size), but records up to byte \(end.size) were written",
          hint: "restore the file from a copy, or move the folder \(topic.folder) away")
      }
    }
    isBegun[partition] = true
    hasChanges = true
  }

  private mutating func flush(_ partition: Int) throws {
    writers[partition].close()
    let count = writers[partition].bytes.count
    guard count > 0 else { return }
    var end = commit.ends[partition]
    if isFull(end, adding: count) { end = try roll(partition, end) }
    let path = topic.segmentPath(partition, end.segment)
    let (files, size) = (topic.files, end.size)
    try writers[partition].drain { try files.write(path, at: size, $0) }
    written.insert(path)
    end.size += Int64(count)
    end.offset = writers[partition].nextOffset
    commit.ends[partition] = end
  }

  private func isFull(_ end: TopicCommit.End, adding bytes: Int) -> Bool {
    guard end.segment >= 0 else { return true }
    // A segment holds a record at least: its name is that of its first.
    guard end.offset > end.segment else { return false }
    if end.size + Int64(bytes) > topic.settings.segmentBytes { return true }
    return topic.settings.segmentAge.map { now - end.created >= $0 } ?? false
  }

  /// Begins a new segment at the partition's end.
  private mutating func roll(_ partition: Int, _ end: TopicCommit.End) throws -> TopicCommit.End {
    let folder = topic.partitionFolder(partition)
    try topic.files.createDirectory(folder)
    let head = TopicSegment(topic: commit.id, partition: partition, base: end.offset, created: now).encoded
    let path = topic.segmentPath(partition, end.offset)
    try head.withUnsafeBytes { try topic.files.write(path, at: 0, $0) }
    folders.insert(folder)
    written.insert(path)
    hasRolled = true
    return TopicCommit.End(offset: end.offset, segment: end.offset, size: Int64(head.count), created: now)
  }
}
