internal import Dataflow

/// Reads the partitions that its subtask owns, in turns.
final class TopicSourceReader: SourceReader {
  private struct Split {
    let topic: Int
    let partition: Int
    let index: UInt32
    var offset: Int64
    /// Where reading ends: the end when the source was opened, or nowhere.
    var limit: Int64
    var mark: TopicMark?
    var isFinished = false
  }

  private let client: any TopicClient
  private let options: TopicSourceOptions
  private var context: SourceContext?
  private var readers: [any TopicReader] = []
  /// The ids of the topics that the offsets belong to.
  private var ids: [UInt64?] = []
  private var splits: [Split] = []
  /// How many partitions of each topic were looked at.
  private var known: [Int] = []
  private var turn = 0
  private var lastLook: Int64?
  /// Positions of topics that are not there (yet).
  private var waiting: [TopicPosition] = []
  /// How far the checkpoint before had come.
  private var completed: [(topic: Int, partition: Int, offset: Int64)] = []
  /// More often than this, new partitions are not looked for.
  private static let lookInterval: Int64 = 100_000_000

  init(_ client: any TopicClient, _ options: TopicSourceOptions) {
    self.client = client
    self.options = options
  }

  func open(_ context: SourceContext) throws {
    self.context = context
    readers = try options.topics.map { try client.makeReader($0) }
    ids = readers.map { _ in nil }
    known = readers.map { _ in 0 }
    try translated { for topic in readers.indices { try look(topic, isFirst: true) } }
    for (topic, reader) in readers.enumerated() where reader.id == nil {
      let message = "topic \"\(options.topics[topic])\" does not exist in \(client.place)"
      guard !options.isBounded else { throw SourceError(message, hint: "check its name; a job that writes into it makes it") }
      options.warn("\(message) yet: waiting for it")
    }
  }

  func restore(_ positions: [SplitPosition]) throws {
    guard let context else { preconditionFailure("positions restored before the topic source was opened") }
    // What a fresh start would have read is of no account.
    splits = []
    known = readers.map { _ in 0 }
    waiting = try positions.map(TopicPosition.init).filter { position in
      guard let topic = options.topics.firstIndex(of: position.topic) else { return false }
      return context.owns(topic + position.partition)
    }
    try translated { for topic in readers.indices { try add(topic) } }
  }

  func poll(_ batch: RecordBatch) throws -> SourceStatus {
    guard let context else { preconditionFailure("the topic source was polled before it was opened") }
    return try translated {
      let now = context.runtime.monotonic()
      if !options.isBounded, now - (lastLook ?? now - Self.lookInterval) >= Self.lookInterval {
        lastLook = now
        for topic in readers.indices { try look(topic, isFirst: false) }
      }
      if try readSome(batch) { return .more }
      // Records that are there may still be on their way.
      if options.isBounded { return splits.allSatisfy(\.isFinished) ? .drained : .wait(.nanoseconds(options.pollInterval)) }
      // Everything that is known is read: what came meanwhile is worth a look before waiting.
      for topic in readers.indices { try look(topic, isFirst: false) }
      lastLook = now
      return try readSome(batch) ? .more : .wait(.nanoseconds(options.pollInterval))
    }
  }

  func positions() -> [SplitPosition] {
    splits.map { split in
      TopicPosition(
        topic: options.topics[split.topic], partition: split.partition, id: ids[split.topic], mark: split.mark, offset: split.offset
      ).encoded
    } + waiting.map(\.encoded)
  }

  /// The checkpoint before is complete by now: tools may know of it.
  func snapshot() -> [SplitPosition] {
    if let context {
      for (topic, reader) in readers.enumerated() {
        let complete = completed.filter { $0.topic == topic }.map { (partition: $0.partition, offset: $0.offset) }
        if !complete.isEmpty { reader.publish(complete, group: context.job) }
      }
    }
    completed = splits.map { (topic: $0.topic, partition: $0.partition, offset: $0.offset) }
    return positions()
  }

