/// An async stage's place in its chain: opens it, and makes what it remembers, and the rows that it has not answered for, part of checkpoints. The
/// batches go past it, through the loop of `Subtask.runAsyncStage`.
///
/// Where there is no such loop (the `tests:` of a job file) batches pass unchanged: nothing is called there.
final class StageOperator: Operator {
  let stage: any AsyncStage
  /// What the loop has taken in and not let out, in its order. The loop sets it before it takes a snapshot.
  var underWay: [RecordBatch] = []
  /// The columns of batches that come in. Set before `restore`.
  var schema = Schema()
  /// The newest watermark that was taken in; it may wait for those rows. The loop sets it before it takes a snapshot.
  var watermark = Int64.min
  /// What an earlier run had under way, to be done before anything else, and the watermark behind it.
  private var restored: (batches: [RecordBatch], watermark: Int64?) = ([], nil)
  private let isKeyed: Bool
  private var splits = SplitTable()
  private static let rowsSection = "async-stage.rows"
  private static let watermarkSection = "async-stage.watermark"

  init(_ stage: any AsyncStage, isKeyed: Bool) { (self.stage, self.isKeyed) = (stage, isKeyed) }

  func open(_ context: OperatorContext) throws {
    splits = context.splits
    try stage.open(context)
  }

  func process(_ batch: RecordBatch, _ output: Output) throws { try output.emit(batch) }

  func snapshot(_ into: inout SnapshotBuilder) throws {
    try stage.snapshot(&into)
    var mark: [UInt8] = []
    mark.append(integer: watermark)
    into.add(Self.watermarkSection, mark)
    guard !underWay.isEmpty else { return }
    var bytes: [UInt8] = []
    for batch in underWay { batch.encodeRows(schema, splits: splits, into: &bytes) }
    into.add(Self.rowsSection, bytes)
    underWay = []
  }

  func restore(_ from: StateReader) throws {
    try stage.restore(from)
    for section in from.sections(Self.rowsSection) where isKeyed || from.isFirst {
      try section.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        while !reader.isAtEnd {
          let batch = try RecordBatch(decoding: &reader, schema, splits: splits)
          if isKeyed { batch.filterSelection { from.keyGroups.contains(batch.keys[$0].group) } }
          if batch.selectedCount > 0 { restored.batches.append(batch) }
        }
      }
    }
    // What every former subtask had reached holds for all keys; a source says a watermark once, and this one's may not have left.
    let marks = try from.sections(Self.watermarkSection).map { section in
      try section.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        return try reader.integer(Int64.self)
      }
    }
    restored.watermark = marks.count == from.writers ? marks.min().flatMap { $0 == .min ? nil : $0 } : nil
  }

  /// Hands over what was restored, once.
  func takeRestored() -> (batches: [RecordBatch], watermark: Int64?) {
    defer { restored = ([], nil) }
    return restored
  }

  var counts: [(name: String, count: Int)] { stage.counts }
}
