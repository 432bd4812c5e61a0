internal import Dataflow
internal import Foundation
internal import Glibc

/// Keyed state on its own: a table of 48-byte aggregates, random updates, full and incremental checkpoints into a folder that is removed at the end.
public struct StateBenchmark {
  private let keys: Int
  private static let touched = 1_000
  private static let updates = 4_000_000

  /// A measurement with this many keys.
  public init(keys: Int) { self.keys = keys }

  /// One JSON line of figures.
  public func run() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sloscout-state-\(getpid())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try ReplicatedCheckpointStore(files: PosixFileSystem(), folder: folder, job: "state")
    let table = StateTable(payload: 48)
    var random = Random(state: 1)
    for key in 0..<keys { Self.touch(table, key) }
    let update = measure {
      for _ in 0..<Self.updates { Self.touch(table, Int(random.next() % UInt64(keys))) }
    }
    let (full, fullPause) = try checkpoint(table, store, "data-full")
    for _ in 0..<Self.touched { Self.touch(table, Int(random.next() % UInt64(keys))) }
    let (increment, incrementPause) = try checkpoint(table, store, "data-increment")
    return """
      {"keys":\(keys),"update_ns":\(text(update / Double(Self.updates) * 1e9)),"pause_ms_full":\(text(fullPause * 1e3)),\
      "pause_ms_incremental":\(text(incrementPause * 1e3)),"full_bytes":\(full),"touched_keys":\(Self.touched),"incremental_bytes":\(increment),\
      "incremental_share":\(text(Double(increment) / Double(full))),"max_rss_bytes":\(ProcessUsage.now.maxResidentBytes)}
      """
  }

  private static func touch(_ table: StateTable, _ key: Int) {
    var hasher = KeyHasher()
    hasher.combine(UInt64(key))
    var inserted = false
    (table.slot(hasher.finish(), inserted: &inserted) + 16).assumingMemoryBound(to: Int64.self).pointee += 1
  }

  /// Bytes written, and how long the table's owner stood still.
  private func checkpoint(_ table: StateTable, _ store: ReplicatedCheckpointStore, _ name: String) throws -> (bytes: Int, pause: Double) {
    var snapshot: TableSnapshot?
    let pause = measure { snapshot = table.snapshot() }
    guard let snapshot else { return (0, pause) }
    var writer = try FrameWriter(store: store, prefix: name) { try $0() }
    try snapshot.encode(full: snapshot.isFull) { try writer.write($0) }
    _ = try writer.finishPart()
    try writer.flush()
    snapshot.completed()
    return (writer.writtenBytes, pause)
  }

  private func measure(_ work: () -> Void) -> Double {
    var start = timespec()
    var end = timespec()
    clock_gettime(CLOCK_MONOTONIC, &start)
    work()
    clock_gettime(CLOCK_MONOTONIC, &end)
    return Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) / 1e9
  }

  private func text(_ value: Double) -> String { String(format: "%.3f", value) }

  /// xorshift64 (Marsaglia 2003).
  private struct Random {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }
}
