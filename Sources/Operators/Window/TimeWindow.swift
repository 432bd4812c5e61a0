internal import Dataflow

/// Tumbling and sliding event-time windows per key.
///
/// Time is cut into panes of gcd(size, slide); a record updates one row of one pane, and a window is the panes it spans, merged when it fires.
///
/// ```
/// size 3, slide 1     panes  |--0--|--1--|--2--|--3--|      window [0,3) = panes 0 1 2
///                                                            window [1,4) = panes 1 2 3
/// ```
///
/// - Output: one row per key and window when the watermark passes the window's end (`final`), again for every late record within
///   `allowedLateness`, and with `emit.every` also before. `revision` grows with each emission of a window: a consumer replaces.
/// - State: one row per key and pane; a pane is dropped when the watermark passes the end of its last window plus the lateness.
/// - Guarantees: same final rows on replay, in any order and at any parallelism. A record too late for every window of its time goes to `late`.
/// - Complexity: O(aggregates) a record; O(rows) a firing.
final class TimeWindow: Operator {
  private let size: Int64
  private let slide: Int64
  private let paneSize: Int64
  private let config: WindowConfig
  private let layout: WindowLayout
  /// Where a row that was combined before it crossed to here has its summary; nil when none is.
  private let summary: Field?

  private let table: PaneTable
  private var windows: [Int64: WindowState] = [:]
  private var watermark = Int64.min
  private var lastEmission = Int64.min
  private var nextDeadline = Int64.max

  /// What is known of a window besides its rows.
  struct WindowState {
    /// Emissions so far.
    var revision: Int64 = 0
    /// It has been emitted as final: by the watermark, or because the input ended.
    var isFinal = false
    /// A record came in since the last emission.
    var isChanged = false
  }

  private var lateRows: [Int] = []

  init(size: Int64, slide: Int64, config: WindowConfig, summary: Field? = nil) {
    self.size = size
    self.slide = slide
    paneSize = Self.paneSize(size, slide)
    self.config = config
    self.summary = summary
    layout = WindowLayout(config.keys, config.aggregates.map { $0.make() })
    table = PaneTable(paneSize: paneSize, layout)
  }

  /// The longest panes of which all windows are made.
  static func paneSize(_ size: Int64, _ slide: Int64) -> Int64 { gcd(size, slide) }

  private static func gcd(_ a: Int64, _ b: Int64) -> Int64 { b == 0 ? a : gcd(b, a % b) }

  // MARK: Records

  func process(_ batch: RecordBatch, _ output: Output) throws {
    if let summary { try takeSummaries(batch, summary, output) }
    table.add(batch, left: &lateRows, isClosed: isTooLate) { pane, count in
      hasChanged(pane.start)
      output.absorb(count)
    }
    for row in lateRows { try output.late(batch, row: row, detail: "the watermark is \(RFC3339.format(watermark))") }
    lateRows.removeAll(keepingCapacity: true)
  }

  /// Takes in the rows that were combined, and leaves the others alive.
  private func takeSummaries(_ batch: RecordBatch, _ summary: Field, _ output: Output) throws {
    let summaries = batch.bytes(summary)
    try batch.filterSelection { row in
      guard !summaries[row].isNull else { return true }
      var reader = ByteReader(UnsafeRawBufferPointer(summaries[row].buffer))
      let records = try reader.integer(Int64.self)
      let start = batch.times[row]
      if isTooLate(start) {
        try output.late(
          batch, row: row,
          detail: "\(records) records that were combined before they crossed; the watermark is \(RFC3339.format(watermark))")
      } else {
        try table.merge(batch, row: row, &reader, into: table.pane(start))
        hasChanged(start)
        output.absorb(1)
      }
      return false
    }
  }

  /// The end of the last window that a pane belongs to.
  private func lastEnd(_ pane: Int64) -> Int64 { Self.lastEnd(ofPane: pane, size: size, slide: slide) }

  static func lastEnd(ofPane start: Int64, size: Int64, slide: Int64) -> Int64 { start.flooredQuotient(slide) * slide + size }

