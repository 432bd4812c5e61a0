internal import Dataflow

/// Reads the shop's lines: of its splits always the one that is furthest behind, so that event times advance together.
final class GenerateReader: SourceReader {
  private struct Split {
    let ordinal: Int
    let name: String
    let id: UInt32
    /// The index of the record that comes next.
    var next: UInt64
    var isFinished = false
  }

  private let generator: ShopGenerator
  private let line: Field
  private let splitCount: Int
  private let rate: Int?
  private let recordCount: UInt64
  /// Small runs come in small batches, so that they too have a beginning, a middle and an end.
  private let rowsPerPoll: Int
  private var splits: [Split] = []
  private var table = SplitTable()
  private var runtime: (any Runtime)?
  private var pace: Pace?

  init(_ options: ShopOptions, line: Field, splits: Int, rate: Int?) {
    generator = ShopGenerator(options)
    self.line = line
    splitCount = splits
    self.rate = rate
    recordCount = options.records.map { UInt64($0) } ?? UInt64.max
    rowsPerPoll = options.records.map { min(max($0 / splits / 16, 1), RecordBatch.capacity) } ?? RecordBatch.capacity
  }

  func open(_ context: SourceContext) throws {
    table = context.splits
    runtime = context.runtime
    splits = (0..<splitCount).filter(context.owns).map { ordinal in
      let name = "shop-\(ordinal)-of-\(splitCount)"
      return Split(ordinal: ordinal, name: name, id: context.splits.register(name), next: UInt64(ordinal))
    }
    if let rate {
      let share = Double(rate) * Double(splits.count) / Double(splitCount)
      pace = Pace(perSecond: share, start: context.runtime.monotonic())
    }
  }

  func poll(_ batch: RecordBatch) throws -> SourceStatus {
    finishSplits()
    guard let chosen = splits.indices.filter({ !splits[$0].isFinished }).min(by: { splits[$0].next < splits[$1].next }) else {
      return .drained
    }
    var room = min(rowsPerPoll, RecordBatch.capacity - batch.count)
    if var pace, let now = runtime?.monotonic() {
      let allowed = pace.allowance(at: now)
      self.pace = pace
      guard allowed > 0 else { return .wait(.nanoseconds(pace.pause(at: now))) }
      room = min(room, allowed)
    }
    let written = fill(batch, &splits[chosen], room)
    pace?.spend(written)
    return .more
  }

  private func fill(_ batch: RecordBatch, _ split: inout Split, _ room: Int) -> Int {
    let views = batch.bytes(line)
    let step = UInt64(splitCount)
    var written = 0
    while written < room, split.next < recordCount {
      let start = batch.allocate(generator.maxLineLength)
      let count = generator.write(split.next, to: start)
      batch.trim(generator.maxLineLength - count)
      let row = batch.appendRow()
      views[row] = ByteView(base: start, count: count)
      batch.raws[row] = views[row]
      batch.offsets[row] = Int64(split.next)
      batch.splits[row] = split.id
      split.next += step
      written += 1
    }
    return written
  }

  /// Called before a poll hands out anything, so a split is finished only when its last records have left the source.
  private func finishSplits() {
    for i in splits.indices where !splits[i].isFinished && splits[i].next >= recordCount {
      splits[i].isFinished = true
      table.finish(splits[i].id)
    }
  }

  // MARK: Positions

  /// Next index, then a digest of the options: both little-endian, eight bytes each.
  func positions() -> [SplitPosition] {
    splits.map { split in
      SplitPosition(name: split.name, state: Self.encode(split.next) + Self.encode(digest))
    }
  }

  func restore(_ positions: [SplitPosition]) throws {
    for position in positions {
      guard position.name.hasSuffix("-of-\(splitCount)"), position.state.count == 16, Self.decode(position.state[8...]) == digest else {
        throw SourceError(
          "the stored position of \"\(position.name)\" belongs to another source, or to other options of this one",
          hint: "give the job the source and options it had, or another name: then it starts afresh")
      }
      guard let mine = splits.firstIndex(where: { $0.name == position.name }) else { continue }
      splits[mine].next = Self.decode(position.state[..<8])
    }
  }

  /// Of everything that the lines depend on: going on with other options would mix two shops.
  private var digest: UInt64 {
    let options = generator.options
    let parts: [UInt64] = [
      options.seed, UInt64(options.records ?? 0), UInt64(bitPattern: options.start), UInt64(bitPattern: options.span),
      UInt64(options.records == nil ? options.perSecond : 0), UInt64(bitPattern: options.outOfOrder), options.lateFraction.bitPattern,
      options.brokenFraction.bitPattern, options.piiFraction.bitPattern,
    ]
    return parts.reduce(1) { ShopRandom.mix($0 &* 31 &+ $1) }
  }

  private static func encode(_ value: UInt64) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

  private static func decode(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
