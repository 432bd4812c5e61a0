internal import Dataflow
internal import SLO

/// The traces of a subtask that are kept: a row each in a copy-on-write table, their spans in a log, each behind a reference to the one before.
///
/// What spans are known by stands beside them, in memory only: it is made again of the log at a restore.
struct TraceTable {
  /// What is known of a trace without looking at its spans.
  struct Trace {
    var first: Int64
    /// The latest end of a span.
    var last: Int64
    /// Where the newest entry of the log stands.
    var offset: Int
    var length: Int32
    var count: Int32
    /// How many of them were handed on.
    var emitted: Int32
    var revision: Int32
    var hasRoot: Bool
    var id: TraceID
  }

  private static let payload = 64
  /// Offset and length of the entry before: room that whoever encodes a record leaves in front of it.
  static let linkBytes = 12
  private static let compactionBytes = 16 << 20

  private var table = StateTable(payload: TraceTable.payload)
  private var log = ColdLog()
  private var known = StateTable(payload: 0)
  /// Bytes of the log that belong to traces that are gone.
  private var dead = 0

  func isKept(_ key: KeyHash) -> Bool { table.find(key) != nil }

  func find(_ key: KeyHash) -> Trace? { table.find(key).map { Self.trace($0) } }

  /// Traces with spans that were not handed on, in the order of their keys.
  var unsent: [KeyHash] {
    var keys: [KeyHash] = []
    table.forEach { row in
      let trace = Self.trace(row)
      if trace.count > trace.emitted { keys.append(row.load(as: KeyHash.self)) }
    }
    return keys.sorted()
  }

  /// False when the span was there already.
  mutating func remember(_ key: KeyHash, _ span: UInt64) -> Bool {
    var isNew = false
    _ = known.slot(Self.spanKey(key, span), inserted: &isNew)
    return isNew
  }

  private static func spanKey(_ key: KeyHash, _ span: UInt64) -> KeyHash {
    var hasher = KeyHasher(seed: 0x57A6)
    hasher.combine(key.high)
    hasher.combine(key.low)
    hasher.combine(span)
    return hasher.finish()
  }

  /// Adds a span: its record behind `linkBytes` of room. Answers whether the trace is to be looked at anew: it was not kept, all of it had
  /// been handed on, or this is its root.
  mutating func append(_ key: KeyHash, _ id: TraceID, _ entry: inout [UInt8], start: Int64, end: Int64, isRoot: Bool) -> Bool {
    var isNew = false
    let row = table.slot(key, inserted: &isNew)
    var trace =
      isNew
      ? Trace(first: start, last: end, offset: 0, length: 0, count: 0, emitted: 0, revision: 0, hasRoot: false, id: id) : Self.trace(row)
    let wasSent = trace.emitted == trace.count
    (trace.offset, trace.length) = chain(&entry, behind: trace)
    trace.count += 1
    trace.first = min(trace.first, start)
    trace.last = max(trace.last, end)
    // With its root it is due sooner.
    let isRooted = isRoot && !trace.hasRoot
    trace.hasRoot = trace.hasRoot || isRoot
    Self.store(trace, row)
    return isNew || wasSent || isRooted
  }

  /// Appends an entry to the log, behind what the trace has.
  private func chain(_ entry: inout [UInt8], behind trace: Trace) -> (offset: Int, length: Int32) {
    entry.withUnsafeMutableBytes { bytes in
      bytes.storeBytes(of: Int64(trace.offset), as: Int64.self)
      bytes.storeBytes(of: trace.length, toByteOffset: 8, as: Int32.self)
    }
    return (log.append(entry), Int32(truncatingIfNeeded: entry.count))
  }

  /// Calls the body with the records of a trace, the newest first.
  private static func forEachRecord(_ trace: Trace, _ log: ColdLog, _ body: (UnsafeRawBufferPointer) -> Void) {
    var (offset, length) = (trace.offset, Int(trace.length))
    for _ in 0..<trace.count {
      let bytes = UnsafeRawBufferPointer(log.view(offset, length).buffer)
      body(UnsafeRawBufferPointer(rebasing: bytes[linkBytes...]))
      (offset, length) = (Int(bytes.loadUnaligned(as: Int64.self)), Int(bytes.loadUnaligned(fromByteOffset: 8, as: Int32.self)))
    }
  }

  /// Writes the body of a trace, and notes that it was handed on. Its spans stand in the order of their start, roots first; those that were handed on before
  /// are marked.
  mutating func take(_ key: KeyHash, into body: inout [UInt8]) -> Trace? {
    guard let row = table.existing(key) else { return nil }
    var trace = Self.trace(row)
    var records: [(bytes: UnsafeRawBufferPointer, isKnown: Bool)] = []
    records.reserveCapacity(Int(trace.count))
    Self.forEachRecord(trace, log) { record in
      // The newest come first.
      records.append((record, records.count >= Int(trace.count - trace.emitted)))
    }
    records.sort { Self.isBefore($0.bytes, $1.bytes) }
    TraceBody.begin(trace.id, &body)
    for record in records {
      let start = body.count
      body.append(contentsOf: record.bytes)
      if record.isKnown {
        body.withUnsafeMutableBytes { if let base = $0.baseAddress { SpanRecord.set(SpanRecord.Flag.known, base + start) } }
      }
    }
    trace.emitted = trace.count
    trace.revision += 1
    Self.store(trace, row)
    return trace
  }

