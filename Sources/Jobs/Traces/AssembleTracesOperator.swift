internal import Dataflow
internal import SLO

/// Collects spans by trace.
///
/// ```
/// spans   ┌──────┐                      watermark
///            └─┘ └───┘                      │
///                    |── gap ──|            ▼
///                              trace, revision 1 ──── allowed lateness ────| forgotten
/// ```
/// - Output: a row for each trace when the watermark passes the end of its last span by the gap; one whose root never came, when it passes by the gap and the
///   lateness. Spans that come later give the whole trace again, with a larger revision and marks at the spans that were known. When no span comes for
///   `quiet`, by the clock, event time stands still: traces with their root are handed on then.
/// - State: the spans of the traces that are kept, about 120 bytes each, and 16 bytes for each to know it by.
/// - Guarantees: same traces on replay and in any order of arrival within the lateness. A span that was there is a duplicate as long as its trace is kept; the
///   first one stays.
/// - Errors: `wrong-type` for a row without ids or times.
final class AssembleTracesOperator: Operator {
  private let columns: SpanColumns
  private let gap: Int64
  private let lateness: Int64
  private let quiet: Int64
  /// Whether spans came since the last tick.
  private var isBusy = false
  /// Since when none came, by the clock; nil when there is nothing to hand on.
  private var quietSince: Int64?
  private var traces = TraceTable()
  private var timers = TimerQueue()
  private var watermark = Int64.min
  private var record: [UInt8] = []
  private var body: [UInt8] = []
  private var rows: RecordBatch?
  private let input: SpanColumns.Fields

  /// A span that claims to last longer does not hold its trace back.
  private static let longestSpan: Int64 = 3_600_000_000_000
  /// Bytes of bodies in a batch: what waits behind an exchange stays small.
  private static let mostBytes = 1 << 20

  init(_ fields: SpanColumns.Fields, gap: Int64, lateness: Int64, quiet: Int64) {
    input = fields
    columns = SpanColumns(fields)
    self.gap = gap
    self.lateness = lateness
    self.quiet = quiet
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    columns.begin(batch)
    isBusy = true
    let (starts, startNulls) = (batch.int64s(input.all[11]), batch.nulls(input.all[11]))
    let endNulls = batch.nulls(input.all[12])
    var absorbed = 0
    var repeated = 0
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      guard let ids = columns.ids(row), startNulls[row] == 0, endNulls[row] == 0 else {
        try output.fail(batch, row: row, reason: "wrong-type", detail: "a span has a trace id, a span id, a start and an end")
        continue
      }
      let key = batch.keys[row]
      if !traces.isKept(key), watermark != .min, starts[row] + gap + lateness <= watermark {
        try output.late(batch, row: row, detail: "its trace is no longer kept")
        continue
      }
      guard traces.remember(key, ids.span) else {
        repeated += 1
        continue
      }
      record.removeAll(keepingCapacity: true)
      record.append(contentsOf: repeatElement(0, count: TraceTable.linkBytes))
      let span = columns.append(row, id: ids.span, to: &record)
      let end = min(max(span.start, span.end), span.start + Self.longestSpan)
      if traces.append(key, ids.trace, &record, start: span.start, end: end, isRoot: span.isRoot) { timers.set(end + gap - 1, key) }
      absorbed += 1
    }
    output.duplicate(repeated)
    output.absorb(absorbed)
  }

  func onWatermark(_ risen: Int64, _ output: Output) throws {
    watermark = max(watermark, risen)
    while let (_, key) = timers.popDue(watermark) { try fire(key, output) }
    try flush(output)
  }

  /// A moment at which a trace may be due, or forgotten; its row says whether it is.
  private func fire(_ key: KeyHash, _ output: Output) throws {
    guard let trace = traces.find(key) else { return }
    let due = deadline(trace)
    guard due <= watermark else { return timers.set(due, key) }
    if trace.count > trace.emitted { try emit(key, output) }
    let purge = trace.last + gap - 1 + lateness
    if purge <= watermark { traces.remove(key) } else { timers.set(purge, key) }
  }

  private func deadline(_ trace: TraceTable.Trace) -> Int64 {
    trace.last + gap - 1 + (trace.hasRoot || trace.revision > 0 ? 0 : lateness)
  }

  func onTick(_ now: Int64, _ output: Output) throws {
    if isBusy { (isBusy, quietSince) = (false, now) }
    guard let since = quietSince, now - since >= quiet else { return }
    quietSince = nil
    for key in traces.unsent where traces.find(key)?.hasRoot == true { try emit(key, output) }
    try flush(output)
  }

  func onEndOfInput(_ output: Output) throws {
    for key in traces.unsent { try emit(key, output) }
    try flush(output)
  }

  // MARK: Rows

  private func emit(_ key: KeyHash, _ output: Output) throws {
    body.removeAll(keepingCapacity: true)
    guard let trace = traces.take(key, into: &body) else { return }
    let batch = rows ?? RecordBatch(schema: AssembleTraces.output)
    rows = batch
    let row = batch.appendRow()
    let view = body.withUnsafeBufferPointer { batch.copy($0) }
    // When it was due, or would have been: one that waited for its root is not late for whoever reads it.
    batch.times[row] = trace.last + gap - 1 + (trace.hasRoot || trace.revision > 1 ? 0 : lateness)
    let fields = AssembleTraces.output.fields
    let head = TraceTable.head(of: view)
    batch.bytes(fields[0])[row] = batch.copy(trace.id.description)
    // Null where nothing says which: a trace belongs to the environment of its first span.
    batch.bytes(fields[1])[row] = head.map { ByteView(base: $0.names.environment.baseAddress, count: $0.names.environment.count) } ?? .null
    if batch.bytes(fields[1])[row].count == 0 { batch.bytes(fields[1])[row] = .null }
    batch.bytes(fields[2])[row] = head.map { ByteView(base: $0.names.service.baseAddress, count: $0.names.service.count) } ?? .null
    batch.bytes(fields[3])[row] = head.map { ByteView(base: $0.names.operation.baseAddress, count: $0.names.operation.count) } ?? .null
    for (place, value) in [
      (4, head?.row.start ?? trace.first), (5, head?.row.duration ?? 0), (6, Int64(trace.count)), (8, Int64(trace.revision)),
    ] {
      batch.int64s(fields[place])[row] = value
      batch.nulls(fields[place])[row] = 0
    }
    batch.bools(fields[7])[row] = trace.hasRoot
    batch.nulls(fields[7])[row] = 0
    batch.bytes(fields[9])[row] = view
    bytes += view.count
    if batch.isFull || bytes > Self.mostBytes { try flush(output) }
  }

  private var bytes = 0

  private func flush(_ output: Output) throws {
    guard let batch = rows else { return }
    (rows, bytes) = (nil, 0)
    try output.emitResults(batch)
  }

  // MARK: Checkpoint

  func snapshot(_ into: inout SnapshotBuilder) throws {
    var meta: [UInt8] = []
    meta.append(integer: watermark)
    into.add("meta", meta)
    traces.snapshot(&into)
  }

  func restore(_ from: StateReader) throws {
    for writer in 0..<from.writers {
      guard let meta = from.section("meta", of: writer) else { continue }
      try meta.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        watermark = max(watermark, try reader.integer())
      }
      // A gap or a lateness that has changed holds from here on: deadlines are made of what is kept.
      isBusy = true
      try traces.restore(from, writer) { key, trace in timers.set(deadline(trace), key) }
    }
  }
}
