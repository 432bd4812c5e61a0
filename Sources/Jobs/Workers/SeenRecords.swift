package import Connectors
internal import Synchronization

/// Records that were seen at open edges, until they are handed over. What is too much for one time is left out, and counts as passed.
package final class SeenRecords: Sendable {
  private struct State {
    var records: [JobTaps.Record] = []
    var bytes = 0
    /// What passed without being kept, by look, since the last record that was.
    var skipped: [Int64: Int] = [:]
  }

  private let state = Mutex(State())
  /// What is handed over goes the way by which leases are renewed: it must not take long.
  private static let byteLimit = 1 << 20

  package init() {}

  /// Keeps a record for a look.
  package func add(_ event: EdgeFeed.Event, for tap: Int64) {
    let size = event.json.utf8.count
    state.withLock { state in
      guard state.bytes + size <= Self.byteLimit else {
        state.skipped[tap, default: 0] += event.passed
        return
      }
      let passed = event.passed + (state.skipped.removeValue(forKey: tap) ?? 0)
      state.records.append(JobTaps.Record(tap: tap, passed: passed, json: event.json))
      state.bytes += size
    }
  }

  /// What there is, in the order in which it was seen; it is kept no longer.
  package func take() -> [JobTaps.Record] {
    state.withLock { state in
      defer { (state.records, state.bytes) = ([], 0) }
      return state.records
    }
  }

  /// Nobody looks any more.
  package func clear() { state.withLock { $0 = State() } }
}
