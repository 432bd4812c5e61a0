internal import Connectors
internal import Dataflow

/// Looks at records of a worker's shards. What somebody looks at stands among the definitions, which are read anyway: without a look nothing is done here, and
/// nothing is asked.
extension Worker {
  /// Opens the edges at which somebody looks, and closes those at which nobody does any more.
  func followTaps() {
    let isWanted = wanted.values.contains { !$0.taps.isEmpty }
    guard isWanted || !taps.isEmpty else { return }
    let before = taps.ids
    taps.follow(wantedTaps())
    handRecords()
    guard !before.isSubset(of: wanted.values.flatMap(\.taps).map(\.id)) else { return }
    // Beside all else: when the server was killed nobody else removes what is over. What cannot be removed now, the next look's beginning removes.
    Task { try? await keeper.sweepTaps() }
  }

  private func wantedTaps() -> [ShardTaps.Key: ShardTaps.Wanted] {
    var found: [ShardTaps.Key: ShardTaps.Wanted] = [:]
    for (shard, run) in runs where !run.isLost {
      guard let wanted = wanted[shard.job], !wanted.taps.isEmpty else { continue }
      let edges = run.session.graph.edgeNames
      for tap in wanted.taps where edges.contains(tap.edge) {
        let key = ShardTaps.Key(tap: tap.id, shard: shard, generation: run.generation)
        found[key] = ShardTaps.Wanted(tap: tap, session: run.session)
      }
    }
    return found
  }

  /// Hands over what was seen, a few times a second, for as long as an edge is open.
  private func handRecords() {
    guard !isHandingRecords, !taps.isEmpty else { return }
    isHandingRecords = true
    Task {
      while !taps.isEmpty {
        try? await runtime.sleep(nanoseconds: Self.pauseBetweenRecords)
        let records = taps.seen.take()
        // What the database does not take is lost: whoever looks sees later ones.
        if !records.isEmpty { try? await keeper.hand(records) }
      }
      isHandingRecords = false
    }
  }

  private static let pauseBetweenRecords: Int64 = 250_000_000
}
