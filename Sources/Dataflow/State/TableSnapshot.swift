internal import Synchronization

/// A `StateTable` as it was at a barrier: a copy of its directory. Packed on a background thread while the table goes on.
///
/// `@unchecked Sendable`: the directory copy is immutable, segments it names are not written while `hasPassed` is false for them
/// (the table copies them first), and the list of owned segments is behind a lock.
package final class TableSnapshot: LazySection, @unchecked Sendable {
  private let directory: UnsafeMutablePointer<StateTable.Entry>
  private let depth: UInt32
  private let stride: Int
  private let epoch: UInt32
  private let base: CompletedEpoch
  /// Directory entries below this have been packed and may be written in place.
  private let progress = Atomic<Int>(0)
  private let released = Atomic<Bool>(false)
  private struct Owned: @unchecked Sendable {  // raw memory that nothing else refers to
    var segments: [UnsafeMutableRawPointer] = []
  }
  private let owned = Mutex(Owned())

  init(directory: UnsafeMutablePointer<StateTable.Entry>, depth: UInt32, stride: Int, epoch: UInt32, base: CompletedEpoch) {
    let n = 1 << Int(depth)
    self.directory = .allocate(capacity: n)
    self.directory.update(from: directory, count: n)
    self.depth = depth
    self.stride = stride
    self.epoch = epoch
    self.base = base
  }

  deinit {
    directory.deallocate()
    for segment in owned.withLock({ $0.segments }) { segment.deallocate() }
  }

  /// Called by the table's thread: the packer no longer reads anything.
  var isReleased: Bool { released.load(ordering: .acquiring) }

  /// Called by the table's thread, which may have doubled its directory since.
  func hasPassed(_ index: Int, depth tableDepth: UInt32) -> Bool {
    index >> Int(tableDepth - depth) < progress.load(ordering: .acquiring)
  }

  /// The table has replaced this segment; it is freed with the snapshot.
  func own(_ segment: UnsafeMutableRawPointer) {
    owned.withLock { $0.segments.append(segment) }
  }

  // MARK: LazySection

  /// Nothing of this table is in a complete checkpoint yet, so the part stands alone.
  package var isFull: Bool { base.epoch == 0 }

  /// Packs the segments written since the last complete checkpoint (or all of them):
  /// `stride, then for each segment: prefix, depth, row count, rows`. Nothing at all when no segment was written.
  package func encode(full: Bool, _ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
    defer { released.store(true, ordering: .releasing) }
    let since = full ? 0 : base.epoch
    var bytes: [UInt8] = []
    var isEmpty = true
    var index = 0
    while index < 1 << Int(depth) {
      let entry = directory[index]
      let span = 1 << Int(depth - entry.depth)
      if entry.epoch > since {
        if isEmpty { bytes.append(integer: UInt32(stride)) }
        isEmpty = false
        let prefix = entry.depth == 0 ? 0 : UInt64(index) << UInt64(64 - depth)
        bytes.append(integer: prefix)
        bytes.append(integer: entry.depth)
        bytes.append(integer: UInt32(StateTable.live(entry.segment).pointee))
        StateTable.forEachRow(entry.segment, stride) { row in
          bytes.append(contentsOf: UnsafeRawBufferPointer(start: row, count: stride))
        }
        if bytes.count >= 1 << 20 {
          try bytes.withUnsafeBytes(emit)
          bytes.removeAll(keepingCapacity: true)
        }
      }
      index += span
      progress.store(index, ordering: .releasing)
    }
    try bytes.withUnsafeBytes(emit)
  }

  package func completed() { base.complete(epoch) }

  /// The packer gives up: the table may write in place again.
  package func abandon() { released.store(true, ordering: .releasing) }
}
