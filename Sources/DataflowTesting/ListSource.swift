public import Dataflow

/// A replayable source of records that a test wrote down: one list a split, each record a time and some fields.
public final class ListSource: SourceReader {
  /// One record: its event time and the bytes of each field, nil = null.
  public struct Record: Sendable {
    /// Event time in nanoseconds.
    public var time: Int64
    /// One a field.
    public var values: [String?]
    /// Nanoseconds that the split is silent before this record.
    public var pause: Int64

    /// A record.
    public init(_ time: Int64, _ values: [String?], pause: Int64 = 0) {
      self.time = time
      self.values = values
      self.pause = pause
    }
  }

  private struct Split {
    let name: String
    let id: UInt32
    let list: Int
    var next = 0
    /// When the record at `next` may be read, once its pause has begun.
    var readyAt: Int64?
  }

  private let schema: Schema
  private let lists: [[Record]]
  private let batchSize: Int
  private let onPoll: @Sendable () throws -> Void
  private var own: [Split] = []
  private var context: SourceContext?
  private var turn = 0

  private init(schema: Schema, lists: [[Record]], batchSize: Int, onPoll: @escaping @Sendable () throws -> Void) {
    self.schema = schema
    self.lists = lists
    self.batchSize = batchSize
    self.onPoll = onPoll
  }

  /// A plan for a source of these lists, with bytes fields of these names.
  ///
  /// - Parameter onPoll: called at every `poll`; what it throws, the source throws.
  public static func plan(
    _ fields: [String], _ lists: [[Record]], batchSize: Int = 7, onPoll: @escaping @Sendable () throws -> Void = {}
  ) -> PlannedSource {
    let schema = Schema(fields.map { ($0, .bytes) })
    return PlannedSource(schema: schema, isReplayable: true, isBounded: true) {
      ListSource(schema: schema, lists: lists, batchSize: batchSize, onPoll: onPoll)
    }
  }

  /// Registers the lists that this subtask owns.
  public func open(_ context: SourceContext) throws {
    self.context = context
    for list in lists.indices where context.owns(list) {
      own.append(Split(name: "list-\(list)", id: context.splits.register("list-\(list)"), list: list))
    }
  }

  /// Goes on behind the stored positions.
  public func restore(_ positions: [SplitPosition]) throws {
    for position in positions {
      guard let index = own.firstIndex(where: { $0.name == position.name }) else { continue }
      own[index].next = try position.state.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        return Int(try reader.integer(UInt64.self))
      }
    }
  }

  /// Up to `batchSize` records of the next list that has any.
  public func poll(_ batch: RecordBatch) throws -> SourceStatus {
    try onPoll()
    guard let context else { return .drained }
    let now = context.runtime.monotonic()
    var soonest: Int64?
    for _ in own.indices {
      turn = (turn + 1) % own.count
      let records = lists[own[turn].list]
      let next = own[turn].next
      if next == records.count {
        context.splits.finish(own[turn].id)
        continue
      }
      if records[next].pause > 0 {
        let readyAt = own[turn].readyAt ?? now + records[next].pause
        own[turn].readyAt = readyAt
        if readyAt > now {
          soonest = min(soonest ?? .max, readyAt)
          continue
        }
      }
      fill(batch, from: records)
      return .more
    }
    return soonest.map { .wait(.nanoseconds($0 - now)) } ?? .drained
  }

  /// Hands out records of the split whose turn it is, up to the next pause.
  private func fill(_ batch: RecordBatch, from records: [Record]) {
    let start = own[turn].next
    var end = start + 1
    while end < min(records.count, start + batchSize), records[end].pause == 0 { end += 1 }
    for i in start..<end {
      let row = batch.appendRow()
      batch.times[row] = records[i].time
      batch.offsets[row] = Int64(i)
      batch.splits[row] = own[turn].id
      batch.raws[row] = batch.copy("\(own[turn].list)-\(i)")
      for (field, value) in zip(schema.fields, records[i].values) { batch.bytes(field)[row] = value.map { batch.copy($0) } ?? .null }
    }
    own[turn].next = end
    own[turn].readyAt = nil
  }

  /// The next record of each own list.
  public func positions() -> [SplitPosition] {
    own.map { split in
      var state: [UInt8] = []
      state.append(integer: UInt64(split.next))
      return SplitPosition(name: split.name, state: state)
    }
  }
}
