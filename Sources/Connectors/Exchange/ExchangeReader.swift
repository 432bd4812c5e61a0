internal import Dataflow

/// The receiving end of an exchange: reads one partition, takes every frame once, and relays how far time has come at each sender.
///
/// A sender that was not heard of yet holds the time back: no window closes before all shards of the stage before have said something.
final class ExchangeReader: SourceReader {
  private let client: any TopicClient
  private let topic: String
  private let edge: StageCut.Edge
  private let partition: Int
  private let partitions: Int
  private var order: ExchangeOrder
  private var context: SourceContext?
  private var reader: (any TopicReader)?
  /// Nil before it was opened.
  private var unpacker: RowUnpacker?
  /// The id of the topic that offsets belong to; nil before there is one.
  private var id: UInt64?
  /// Of the record that is looked at next; nil before the topic was found.
  private var offset: Int64?
  private var mark: TopicMark?
  /// Records that were read and not looked at yet.
  private var records: RecordBatch?
  private var row = 0
  /// Senders by the numbers of their splits.
  private var splits: [UInt32] = []
  private var changed: Set<Int> = []
  private var lastLook: Int64?
  /// Polls in a row that found no record.
  private var vainPolls = 0

  /// More often than this the topic is not looked at.
  private static let lookInterval: Int64 = 100_000_000
  /// How long a poll that found nothing is followed by none. Frames come with checkpoints, all at once: after many in vain there is time until the
  /// next tick.
  private var pause: Duration { .milliseconds(vainPolls < 20 ? 10 : 100) }

  init(_ client: any TopicClient, _ topic: String, _ edge: StageCut.Edge, partition: Int, partitions: Int, senders: Int) {
    self.client = client
    self.topic = topic
    self.edge = edge
    self.partition = partition
    self.partitions = partitions
    order = ExchangeOrder(senders: senders)
  }

  func open(_ context: SourceContext) throws {
    self.context = context
    unpacker = try RowUnpacker()
    reader = try client.makeReader(topic)
    splits = order.senders.indices.map { context.splits.register(name(of: $0)) }
  }

  func close() {
    reader?.close()
    reader = nil
  }

  // MARK: Records

  func poll(_ batch: RecordBatch) throws -> SourceStatus {
    if order.isEnded { return .drained }
    if order.isDrained { return .cut }
    do {
      guard try hasRecords() else {
        vainPolls += 1
        return .wait(pause)
      }
      vainPolls = 0
      while let records, row < records.selectedCount {
        if try take(records, Int(records.selection[row]), into: batch) { return .more }
      }
      return .more
    } catch let error as TopicError {
      throw SourceError(error.message, hint: error.hint, isTransient: error.kind == .unreachable)
    } catch let error as StateFormatError {
      throw SourceError(
        "offset \(offset ?? 0) of partition \(partition) of the exchange \"\(topic)\" holds what no shard sent: \(error)",
        hint: "let nothing else write into that topic; or start the job anew under another name")
    } catch let error as ExchangeBroken {
      throw broken(error)
    }
  }

  /// Makes sure that there is a record to look at. False when there is none now.
  private func hasRecords() throws -> Bool {
    if let records, row < records.selectedCount { return true }
    guard let reader, try isThere(reader), let offset else { return false }
    let next = RecordBatch(schema: TopicColumns.schema)
    let end = try reader.read(partition, from: offset, below: .max, into: next)
    (records, row) = (next, 0)
    if next.selectedCount == 0 { self.offset = end }
    return next.selectedCount > 0
  }

  /// Looks at one record. True when the batch got its rows, or a mark says something: whoever reads must see the one before the other.
  private func take(_ records: RecordBatch, _ record: Int, into batch: RecordBatch) throws -> Bool {
    let value = records.bytes(TopicColumns.value)[record]
    let frame = try UnsafeRawBufferPointer(value.buffer).withByteReader { reader in
      let frame = try ExchangeFrame(&reader)
      guard try order.decide(frame) == .take else { return nil as ExchangeFrame? }
      if frame.kind == .rows {
        try unpacker?.read(&reader, into: batch, fields: edge.fields) { self.context?.splits.register($0) ?? 0 }
      }
      return frame
    }
    offset = records.offsets[record] + 1
    if let reader, reader.needsMarks { mark = TopicMark(records, record) }
    row += 1
    guard let frame else { return false }
    guard frame.kind != .rows else { return batch.selectedCount > 0 }
    let sender = Int(frame.shard)
    changed.insert(sender)
    if frame.isEnded { context?.splits.finish(splits[sender]) }
    return true
  }

