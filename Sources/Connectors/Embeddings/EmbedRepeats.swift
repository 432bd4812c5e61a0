internal import Dataflow

/// Which keys have left with their vector, and when one last could not be had: so that records that come again and again leave once, and what became an
/// error is tried again later.
///
/// - State: 24 bytes a key.
/// One owner: the subtask's loop.
final class EmbedRepeats {
  /// What a record of a key is, now.
  enum Verdict: Equatable {
    /// The first with a vector, or the first that fails for a while: it leaves.
    case leaves
    /// It has left before, or failed a short time ago.
    case repeats
  }

  /// Nanoseconds after which a key without a vector is asked for again.
  let retryAfter: Int64
  private let table = StateTable(payload: 8)
  private static let hasLeft: Int64 = .max

  init(retryAfter: Int64) { self.retryAfter = retryAfter }

  /// Whether the key need not be asked for.
  func isSettled(_ key: KeyHash, now: Int64) -> Bool {
    guard let row = table.find(key) else { return false }
    let time = (row + 16).loadUnaligned(as: Int64.self)
    return time == Self.hasLeft || now &- time < retryAfter
  }

  /// A record of the key has its vector, or not.
  func decide(_ key: KeyHash, hasVector: Bool, now: Int64) -> Verdict {
    if isSettled(key, now: now), !hasVector || hasLeft(key) { return .repeats }
    var inserted = false
    (table.slot(key, inserted: &inserted) + 16).storeBytes(of: hasVector ? Self.hasLeft : now, as: Int64.self)
    return .leaves
  }

  private func hasLeft(_ key: KeyHash) -> Bool {
    table.find(key).map { ($0 + 16).loadUnaligned(as: Int64.self) == Self.hasLeft } ?? false
  }

  func snapshot(_ into: inout SnapshotBuilder, _ name: String) { into.add(name, table) }

  func restore(_ from: StateReader, _ name: String, of writer: Int) throws {
    try from.forEachRow(name, of: writer, payload: 8) { row in
      var inserted = false
      table.slot(row.loadUnaligned(as: KeyHash.self), inserted: &inserted).copyMemory(from: row, byteCount: table.stride)
    }
  }
}
