internal import Dataflow

/// The sessions of a subtask: one row each in a copy-on-write table, found by key through an index in memory.
///
/// A row is a window row (`WindowLayout`) followed by the session's first and last event time, the key's own hash, its revision and flags. Its table key
/// is the hash of key and first time, so a session that grows backwards moves to another row.
final class SessionTable {
  struct Session: Equatable {
    var first: Int64
    var last: Int64
  }

  let layout: WindowLayout
  private(set) var table: StateTable
  private(set) var log = ColdLog()
  /// Sessions of each key by their times. Rebuilt from the rows at a restore.
  private var index: [KeyHash: [Session]] = [:]
  private let extra: Int
  /// Sessions removed since the log was last written anew.
  private var removals = 0
  /// What a row holds beside the window row: times, key, revision, flags.
  private static let ownBytes = 48
  private static let compactionBytes = 16 << 20

  init(_ layout: WindowLayout) {
    self.layout = layout
    extra = 16 + layout.payload
    table = StateTable(payload: layout.payload + Self.ownBytes)
  }

  static func rowKey(_ key: KeyHash, _ first: Int64) -> KeyHash {
    var hasher = KeyHasher(seed: 0x5E55)
    hasher.combine(key.high)
    hasher.combine(key.low)
    hasher.combine(UInt64(bitPattern: first))
    return hasher.finish()
  }

  var count: Int { table.count }
  func sessions(_ key: KeyHash) -> [Session] { index[key] ?? [] }

  // MARK: A row's own fields

  func times(_ row: UnsafeRawPointer) -> Session {
    Session(
      first: row.loadUnaligned(fromByteOffset: extra, as: Int64.self), last: row.loadUnaligned(fromByteOffset: extra + 8, as: Int64.self))
  }
  func key(_ row: UnsafeRawPointer) -> KeyHash { row.loadUnaligned(fromByteOffset: extra + 16, as: KeyHash.self) }
  func revision(_ row: UnsafeRawPointer) -> Int64 { row.loadUnaligned(fromByteOffset: extra + 32, as: Int64.self) }
  /// It has been emitted as final.
  func isFinal(_ row: UnsafeRawPointer) -> Bool { row.loadUnaligned(fromByteOffset: extra + 40, as: Int64.self) != 0 }
  func setEmitted(_ row: UnsafeMutableRawPointer, revision: Int64, isFinal: Bool) {
    row.storeBytes(of: revision, toByteOffset: extra + 32, as: Int64.self)
    row.storeBytes(of: isFinal ? 1 : 0, toByteOffset: extra + 40, as: Int64.self)
    row.storeBytes(of: 0, toByteOffset: WindowLayout.changed, as: UInt32.self)
  }
  func isChanged(_ row: UnsafeRawPointer) -> Bool { row.load(fromByteOffset: WindowLayout.changed, as: UInt32.self) != 0 }

  // MARK: Sessions

  /// The row of the session that a record at `time` belongs to, made, grown or joined from several as needed. Returns its times too.
  func session(_ key: KeyHash, at time: Int64, gap: Int64, _ batch: RecordBatch, _ row: Int) -> (
    row: UnsafeMutableRawPointer, times: Session
  ) {
    let all = index[key] ?? []
    let touched = all.filter { time < $0.last + gap && time > $0.first - gap }
    if touched.count == 1, let only = touched.first, only.first <= time {
      let slot = writable(key, only.first)
      let grown = Session(first: only.first, last: max(only.last, time))
      if grown != only {
        writeTimes(slot, grown, key)
        if let position = all.firstIndex(of: only) { index[key]?[position] = grown }
      }
      return (slot, grown)
    }
    let merged = touched.reduce(Session(first: time, last: time)) { Session(first: min($0.first, $1.first), last: max($0.last, $1.last)) }
    return (join(touched, into: merged, key, batch, row), merged)
  }