  func takeMarks() -> [SplitMark] {
    defer { changed = [] }
    return changed.sorted().map { sender in
      SplitMark(split: splits[sender], watermark: order.senders[sender].watermark, isIdle: order.senders[sender].isIdle)
    }
  }

  // MARK: The topic

  /// Whether the topic is there, as it was left.
  private func isThere(_ reader: any TopicReader) throws -> Bool {
    guard let context else { return false }
    let now = context.runtime.monotonic()
    if lastLook.map({ now - $0 >= Self.lookInterval }) ?? true {
      lastLook = now
      try reader.refresh()
    }
    guard let found = reader.id else { return false }
    if let id, id != found { throw replaced() }
    guard reader.partitions == partitions else {
      throw SourceError(
        "the exchange \"\(topic)\" has \(reader.partitions) partitions, the job wants \(partitions)",
        hint: "remove that topic, which an earlier job of the name left; or start the job anew under another name")
    }
    if id == nil || offset == nil {
      if let mark, try !reader.holds(mark, in: partition) { throw replaced() }
      id = found
      offset = try offset ?? reader.start(partition)
    }
    return true
  }

  private func replaced() -> TopicError {
    TopicError(
      .replaced, "the exchange \"\(topic)\" in \(client.place) was removed and made anew while the job has state",
      hint: "bring the old topic back; or start the job anew under another name")
  }

  private func broken(_ error: ExchangeBroken) -> SourceError {
    switch error {
    case .unknownSender(let sender, let count):
      SourceError(
        "shard \(sender) sent to the exchange \"\(topic)\", whose job has \(count) readers",
        hint: "let no other job of that name use the topic; or start the job anew under another name")
    case .stateGone(let sender):
      SourceError(
        "shard \(sender) of stage \(edge.from) lost its state: it sends to the exchange \"\(topic)\" from the beginning again",
        hint: "bring its checkpoints back, or start the whole job anew under another name")
    case .wentOn(let sender):
      SourceError(
        "shard \(sender) of stage \(edge.from) sent to the exchange \"\(topic)\" after its last frame of this version",
        hint: "update all workers to the same program, then start the job anew under another name, from a savepoint if there is one")
    }
  }

  // MARK: Positions

  private func name(of sender: Int) -> String { "\(edge.name)/\(sender)" }

  func positions() -> [SplitPosition] {
    order.senders.indices.map { sender in
      var state: [UInt8] = []
      state.append(integer: UInt8((id == nil ? 0 : 1) | (mark == nil ? 0 : 2)))
      state.append(integer: id ?? 0)
      state.append(integer: offset ?? -1)
      state.append(integer: mark?.offset ?? 0)
      state.append(integer: mark?.hash ?? 0)
      return SplitPosition(name: name(of: sender), state: state + order.encode(sender))
    }
  }

  func restore(_ positions: [SplitPosition]) throws {
    for position in positions {
      guard let sender = order.senders.indices.first(where: { name(of: $0) == position.name }) else { continue }
      try position.state.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        let flags = try reader.integer(UInt8.self)
        let id = try reader.integer(UInt64.self)
        let offset = try reader.integer(Int64.self)
        let mark = TopicMark(offset: try reader.integer(), hash: try reader.integer())
        self.id = flags & 1 == 0 ? nil : id
        self.offset = offset < 0 ? nil : offset
        self.mark = flags & 2 == 0 ? nil : mark
        try order.restore(sender, &reader)
      }
      changed.insert(sender)
      if order.senders[sender].isEnded { context?.splits.finish(splits[sender]) }
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Calls the body with a reader over the bytes.
  fileprivate func withByteReader<T>(_ body: (inout ByteReader) throws -> T) rethrows -> T {
    var reader = ByteReader(self)
    return try body(&reader)
  }
}