  func close() {
    for reader in readers { reader.close() }
    readers = []
  }

  // MARK: Reading

  /// Fills the batch from the next partition that has records. False when none has.
  private func readSome(_ batch: RecordBatch) throws -> Bool {
    for _ in splits.indices {
      turn = turn + 1 < splits.count ? turn + 1 : 0
      let split = splits[turn]
      if split.isFinished { continue }
      let reader = readers[split.topic]
      var next = split.offset
      do {
        next = try reader.read(split.partition, from: split.offset, below: split.limit, into: batch)
      } catch let error as TopicError {
        guard case .gone(let first) = error.kind, options.skipsGaps, first > split.offset else { throw error }
        options.warn("\(error.message): going on there")
        splits[turn].offset = first
        next = try reader.read(split.partition, from: first, below: split.limit, into: batch)
      }
      let cut = client.oversized?.cut(batch)
      if let cut { next = cut }
      splits[turn].offset = next
      if reader.needsMarks && batch.count > 0 {
        // Of the value as it stands in the topic.
        splits[turn].mark = TopicMark(batch, cut == nil ? batch.count - 1 : Int(batch.selection[batch.selectedCount - 1]))
      }
      try client.oversized?.restore(batch)
      finishIfAtEnd(turn)
      guard batch.selectedCount > 0 else { continue }
      batch.splits.update(repeating: split.index, count: batch.count)
      return true
    }
    return false
  }

  private func finishIfAtEnd(_ index: Int) {
    guard options.isBounded, splits[index].offset >= splits[index].limit, !splits[index].isFinished else { return }
    splits[index].isFinished = true
    context?.splits.finish(splits[index].index)
  }

  // MARK: Partitions

  /// Learns what a topic holds now.
  private func look(_ topic: Int, isFirst: Bool) throws {
    let reader = readers[topic]
    try reader.refresh()
    guard let id = reader.id else { return }
    guard ids[topic] == nil || ids[topic] == id else { throw replaced(topic) }
    ids[topic] = id
    if reader.partitions > known[topic] { try add(topic, isFirst: isFirst) }
  }

  /// Takes the partitions that are its own and were not known yet.
  private func add(_ topic: Int, isFirst: Bool = false) throws {
    guard let context else { return }
    let reader = readers[topic]
    let name = options.topics[topic]
    guard reader.id != nil else { return }
    for partition in known[topic]..<max(known[topic], reader.partitions) where context.owns(topic + partition) {
      let end = reader.end(partition)
      var offset: Int64
      var mark: TopicMark?
      if let index = waiting.firstIndex(where: { $0.topic == name && $0.partition == partition }) {
        let position = waiting.remove(at: index)
        guard position.id == nil || position.id == reader.id else { throw replaced(topic) }
        guard position.offset <= end else {
          throw TopicError(
            .replaced, "topic \"\(name)\" ends at offset \(end) of partition \(partition), but was read up to \(position.offset)",
            hint: "it was set back: restore it, or start the job fresh")
        }
        if let last = position.mark, try !reader.holds(last, in: partition) { throw replaced(topic) }
        (offset, mark) = (position.offset, position.mark)
      } else {
        offset = isFirst && options.startsAtEnd ? end : try reader.start(partition)
      }
      splits.append(
        Split(
          topic: topic, partition: partition, index: context.splits.register(TopicPosition.name(name, partition)), offset: offset,
          limit: options.isBounded ? end : .max, mark: mark))
    }
    known[topic] = reader.partitions
  }

  private func replaced(_ topic: Int) -> TopicError {
    TopicError(
      .replaced,
      "topic \"\(options.topics[topic])\" in \(client.place) was removed and made anew: the offsets that were read mean nothing in it",
      hint: "start the job fresh to read it from its beginning, or bring the old topic back")
  }

  /// What failed, as the runtime understands it: waiting cures none of it.
  private func translated<T>(_ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as TopicError { throw SourceError(error.message, hint: error.hint) }
  }
}