  /// Whether the watermark has passed a window's end and the lateness after it.
  private func isOver(endingAt end: Int64) -> Bool {
    watermark != .min && end - 1 + config.allowedLateness <= watermark
  }

  private func isTooLate(_ pane: Int64) -> Bool { isOver(endingAt: lastEnd(pane)) }

  /// Notes that a pane took records.
  private func hasChanged(_ pane: Int64) {
    // Of the windows that overlap here the earliest may be over, some of their panes dropped: a late record is for the others.
    for start in windowStarts(of: pane) where !isOver(endingAt: start + size) {
      var state = windows[start] ?? WindowState()
      state.isChanged = true
      // Final by the end of an input that has grown since: open again.
      if start + size - 1 > watermark { state.isFinal = false }
      windows[start] = state
      nextDeadline = min(nextDeadline, start + size - 1)  // in the past for a late record: its window is due again
    }
  }

  // MARK: Time

  func onWatermark(_ risen: Int64, _ output: Output) throws {
    watermark = max(watermark, risen)
    guard watermark >= nextDeadline else { return }
    for start in dueWindows(atEnd: false) { try emit(start, isFinal: true, output) }
    purge()
  }

  func onTick(_ now: Int64, _ output: Output) throws {
    guard let every = config.emitEvery else { return }
    if lastEmission == .min { lastEmission = now }
    guard now - lastEmission >= every else { return }
    lastEmission = now
    for (start, state) in windows.sorted(by: { $0.key < $1.key }) where state.isChanged { try emit(start, isFinal: state.isFinal, output) }
  }

  func onEndOfInput(_ output: Output) throws {
    for start in dueWindows(atEnd: true) { try emit(start, isFinal: true, output) }
  }

  /// Windows to emit as final now, ascending: those that closed and were not emitted as final yet, or changed since.
  private func dueWindows(atEnd: Bool) -> [Int64] {
    windows.filter { (atEnd || $0.key + size - 1 <= watermark) && (!$0.value.isFinal || $0.value.isChanged) }.keys.sorted()
  }

  private func windowStarts(of pane: Int64) -> [Int64] {
    var starts: [Int64] = []
    var start = pane.flooredQuotient(slide) * slide
    while start + size > pane {
      starts.append(start)
      start -= slide
    }
    return starts
  }

  /// Drops what no record can reach any more, and works out when there will be something to do next.
  private func purge() {
    table.removeAll(where: isTooLate)
    windows = windows.filter { $0.key + size - 1 + config.allowedLateness > watermark }
    nextDeadline = .max
    for (start, state) in windows {
      let end = start + size - 1
      nextDeadline = min(nextDeadline, state.isFinal && !state.isChanged ? end + config.allowedLateness : end)
    }
  }

  // MARK: Results

  private func emit(_ start: Int64, isFinal: Bool, _ output: Output) throws {
    var state = windows[start] ?? WindowState()
    let emitsAll = isFinal && !state.isFinal
    state.revision += 1
    state.isFinal = state.isFinal || isFinal
    state.isChanged = false
    windows[start] = state
    let writer = ResultWriter(config.output, layout, window: start, end: start + size, revision: state.revision, isFinal: isFinal, output)
    if slide == size {
      guard let pane = table.panes[start] else { return }
      try emit(pane, all: emitsAll, writer)
    } else {
      try emitMerged(start, writer)
    }
    try writer.finish()
  }

  /// A tumbling window is one pane: its rows go out as they are, and only those that changed unless the window just closed.
  private func emit(_ pane: Pane, all: Bool, _ writer: ResultWriter) throws {
    func hasChanged(_ row: UnsafeRawPointer) -> Bool { row.load(fromByteOffset: WindowLayout.changed, as: UInt32.self) != 0 }
    if all { try pane.table.forEach { if !hasChanged($0) { try writer.write($0, pane.log) } } }
    try pane.table.updateEach(where: hasChanged) { row in
      try writer.write(UnsafeRawPointer(row), pane.log)
      row.storeBytes(of: 0, toByteOffset: WindowLayout.changed, as: UInt32.self)
    }
  }

