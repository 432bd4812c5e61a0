internal import Synchronization

/// Keyed rows of a fixed size, with snapshots that cost one copy of the directory.
///
/// An extendible hash: the top bits of `key.high` choose a directory entry, an entry names a *segment* of 512 slots, a full segment splits.
/// A snapshot copies the directory, 16 bytes a segment; from then on the first write to a segment copies it, unless the packer has passed it
/// already. Only segments written since the last complete checkpoint are packed again.
///
/// ```
/// directory  [00] ──▶ segment a      snapshot [00] ──▶ segment a
///            [01] ──▶ segment b'              [01] ──▶ segment b     b was written after the barrier
///            [10] ─┐                          [10] ─┐
///            [11] ─┴▶ segment c               [11] ─┴▶ segment c     c was never split: two entries share it
/// ```
///
/// A row is `stride` bytes: the 16-byte key, then whatever the operator keeps, zero at first. Rows move when a segment splits or is copied:
/// pointers are good until the next call that may insert, and `layoutVersion` tells whether something moved.
///
/// - Complexity: O(1) a look-up, O(directory) a snapshot (0.5 MiB at ten million keys).
public final class StateTable {
  /// Slots of a segment, and how many may be used before it splits.
  package static let slots = 512
  package static let maxUsed = 448
  /// Bytes before the rows of a segment: counts, then one control byte a slot.
  static let headerBytes = 64 + slots
  private static let tombstone: UInt8 = 1

  package struct Entry {
    var segment: UnsafeMutableRawPointer
    /// The table's epoch when this segment was last made writable.
    var epoch: UInt32
    /// How many top bits of the hash all keys of the segment share.
    var depth: UInt32
  }

  /// Bytes of a row, the key included; a multiple of 8.
  public let stride: Int
  /// Rows in the table.
  public private(set) var count = 0
  /// Changes whenever rows may have moved.
  public private(set) var layoutVersion = 0

  private var directory: UnsafeMutablePointer<Entry>
  private var depth: UInt32 = 0
  private var epoch: UInt32 = 1
  private var open: TableSnapshot?
  /// The epoch up to which everything stands in a complete checkpoint.
  private let base = CompletedEpoch()

  /// An empty table whose rows carry `payload` bytes beside the key.
  public init(payload: Int) {
    stride = 16 + (payload + 7) / 8 * 8
    directory = .allocate(capacity: 1)
    directory.initialize(to: Entry(segment: Self.makeSegment(stride), epoch: 1, depth: 0))
  }

  deinit {
    var index = 0
    while index < 1 << Int(depth) {
      let entry = directory[index]
      retire(entry.segment)
      index += 1 << Int(depth - entry.depth)
    }
    directory.deallocate()
  }

  // MARK: Rows

  /// The row of the key, or nil. Read only: writing needs `slot` or `existing`.
  @inline(__always)
  public func find(_ key: KeyHash) -> UnsafeRawPointer? {
    let segment = directory[index(of: key)].segment
    guard let slot = Self.probe(segment, key, stride) else { return nil }
    return UnsafeRawPointer(Self.row(segment, slot, stride))
  }

  /// The row of the key for writing, made (all zero but the key) when there is none.
  @inline(__always)
  public func slot(_ key: KeyHash, inserted: inout Bool) -> UnsafeMutableRawPointer {
    var index = index(of: key)
    if directory[index].epoch != epoch { makeWritable(index) }
    var segment = directory[index].segment
    if let slot = Self.probe(segment, key, stride) { return Self.row(segment, slot, stride) }
    while Self.used(segment).pointee >= Self.maxUsed {
      split(index)
      index = self.index(of: key)
      segment = directory[index].segment
    }
    inserted = true
    count += 1
    return Self.insert(segment, key, stride)
  }

  /// The row of the key for writing, or nil.
  public func existing(_ key: KeyHash) -> UnsafeMutableRawPointer? {
    let index = index(of: key)
    guard Self.probe(directory[index].segment, key, stride) != nil else { return nil }
    if directory[index].epoch != epoch { makeWritable(index) }
    let segment = directory[index].segment
    return Self.probe(segment, key, stride).map { Self.row(segment, $0, stride) }
  }

