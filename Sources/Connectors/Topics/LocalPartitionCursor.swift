internal import Dataflow

/// Where reading stands in one partition of a `local` topic: an open segment, and a block of it in memory.
///
/// Everything it hands out was checked: the frame's CRC, its place in the row of offsets, the shape of its records.
final class LocalPartitionCursor {
  private let topic: LocalTopic
  private let id: UInt64
  private let partition: Int
  private var file: PosixFile?
  /// The segment's first offset.
  private var base: Int64 = 0
  /// The offset of the first record of the next frame, and the byte in the file where that begins.
  private var nextOffset: Int64 = 0
  private var position: Int64 = 0
  /// Bytes of the file from `blockStart` on.
  private var block: MemoryBlock?
  private var blockStart: Int64 = 0
  private var blockCount = 0
  /// The frame that is being handed out: where its records go on in the block, and where they end.
  private var recordStart = 0
  private var recordEnd = 0
  private var recordOffset: Int64 = 0

  init(_ topic: LocalTopic, id: UInt64, partition: Int) {
    self.topic = topic
    self.id = id
    self.partition = partition
  }

  /// The offset of the record that comes next without seeking.
  private var current: Int64 { recordStart < recordEnd ? recordOffset : nextOffset }

  /// Adds records from `offset` on and below `limit`, until the batch is full or the committed end is reached. Returns the offset to go on from.
  func read(from offset: Int64, below limit: Int64, _ end: TopicCommit.End, into batch: RecordBatch) throws -> Int64 {
    guard offset < min(limit, end.offset) else { return offset }
    var rows = TopicRows(batch)
    defer { rows.finish() }
    if file == nil || current != offset { try seek(offset, end) }
    while !rows.isFull, current < min(limit, end.offset) {
      if recordStart == recordEnd { try nextFrame(end) }
      try deliver(&rows, from: offset, below: limit)
    }
    return max(offset, current)
  }

  /// Hands out records of the frame at hand.
  private func deliver(_ rows: inout TopicRows, from offset: Int64, below limit: Int64) throws {
    guard let block else { return }
    rows.batch.retain(block)
    let bytes = UnsafeRawBufferPointer(start: block.base, count: recordEnd)
    var (cursor, next) = (recordStart, recordOffset)
    defer { (recordStart, recordOffset) = (cursor, next) }
    while cursor < recordEnd, next < limit, !rows.isFull {
      guard let record = TopicRecord(bytes, &cursor) else { throw damage("the record with offset \(next) is malformed") }
      if next >= offset && !rows.append(record, offset: next) {
        throw damage("the headers of the record with offset \(next) are malformed")
      }
      next += 1
    }
    if cursor == recordEnd && next != nextOffset {
      throw damage("a frame says that it ends before offset \(nextOffset), and ends before \(next)")
    }
  }

  // MARK: Frames

  /// Loads and checks the next frame, in the next segment when this one is at its end.
  private func nextFrame(_ end: TopicCommit.End) throws {
    guard let file else { return }
    let size = try committedSize(file, end)
    if position >= size && base != end.segment {
      try openSegment(nextOffset, after: base)
      return try nextFrame(end)
    }
    let frame = try checked(try loaded(TopicFrame.headSize, size), size)
    guard frame.firstOffset == nextOffset else {
      throw damage("a frame begins with offset \(frame.firstOffset) where \(nextOffset) should come")
    }
    let start = Int(position - blockStart)
    recordStart = start + TopicFrame.headSize
    recordEnd = start + frame.size
    recordOffset = nextOffset
    nextOffset += Int64(frame.records)
    position += Int64(frame.size)
    // A frame holds a record at least: an empty one would be read for ever.
    guard frame.records > 0, recordStart < recordEnd else { throw damage("a frame without records") }
  }

  private func checked(_ head: UnsafeRawBufferPointer, _ size: Int64) throws -> TopicFrame {
    switch TopicFrame.size(head) {
    case .failure(let error): throw damage(Self.words(error.fault))
    case .success(let count):
      switch TopicFrame.read(try loaded(count, size)) {
      case .success(let frame): return frame
      case .failure(let error): throw damage(Self.words(error.fault))
      }
    }
  }

  private static func words(_ fault: TopicFrame.Fault) -> String {
    switch fault {
    case .short: "the file ends inside a frame"
    case .badCheck: "the check over a frame does not fit its bytes"
    case .badHead(let what): "there is no frame: \(what)"
    }
  }