  private static func isBefore(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    guard let x = a.baseAddress, let y = b.baseAddress else { return false }
    let (first, second) = (SpanRecord.isRoot(x), SpanRecord.isRoot(y))
    if first != second { return first }
    let (start, other) = (SpanRecord.start(x), SpanRecord.start(y))
    return start == other ? SpanRecord.id(x) < SpanRecord.id(y) : start < other
  }

  /// The first span of a body: the root, or what stands in for it.
  static func head(of body: ByteView) -> SpanRecord.View? {
    var index = 16
    return SpanRecord.read(UnsafeRawBufferPointer(body.buffer), at: &index)
  }

  /// Forgets a trace and what its spans are known by.
  mutating func remove(_ key: KeyHash) {
    guard let trace = find(key) else { return }
    Self.forEachRecord(trace, log) { record in
      dead += record.count + Self.linkBytes
      if let base = record.baseAddress { known.remove(Self.spanKey(key, SpanRecord.id(base))) }
    }
    table.remove(key)
    compact()
  }

  /// Writes the log anew when most of it belongs to traces that are gone.
  private mutating func compact() {
    guard dead > Self.compactionBytes, dead * 2 > log.count else { return }
    let (old, oldLog) = (table, log)
    (table, log, dead) = (StateTable(payload: Self.payload), ColdLog(), 0)
    old.forEach { adopt($0.load(as: KeyHash.self), Self.trace($0), oldLog) }
  }

  /// Takes over a trace of another log.
  private mutating func adopt(_ key: KeyHash, _ trace: Trace, _ other: ColdLog) {
    var records: [UnsafeRawBufferPointer] = []
    Self.forEachRecord(trace, other) { records.append($0) }
    var copy = trace
    (copy.offset, copy.length) = (0, 0)
    var entry: [UInt8] = []
    for record in records.reversed() {
      entry.removeAll(keepingCapacity: true)
      entry.append(contentsOf: repeatElement(0, count: Self.linkBytes))
      entry.append(contentsOf: record)
      (copy.offset, copy.length) = chain(&entry, behind: copy)
    }
    var isNew = false
    Self.store(copy, table.slot(key, inserted: &isNew))
  }

  // MARK: Rows

  private static func trace(_ row: UnsafeRawPointer) -> Trace {
    let at = row + 16
    return Trace(
      first: at.load(as: Int64.self), last: at.load(fromByteOffset: 8, as: Int64.self), offset: at.load(fromByteOffset: 16, as: Int.self),
      length: at.load(fromByteOffset: 24, as: Int32.self), count: at.load(fromByteOffset: 28, as: Int32.self),
      emitted: at.load(fromByteOffset: 32, as: Int32.self), revision: at.load(fromByteOffset: 36, as: Int32.self),
      hasRoot: at.load(fromByteOffset: 40, as: Int64.self) != 0,
      id: TraceID(high: at.load(fromByteOffset: 48, as: UInt64.self), low: at.load(fromByteOffset: 56, as: UInt64.self)))
  }

  private static func trace(_ row: UnsafeMutableRawPointer) -> Trace { trace(UnsafeRawPointer(row)) }

  private static func store(_ trace: Trace, _ row: UnsafeMutableRawPointer) {
    let at = row + 16
    at.storeBytes(of: trace.first, as: Int64.self)
    at.storeBytes(of: trace.last, toByteOffset: 8, as: Int64.self)
    at.storeBytes(of: trace.offset, toByteOffset: 16, as: Int.self)
    at.storeBytes(of: trace.length, toByteOffset: 24, as: Int32.self)
    at.storeBytes(of: trace.count, toByteOffset: 28, as: Int32.self)
    at.storeBytes(of: trace.emitted, toByteOffset: 32, as: Int32.self)
    at.storeBytes(of: trace.revision, toByteOffset: 36, as: Int32.self)
    at.storeBytes(of: trace.hasRoot ? 1 : 0, toByteOffset: 40, as: Int64.self)
    at.storeBytes(of: trace.id.high, toByteOffset: 48, as: UInt64.self)
    at.storeBytes(of: trace.id.low, toByteOffset: 56, as: UInt64.self)
  }

  // MARK: Checkpoint

  func snapshot(_ into: inout SnapshotBuilder) {
    into.add("traces", table)
    into.add("spans", log)
  }

  /// Takes the traces of a former subtask whose keys are in the range. Calls the body for each.
  mutating func restore(_ from: StateReader, _ writer: Int, _ body: (KeyHash, Trace) -> Void) throws {
    let saved = ColdLog()
    guard from.appendLog("spans", of: writer, to: saved) != nil else { return }
    var rows: [(key: KeyHash, trace: Trace)] = []
    let copy = UnsafeMutableRawPointer.allocate(byteCount: 16 + Self.payload, alignment: 8)
    defer { copy.deallocate() }
    try from.forEachRow("traces", of: writer, payload: Self.payload) { row in
      copy.copyMemory(from: row, byteCount: 16 + Self.payload)
      rows.append((copy.load(as: KeyHash.self), Self.trace(copy)))
    }
    for (key, trace) in rows {
      Self.forEachRecord(trace, saved) { record in
        if let base = record.baseAddress { _ = remember(key, SpanRecord.id(base)) }
      }
      adopt(key, trace, saved)
      body(key, trace)
    }
  }
}