  /// Makes the row of a new or joined session, and removes those it was joined from. Its revision is the largest of theirs, so it replaces them.
  private func join(_ parts: [Session], into merged: Session, _ key: KeyHash, _ batch: RecordBatch, _ row: Int) -> UnsafeMutableRawPointer {
    let bytes = table.stride
    // The joined row may take the place of a part's: build it aside first.
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
    defer { scratch.deallocate() }
    scratch.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    var largest: Int64 = 0
    for (i, part) in parts.sorted(by: { $0.first < $1.first }).enumerated() {
      guard let old = table.find(Self.rowKey(key, part.first)) else { continue }
      if i == 0 { scratch.copyMemory(from: old, byteCount: bytes) } else { layout.merge(scratch, log, old, log, isNew: false) }
      largest = max(largest, revision(old))
    }
    for part in parts { table.remove(Self.rowKey(key, part.first)) }
    var inserted = false
    let slot = table.slot(Self.rowKey(key, merged.first), inserted: &inserted)
    let rowKey = slot.load(as: KeyHash.self)
    slot.copyMemory(from: scratch, byteCount: bytes)
    slot.storeBytes(of: rowKey, as: KeyHash.self)
    if parts.isEmpty { layout.initialize(slot, batch, row, log) }
    setEmitted(slot, revision: largest, isFinal: false)
    writeTimes(slot, merged, key)
    index[key, default: []].removeAll { parts.contains($0) }
    index[key, default: []].append(merged)
    return slot
  }

  private func writeTimes(_ row: UnsafeMutableRawPointer, _ times: Session, _ key: KeyHash) {
    row.storeBytes(of: times.first, toByteOffset: extra, as: Int64.self)
    row.storeBytes(of: times.last, toByteOffset: extra + 8, as: Int64.self)
    row.storeBytes(of: key, toByteOffset: extra + 16, as: KeyHash.self)
  }

  private func writable(_ key: KeyHash, _ first: Int64) -> UnsafeMutableRawPointer {
    var inserted = false
    return table.slot(Self.rowKey(key, first), inserted: &inserted)
  }

  func remove(_ key: KeyHash, _ session: Session) {
    table.remove(Self.rowKey(key, session.first))
    index[key]?.removeAll { $0 == session }
    if index[key]?.isEmpty == true { index[key] = nil }
    removals += 1
    compact()
  }

  // MARK: Checkpoint

  func snapshot(_ into: inout SnapshotBuilder) {
    into.add("rows", table)
    into.add("log", log)
    into.add("shared", layout.snapshotShared())
  }

  /// Takes the sessions of a former subtask whose keys are in the range. Calls the body for each.
  func restore(_ from: StateReader, _ writer: Int, _ body: (KeyHash, Session) -> Void) throws {
    let savedLog = ColdLog()
    guard let shared = from.section("shared", of: writer), from.appendLog("log", of: writer, to: savedLog) != nil else { return }
    let mappings = try layout.restoreShared(shared)
    let saved = UnsafeMutableRawPointer.allocate(byteCount: table.stride, alignment: 8)
    defer { saved.deallocate() }
    try from.forEachUnfilteredRow("rows", of: writer, payload: layout.payload + Self.ownBytes) { row in
      saved.copyMemory(from: row, byteCount: table.stride)
      let key = key(saved)
      guard from.keyGroups.contains(key.group) else { return }
      layout.renumber(saved, mappings)
      copy(saved, savedLog, into: table, log)
      index[key, default: []].append(times(saved))
      body(key, times(saved))
    }
  }

  /// Copies a row with its values in the log.
  private func copy(_ row: UnsafeRawPointer, _ rowLog: ColdLog, into target: StateTable, _ log: ColdLog) {
    var inserted = false
    let slot = target.slot(row.loadUnaligned(as: KeyHash.self), inserted: &inserted)
    layout.merge(slot, log, row, rowLog, isNew: true)
    (slot + WindowLayout.changed).copyMemory(from: row + WindowLayout.changed, byteCount: 4)
    (slot + extra).copyMemory(from: row + extra, byteCount: Self.ownBytes)
  }

  /// Writes the log anew when most of it belongs to sessions that are gone. O(rows), and at least as many rows have gone since the last time.
  private func compact() {
    guard removals > table.count, log.count > Self.compactionBytes else { return }
    let (fresh, freshLog) = (StateTable(payload: layout.payload + Self.ownBytes), ColdLog())
    table.forEach { copy($0, log, into: fresh, freshLog) }
    (table, log, removals) = (fresh, freshLog, 0)
  }
}