  private func emitMerged(_ start: Int64, _ writer: ResultWriter) throws {
    let merged = StateTable(payload: layout.payload)
    let log = ColdLog()
    var paneStart = start
    while paneStart < start + size {
      if let pane = table.panes[paneStart] {
        pane.table.forEach { row in
          var inserted = false
          let target = merged.slot(row.load(as: KeyHash.self), inserted: &inserted)
          layout.merge(target, log, row, pane.log, isNew: inserted)
        }
      }
      paneStart += paneSize
    }
    try merged.forEach { try writer.write($0, log) }
  }

  // MARK: Checkpoint

  func snapshot(_ into: inout SnapshotBuilder) throws {
    var meta: [UInt8] = []
    meta.append(integer: size)
    meta.append(integer: slide)
    meta.append(integer: watermark)
    meta.append(integer: UInt32(windows.count))
    for (start, state) in windows.sorted(by: { $0.key < $1.key }) {
      meta.append(integer: start)
      meta.append(integer: state.revision)
      meta.append((state.isFinal ? 1 : 0) | (state.isChanged ? 2 : 0))
    }
    let starts = table.panes.keys.sorted()
    meta.append(integer: UInt32(starts.count))
    for start in starts { meta.append(integer: start) }
    meta.append(contentsOf: layout.snapshotShared())
    into.add("meta", meta)
    for start in starts {
      guard let pane = table.panes[start] else { continue }
      into.add("rows/\(start)", pane.table)
      into.add("log/\(start)", pane.log)
    }
  }

  func restore(_ from: StateReader) throws {
    for writer in 0..<from.writers {
      guard let meta = from.section("meta", of: writer) else { continue }
      try restore(meta, writer, from)
    }
    nextDeadline = .min
  }

  private func restore(_ meta: [UInt8], _ writer: Int, _ from: StateReader) throws {
    var saved: [Int64] = []
    var shared: [UInt8] = []
    try meta.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      let (oldSize, oldSlide) = (try reader.integer(Int64.self), try reader.integer(Int64.self))
      guard oldSize == size, oldSlide == slide else {
        throw StateFormatError(
          "the windows were \(oldSize / 1_000_000_000) s long; now they are \(size / 1_000_000_000) s. Give the operator a new id to start it afresh"
        )
      }
      // Every former subtask had received the same watermarks before the barrier.
      watermark = max(watermark, try reader.integer())
      for _ in 0..<(try reader.integer(UInt32.self)) {
        let start = try reader.integer(Int64.self)
        let revision = try reader.integer(Int64.self)
        let flags = try reader.integer(UInt8.self)
        var state = windows[start] ?? WindowState(revision: 0, isFinal: true, isChanged: false)
        state.revision = max(state.revision, revision)
        // Final only if it was for every former subtask: the rows of one for which it was not have yet to go out as final.
        state.isFinal = state.isFinal && flags & 1 != 0
        state.isChanged = state.isChanged || flags & 2 != 0
        windows[start] = state
      }
      for _ in 0..<(try reader.integer(UInt32.self)) { saved.append(try reader.integer()) }
      shared = [UInt8](try reader.take(reader.remaining))
    }
    let mappings = try layout.restoreShared(shared)
    for start in saved {
      let log = ColdLog()
      guard from.appendLog("log/\(start)", of: writer, to: log) != nil else { throw StateFormatError("pane \(start) has no log") }
      // Merging copies the values of this subtask's rows and nothing else: taking over whole logs, of every former subtask, would make
      // the state grow with every restart.
      let saved = UnsafeMutableRawPointer.allocate(byteCount: 16 + layout.payload, alignment: 8)
      defer { saved.deallocate() }
      try from.forEachRow("rows/\(start)", of: writer, payload: layout.payload) { row in
        saved.copyMemory(from: row, byteCount: 16 + layout.payload)
        layout.renumber(saved, mappings)
        let pane = table.pane(start)
        var inserted = false
        let target = pane.table.slot(saved.load(as: KeyHash.self), inserted: &inserted)
        target.storeBytes(
          of: saved.load(fromByteOffset: WindowLayout.changed, as: UInt32.self), toByteOffset: WindowLayout.changed, as: UInt32.self)
        layout.merge(target, pane.log, saved, log, isNew: inserted)
      }
    }
  }
}