  /// Removes the row of the key. Returns whether there was one.
  @discardableResult
  public func remove(_ key: KeyHash) -> Bool {
    let index = index(of: key)
    guard Self.probe(directory[index].segment, key, stride) != nil else { return false }
    if directory[index].epoch != epoch { makeWritable(index) }
    let segment = directory[index].segment
    guard let slot = Self.probe(segment, key, stride) else { return false }
    Self.control(segment)[slot] = Self.tombstone
    Self.live(segment).pointee -= 1
    count -= 1
    return true
  }

  /// Calls the body with every row, for reading, in an order that depends only on the history of the table.
  public func forEach(_ body: (UnsafeRawPointer) throws -> Void) rethrows {
    var index = 0
    while index < 1 << Int(depth) {
      let entry = directory[index]
      try Self.forEachRow(entry.segment, stride) { try body(UnsafeRawPointer($0)) }
      index += 1 << Int(depth - entry.depth)
    }
  }

  /// Calls the body with every row for writing; segments for which `mayChange` finds no row are left untouched (and out of the next checkpoint).
  public func updateEach(where mayChange: (UnsafeRawPointer) -> Bool, _ body: (UnsafeMutableRawPointer) throws -> Void) rethrows {
    var index = 0
    while index < 1 << Int(depth) {
      var wanted = false
      Self.forEachRow(directory[index].segment, stride) { if !wanted, mayChange(UnsafeRawPointer($0)) { wanted = true } }
      if wanted {
        if directory[index].epoch != epoch { makeWritable(index) }
        try Self.forEachRow(directory[index].segment, stride) { if mayChange(UnsafeRawPointer($0)) { try body($0) } }
      }
      index += 1 << Int(depth - directory[index].depth)
    }
  }

  /// Keeps the rows for which the predicate answers true.
  public func removeAll(where shouldRemove: (UnsafeRawPointer) -> Bool) {
    var doomed: [KeyHash] = []
    forEach { if shouldRemove($0) { doomed.append($0.load(as: KeyHash.self)) } }
    for key in doomed { remove(key) }
  }

  // MARK: Segments

  @inline(__always)
  private func index(of key: KeyHash) -> Int {
    depth == 0 ? 0 : Int(truncatingIfNeeded: key.high >> UInt64(64 - depth))
  }

  static func makeSegment(_ stride: Int) -> UnsafeMutableRawPointer {
    let segment = UnsafeMutableRawPointer.allocate(byteCount: headerBytes + slots * stride, alignment: 64)
    segment.initializeMemory(as: UInt8.self, repeating: 0, count: headerBytes)
    return segment
  }

