public import Dataflow

/// A replayable source of records that a test wrote down: one list a split, each record a time and some fields.
public final class ListSource: SourceReader {
  /// One record: its event time and the bytes of each field, nil = null.
  public struct Record: Sendable {
    public var time: Int64
    public var values: [String?]

    public init(_ time: Int64, _ values: [String?]) {
      self.time = time
      self.values = values
    }
  }

  private let schema: Schema
  private let lists: [[Record]]
  private let batchSize: Int
  private var own: [(name: String, split: UInt32, list: Int, next: Int)] = []
  private var context: SourceContext?
  private var turn = 0

  private init(schema: Schema, lists: [[Record]], batchSize: Int) {
    self.schema = schema
    self.lists = lists
    self.batchSize = batchSize
  }

  /// A plan for a source of these lists, with bytes fields of these names.
  public static func plan(_ fields: [String], _ lists: [[Record]], batchSize: Int = 7) -> PlannedSource {
    let schema = Schema(fields.map { ($0, .bytes) })
    return PlannedSource(schema: schema, isReplayable: true, isBounded: true) {
      ListSource(schema: schema, lists: lists, batchSize: batchSize)
    }
  }

  public func open(_ context: SourceContext) throws {
    self.context = context
    for list in lists.indices where context.owns(list) {
      own.append(("list-\(list)", context.splits.register("list-\(list)"), list, 0))
    }
  }

  public func restore(_ positions: [SplitPosition]) throws {
    for position in positions {
      guard let index = own.firstIndex(where: { $0.name == position.name }) else { continue }
      own[index].next = try position.state.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        return Int(try reader.integer(UInt64.self))
      }
    }
  }

  public func poll(_ batch: RecordBatch) throws -> SourceStatus {
    for _ in own.indices {
      turn = (turn + 1) % own.count
      let (_, split, list, next) = own[turn]
      let records = lists[list]
      if next == records.count {
        context?.splits.finish(split)
        continue
      }
      let end = min(records.count, next + batchSize)
      for i in next..<end {
        let row = batch.appendRow()
        batch.times[row] = records[i].time
        batch.offsets[row] = Int64(i)
        batch.splits[row] = split
        for (field, value) in zip(schema.fields, records[i].values) { batch.bytes(field)[row] = value.map { batch.copy($0) } ?? .null }
      }
      own[turn].next = end
      return .more
    }
    return .drained
  }

  public func positions() -> [SplitPosition] {
    own.map { split in
      var state: [UInt8] = []
      state.append(integer: UInt64(split.next))
      return SplitPosition(name: split.name, state: state)
    }
  }
}
