internal import Dataflow

/// Windows that follow activity: records of a key less than `gap` apart share one.
///
/// ```
/// gap 3     · ·  ·        · ·         a record between two sessions joins them
///          |-----|       |--|
/// ```
///
/// - Output: one row per session, `window_start` its first record's time and `window_end` the last one's plus the gap; final when the watermark passes the
///   end. A late record that joins emitted sessions gives a row with a larger revision under the new start; rows under the old starts stand.
/// - State: a row per open session (and per closed one, until `allowedLateness` is over).
/// - Guarantees: same sessions on replay and in any order of arrival within the lateness.
final class SessionWindowOperator: Operator {
  private let gap: Int64
  private let config: WindowConfig
  private let layout: WindowLayout
  private let sessions: SessionTable
  private var timers = TimerQueue()
  private var watermark = Int64.min
  private var lastEmission = Int64.min

  init(gap: Int64, config: WindowConfig) {
    self.gap = gap
    self.config = config
    layout = WindowLayout(config.keys, config.aggregates.map { $0.make() })
    sessions = SessionTable(layout)
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    var absorbed = 0
    for i in 0..<batch.selectedCount {
      let selected = batch.selection[i]
      let row = Int(selected)
      let time = batch.times[row]
      let key = batch.keys[row]
      // A record can still join a session that is kept, however old it is itself.
      let joins = sessions.sessions(key).contains { time < $0.last + gap && time > $0.first - gap }
      if !joins && watermark != .min && time + gap - 1 + config.allowedLateness <= watermark {
        try output.late(batch, row: row, detail: "the watermark is \(RFC3339.format(watermark))")
        continue
      }
      absorbed += 1
      let (slot, times) = sessions.session(key, at: time, gap: gap, batch, row)
      slot.storeBytes(of: 1, toByteOffset: WindowLayout.changed, as: UInt32.self)
      withUnsafePointer(to: selected) { one in
        withUnsafePointer(to: slot) { slots in
          for (function, offset) in zip(layout.functions, layout.offsets) {
            function.add(batch, UnsafeBufferPointer(start: one, count: 1), slots, offset, sessions.log)
          }
        }
      }
      timers.set(times.last + gap - 1, SessionTable.rowKey(key, times.first))
    }
    output.absorb(absorbed)
  }

  func onWatermark(_ risen: Int64, _ output: Output) throws {
    watermark = max(watermark, risen)
    while let (time, rowKey) = timers.popDue(watermark) { try fire(time, rowKey, output) }
  }

  /// The deadline of a session or of its purge; the row says whether it still is one.
  private func fire(_ time: Int64, _ rowKey: KeyHash, _ output: Output) throws {
    guard let row = sessions.table.existing(rowKey) else { return }
    let times = sessions.times(UnsafeRawPointer(row))
    let end = times.last + gap - 1
    guard end <= watermark else { return }
    if !sessions.isFinal(UnsafeRawPointer(row)) || sessions.isChanged(UnsafeRawPointer(row)) { try emit(row, isFinal: true, output) }
    let purge = end + config.allowedLateness
    if purge <= watermark { sessions.remove(sessions.key(UnsafeRawPointer(row)), times) } else { timers.set(purge, rowKey) }
  }

  private func emit(_ row: UnsafeMutableRawPointer, isFinal: Bool, _ output: Output) throws {
    let times = sessions.times(UnsafeRawPointer(row))
    let revision = sessions.revision(UnsafeRawPointer(row)) + 1
    let writer = ResultWriter(
      config.output, layout, window: times.first, end: times.last + gap, revision: revision, isFinal: isFinal, output)
    try writer.write(UnsafeRawPointer(row), sessions.log)
    try writer.finish()
    sessions.setEmitted(row, revision: revision, isFinal: isFinal)
  }

  func onTick(_ now: Int64, _ output: Output) throws {
    guard let every = config.emitEvery else { return }
    if lastEmission == .min { lastEmission = now }
    guard now - lastEmission >= every else { return }
    lastEmission = now
    try sessions.table.updateEach(where: sessions.isChanged) { try emit($0, isFinal: sessions.isFinal(UnsafeRawPointer($0)), output) }
  }

  func onEndOfInput(_ output: Output) throws {
    try sessions.table.updateEach(where: { sessions.isChanged($0) || !sessions.isFinal($0) }) { try emit($0, isFinal: true, output) }
  }

  func snapshot(_ into: inout SnapshotBuilder) throws {
    var meta: [UInt8] = []
    meta.append(integer: gap)
    meta.append(integer: watermark)
    into.add("meta", meta)
    sessions.snapshot(&into)
  }

  func restore(_ from: StateReader) throws {
    for writer in 0..<from.writers {
      guard let meta = from.section("meta", of: writer) else { continue }
      try meta.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        let old = try reader.integer(Int64.self)
        guard old == gap else {
          throw StateFormatError("the gap was \(old) ns, now it is \(gap) ns. Give the operator a new id to start it afresh")
        }
        watermark = max(watermark, try reader.integer())
      }
      try sessions.restore(from, writer) { key, times in timers.set(times.last + gap - 1, SessionTable.rowKey(key, times.first)) }
    }
  }
}