  @inline(__always)
  static func used(_ segment: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Int32> { segment.assumingMemoryBound(to: Int32.self) }
  @inline(__always)
  static func live(_ segment: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Int32> { segment.assumingMemoryBound(to: Int32.self) + 1 }
  @inline(__always)
  static func control(_ segment: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UInt8> {
    (segment + 64).assumingMemoryBound(to: UInt8.self)
  }
  @inline(__always)
  static func row(_ segment: UnsafeMutableRawPointer, _ slot: Int, _ stride: Int) -> UnsafeMutableRawPointer {
    segment + (headerBytes + slot &* stride)
  }
  @inline(__always)
  private static func tag(_ key: KeyHash) -> UInt8 { UInt8(truncatingIfNeeded: key.low >> 32) | 0x80 }

  @inline(__always)
  private static func probe(_ segment: UnsafeMutableRawPointer, _ key: KeyHash, _ stride: Int) -> Int? {
    let control = control(segment)
    let tag = tag(key)
    var slot = Int(truncatingIfNeeded: key.low) & (slots - 1)
    while true {
      let mark = control[slot]
      if mark == tag {
        let stored = row(segment, slot, stride).load(as: KeyHash.self)
        if stored.high == key.high && stored.low == key.low { return slot }
      } else if mark == 0 {
        return nil
      }
      slot = (slot + 1) & (slots - 1)
    }
  }

  /// Inserts a key that is not there into a segment that has room.
  private static func insert(_ segment: UnsafeMutableRawPointer, _ key: KeyHash, _ stride: Int) -> UnsafeMutableRawPointer {
    let control = control(segment)
    var slot = Int(truncatingIfNeeded: key.low) & (slots - 1)
    while control[slot] >= 0x80 { slot = (slot + 1) & (slots - 1) }
    if control[slot] == 0 { used(segment).pointee += 1 }
    live(segment).pointee += 1
    control[slot] = tag(key)
    let row = row(segment, slot, stride)
    row.initializeMemory(as: UInt8.self, repeating: 0, count: stride)
    row.storeBytes(of: key, as: KeyHash.self)
    return row
  }

  static func forEachRow(_ segment: UnsafeMutableRawPointer, _ stride: Int, _ body: (UnsafeMutableRawPointer) throws -> Void) rethrows {
    let control = control(segment)
    for slot in 0..<slots where control[slot] >= 0x80 { try body(row(segment, slot, stride)) }
  }

  /// Makes the segment of a directory entry writable in this epoch: a copy if a snapshot may still read it.
  private func makeWritable(_ index: Int) {
    let entry = directory[index]
    let span = 1 << Int(depth - entry.depth)
    let first = index / span * span
    var segment = entry.segment
    if let open {
      if open.isReleased {
        self.open = nil
      } else if !open.hasPassed(first, depth: depth) {
        let bytes = Self.headerBytes + Self.slots * stride
        let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        copy.copyMemory(from: segment, byteCount: bytes)
        open.own(segment)
        segment = copy
        layoutVersion += 1
      }
    }
    for i in first..<(first + span) { directory[i] = Entry(segment: segment, epoch: epoch, depth: entry.depth) }
  }

  /// Frees a segment, or leaves it to the snapshot that may still read it.
  private func retire(_ segment: UnsafeMutableRawPointer) {
    if let open, !open.isReleased { open.own(segment) } else { segment.deallocate() }
  }

  /// Splits the segment of a directory entry in two by the next bit of the hash.
  private func split(_ index: Int) {
    var index = index
    let entry = directory[index]
    if entry.depth == depth {
      doubleDirectory()
      index *= 2
    }
    let span = 1 << Int(depth - entry.depth)
    let first = index / span * span
    let zero = Self.makeSegment(stride)
    let one = Self.makeSegment(stride)
    let bit = UInt64(1) << UInt64(63 - entry.depth)
    Self.forEachRow(entry.segment, stride) { row in
      let key = row.load(as: KeyHash.self)
      Self.insert(key.high & bit == 0 ? zero : one, key, stride).copyMemory(from: row, byteCount: stride)
    }
    for i in first..<(first + span) {
      directory[i] = Entry(segment: i < first + span / 2 ? zero : one, epoch: epoch, depth: entry.depth + 1)
    }
    retire(entry.segment)
    layoutVersion += 1
  }

  private func doubleDirectory() {
    let old = directory
    let n = 1 << Int(depth)
    directory = .allocate(capacity: 2 * n)
    for i in 0..<n {
      directory[2 * i] = old[i]
      directory[2 * i + 1] = old[i]
    }
    old.deallocate()
    depth += 1
  }

  // MARK: Snapshots

  /// Captures the table as it is. The bytes are packed later, on another thread; until then the table keeps both versions of what is written.
  ///
  /// At most one snapshot is open at a time: one checkpoint is in flight.
  package func snapshot() -> TableSnapshot {
    precondition(open?.isReleased ?? true, "a snapshot of this table is still being packed")
    let snapshot = TableSnapshot(directory: directory, depth: depth, stride: stride, epoch: epoch, base: base)
    open = snapshot
    epoch += 1
    return snapshot
  }
}

/// The newest epoch of a table that stands in a complete checkpoint. Written by the checkpoint's completion, read when the next one is packed.
package final class CompletedEpoch: Sendable {
  private let value = Atomic<UInt32>(0)
  package init() {}
  package var epoch: UInt32 { value.load(ordering: .acquiring) }
  package func complete(_ epoch: UInt32) { value.store(epoch, ordering: .releasing) }
}
