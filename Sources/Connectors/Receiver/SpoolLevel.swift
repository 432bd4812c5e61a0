internal import Synchronization

/// How full a spool is, and what it did since the process began.
package struct SpoolLevel: Sendable, Equatable {
  /// The spool's topic.
  package var name: String
  /// Bytes on disk and on their way there.
  package var bytes: Int64
  /// Bytes from which on requests are refused.
  package var limit: Int64
  /// Requests that were stored.
  package var accepted: Int
  /// Requests that were refused, for want of room or because the disk failed.
  package var refused: Int

  package init(name: String, bytes: Int64, limit: Int64, accepted: Int = 0, refused: Int = 0) {
    self.name = name
    self.bytes = bytes
    self.limit = limit
    self.accepted = accepted
    self.refused = refused
  }

  package var isFull: Bool { bytes >= limit }
}

/// The spools that this process has open. Process-wide, because health is a question to the process, and a source has no way to its job.
package enum OpenSpools {
  private struct Entry {
    weak var spool: RequestSpool?
  }
  private static let entries = Mutex<[Entry]>([])

  static func add(_ spool: RequestSpool) {
    entries.withLock { entries in
      entries.removeAll { $0.spool == nil }
      entries.append(Entry(spool: spool))
    }
  }

  /// The levels of all of them; a spool that was opened again after a restart counts once, as what it is now.
  package static var levels: [SpoolLevel] {
    var levels: [String: SpoolLevel] = [:]
    for spool in entries.withLock({ $0.compactMap(\.spool) }) { levels[spool.level.name] = spool.level }
    return levels.values.sorted { $0.name < $1.name }
  }
}