  /// The bytes from `position` on: at least `count`, unless the file's end comes first; up to a block's worth.
  private func loaded(_ count: Int, _ size: Int64) throws -> UnsafeRawBufferPointer {
    if block == nil || position < blockStart || position + Int64(count) > blockStart + Int64(blockCount) {
      // A fresh block: batches may still look into the last one.
      let fresh = MemoryBlock(minimum: max(count, MemoryBlock.standardSize))
      let wanted = Int(min(Int64(fresh.capacity), size - position))
      guard let file, wanted > 0 else { throw damage("the file ends at byte \(size), before offset \(nextOffset)") }
      let target = UnsafeMutableRawBufferPointer(start: fresh.base, count: wanted)
      do { blockCount = try file.read(into: target, at: position) } catch { throw SourceError("\(error)", isTransient: true) }
      (block, blockStart) = (fresh, position)
    }
    guard let block else { throw damage("no block") }
    let start = Int(position - blockStart)
    return UnsafeRawBufferPointer(start: block.base + start, count: blockCount - start)
  }

  // MARK: Segments

  /// Finds the frame that holds the offset. Reads the segment's frames from its beginning: a few milliseconds for 64 MiB.
  private func seek(_ offset: Int64, _ end: TopicCommit.End) throws {
    // Beyond the committed segment there may be the remains of an append that never was.
    let bases = TopicSegment.bases(try topic.files.list(topic.partitionFolder(partition))).filter { $0 <= end.segment }
    guard let start = bases.last(where: { $0 <= offset }) else {
      throw gone(offset, first: bases.first ?? offset)
    }
    try openSegment(start, after: nil)
    let size = try file.map { try committedSize($0, end) } ?? 0
    while nextOffset <= offset {
      // Everything below the committed end is whole; the offset is below it.
      let frame = try checked(try loaded(TopicFrame.headSize, size), size)
      guard frame.firstOffset == nextOffset else {
        throw damage("a frame begins with offset \(frame.firstOffset) where \(nextOffset) should come")
      }
      if frame.firstOffset + Int64(frame.records) > offset { break }
      nextOffset += Int64(frame.records)
      position += Int64(frame.size)
    }
    try skip(to: offset, size)
  }

  /// Makes `current` the offset: the records of its frame that come before are passed over.
  private func skip(to offset: Int64, _ size: Int64) throws {
    guard nextOffset < offset else { return }
    let frame = try checked(try loaded(TopicFrame.headSize, size), size)
    let start = Int(position - blockStart)
    var cursor = start + TopicFrame.headSize
    let end = start + frame.size
    guard let block else { return }
    for next in nextOffset..<offset {
      guard TopicRecord(UnsafeRawBufferPointer(start: block.base, count: end), &cursor) != nil else {
        throw damage("the record with offset \(next) is malformed")
      }
    }
    (recordStart, recordEnd, recordOffset) = (cursor, end, offset)
    nextOffset += Int64(frame.records)
    position += Int64(frame.size)
  }

  private func openSegment(_ start: Int64, after last: Int64?) throws {
    let path = topic.segmentPath(partition, start)
    do {
      let file = try PosixFile(path)
      var head = [UInt8](repeating: 0, count: TopicSegment.headSize)
      _ = try head.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
      guard let segment = TopicSegment(head), segment.base == start, segment.partition == partition else {
        throw TopicError(.damaged, "the head of \(path) is damaged (byte 0)", hint: cure)
      }
      guard segment.topic == id else {
        throw TopicError(.damaged, "\(path) belongs to another topic", hint: cure)
      }
      self.file = file
    } catch let error as SystemError {
      guard error.isGone else { throw SourceError(error.description, isTransient: true) }
      let bases = TopicSegment.bases((try? topic.files.list(topic.partitionFolder(partition))) ?? [])
      if let first = bases.first, first > start { throw gone(start, first: first) }
      if let last {
        let file = topic.segmentPath(partition, last)
        throw TopicError(.damaged, "\(file) ends with offset \(start - 1), and no file goes on from there", hint: cure)
      }
      throw gone(start, first: bases.first ?? start)
    }
    base = start
    nextOffset = start
    position = Int64(TopicSegment.headSize)
    (block, blockCount, recordStart, recordEnd) = (nil, 0, 0, 0)
  }

  /// How many bytes of the open segment count. What lies beyond may yet be written anew, so it is not even loaded.
  private func committedSize(_ file: PosixFile, _ end: TopicCommit.End) throws -> Int64 {
    guard base != end.segment else { return end.size }
    do { return try file.status().size } catch { throw SourceError("\(error)", isTransient: true) }
  }

  // MARK: Errors

  private var cure: String { "restore the file from a copy, or move it away and start behind it with startFrom: latest" }

  private func damage(_ what: String) -> TopicError {
    TopicError(.damaged, "\(topic.segmentPath(partition, base)) is damaged at byte \(position): \(what)", hint: cure)
  }

  private func gone(_ offset: Int64, first: Int64) -> TopicError {
    TopicError(
      .gone(first: first),
      "offset \(offset) of partition \(partition) of topic \"\(topic.name)\" was removed by retention; the oldest is \(first)",
      hint: "give the topic more retention, or set onGap: earliest to go on with what there is")
  }
}
