internal import Dataflow

/// Combines records before they cross to the windows of another process: for each key and pane one row with the summaries of all aggregates.
///
/// Every aggregate merges summaries into what the records themselves would have given, so the windows are the same. Where keys repeat too little to be worth
/// it, records are left as they are for a while.
///
/// A summary: how many records (8 bytes), then what each aggregate encodes.
final class WindowCombiner: Combiner {
  private let size: Int64
  private let slide: Int64
  private let lateness: Int64
  private let schema: Schema
  private let summary: Field
  /// A summary keeps values of these.
  private let texts: [Field]
  private let table: PaneTable
  private var left: [Int] = []
  /// Records since the last flush.
  private var taken = 0
  /// Where the last of them came from.
  private var split: UInt32 = 0
  /// So many records pass before it is tried again whether keys repeat.
  private var resting = 0
  private var encoded: [UInt8] = []

  /// Records with longer texts pass: a summary has to fit into a record of a topic. A power of two.
  static let textLimit = 4096
  /// Bytes of rows and logs that make it full.
  private static let fullBytes = 32 << 20
  /// Fewer records a key than this are not worth it, and so many times as many pass then.
  private static let (worthwhile, pause) = (2, 16)

  init(size: Int64, slide: Int64, config: WindowConfig, schema: Schema, summary: Field) {
    self.size = size
    self.slide = slide
    lateness = config.allowedLateness
    self.schema = schema
    self.summary = summary
    let functions = config.aggregates.map { $0.make() }
    var columns: Set<Int> = []
    texts = (config.keys + functions.flatMap(\.texts)).filter { $0.type == .bytes && columns.insert($0.column).inserted }
    table = PaneTable(paneSize: TimeWindow.paneSize(size, slide), WindowLayout(config.keys, [Count()] + functions))
  }

  /// The most bytes of a row that is handed on.
  static func summaryLimit(_ config: WindowConfig) -> Int {
    let functions = config.aggregates.map { $0.make() }
    return 8 + config.keys.count * (12 + textLimit) + functions.reduce(0) { $0 + $1.encodedLimit }
  }

  func combine(_ batch: RecordBatch, clock: Int64) {
    guard batch.selectedCount > 0 else { return }
    guard resting == 0 else {
      resting = max(0, resting - batch.selectedCount)
      return
    }
    split = batch.splits[Int(batch.selection[0])]
    let long = takeLong(batch)
    table.add(batch, left: &left, isClosed: { isLate($0, clock) }) { _, count in taken += count }
    batch.selectedCount = 0
    for row in (long + left).sorted() {
      batch.selection[batch.selectedCount] = UInt16(row)
      batch.selectedCount += 1
    }
    left.removeAll(keepingCapacity: true)
  }

  /// Whether the last window of a pane takes nothing any more.
  private func isLate(_ pane: Int64, _ clock: Int64) -> Bool {
    clock != .min && TimeWindow.lastEnd(ofPane: pane, size: size, slide: slide) - 1 + lateness <= clock
  }

  /// Takes the rows with long texts out of the selection.
  private func takeLong(_ batch: RecordBatch) -> [Int] {
    let isLong = texts.contains { field in
      // Counts are or-ed, as the limit is a power of two: one branch a batch finds out that all are short.
      let (values, selection) = (batch.bytes(field), batch.selection)
      var counts = 0
      for i in 0..<batch.selectedCount { counts |= values[Int(selection[i])].count }
      return counts >= Self.textLimit
    }
    guard isLong else { return [] }
    var long: [Int] = []
    batch.filterSelection { row in
      guard texts.contains(where: { batch.bytes($0)[row].count > Self.textLimit }) else { return true }
      long.append(row)
      return false
    }
    return long
  }

  var isFull: Bool {
    table.panes.values.reduce(0) { $0 + $1.table.count * (16 + table.layout.payload) + $1.log.count } >= Self.fullBytes
  }

  func flush(_ send: (RecordBatch) throws -> Void) rethrows {
    guard taken > 0 else { return }
    var keys = 0
    var batch = RecordBatch(schema: schema)
    for (start, pane) in table.panes.sorted(by: { $0.key < $1.key }) {
      keys += pane.table.count
      try pane.table.forEach { row in
        append(row, pane, start, to: batch)
        if batch.isFull {
          try send(batch)
          batch = RecordBatch(schema: schema)
        }
      }
    }
    if batch.count > 0 { try send(batch) }
    if taken < keys * Self.worthwhile { resting = taken * Self.pause }
    taken = 0
    table.removeAll { _ in true }
  }

  private func append(_ row: UnsafeRawPointer, _ pane: Pane, _ start: Int64, to batch: RecordBatch) {
    let index = batch.appendRow()
    batch.times[index] = start
    batch.splits[index] = split
    table.layout.writeKey(row, pane.log, batch, table.layout.keys, index)
    encoded.removeAll(keepingCapacity: true)
    for (function, offset) in zip(table.layout.functions, table.layout.offsets) { function.encode(row + offset, pane.log, to: &encoded) }
    batch.bytes(summary)[index] = encoded.withUnsafeBufferPointer { batch.copy($0) }
  }
}
