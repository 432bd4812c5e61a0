/// What the control server wants of a job that runs over workers.
package struct WantedJob: Sendable, Equatable {
  /// What its shards should be doing.
  package enum State: String, Sendable, CaseIterable {
    case running
    /// Stopped with a checkpoint.
    case stopped
    /// Ended at once; the last checkpoints stand.
    case cancelled
  }

  package var job: String
  /// Goes up with every document and every restart, and is no other job's: shards of one version run together, and never beside those of another.
  package var version: UInt64
  /// The version with which the document last changed.
  package var definition: UInt64
  package var state: State
  /// Steps that the document no longer has may lose their state.
  package var losesState: Bool
  /// How often a checkpoint was asked for.
  package var checkpoints: UInt64
  /// The versions of shards that some worker holds, by leases whose time is not over.
  package var held: Set<UInt64>
  /// Somebody looks at what its steps do.
  package var isWatched: Bool
  /// Somebody looks at records there.
  package var taps: [WantedTap]

  package init(
    job: String, version: UInt64, definition: UInt64, state: State, losesState: Bool = false, checkpoints: UInt64 = 0,
    held: Set<UInt64> = [], isWatched: Bool = false, taps: [WantedTap] = []
  ) {
    (self.job, self.version, self.definition, self.state) = (job, version, definition, state)
    (self.losesState, self.checkpoints, self.held, self.isWatched, self.taps) = (losesState, checkpoints, held, isWatched, taps)
  }
}

/// What a worker does about what the control server wants. Pure: the worker carries it out, and the database refuses claims by the same rule.
///
/// ```
///                     another version, or stopped        all of that version given back, or over
///   running (v) ──────────────────────────────▶ stopping ────────────────────────────────────▶ may start (v + 1)
///        └─ cancelled, or another version while its lease is over: ended at once, without a checkpoint
/// ```
package enum WantedRules {
  /// What becomes of a shard that runs.
  package enum Step: Sendable, Equatable {
    case goOn
    /// With a checkpoint.
    case stop
    /// At once, without one.
    case cancel
  }

  /// - Parameters:
  ///   - version: what the shard runs under.
  ///   - isExpired: its lease is over. Of a version that is no longer wanted it is not renewed: others may have begun meanwhile.
  ///   - wanted: nil when the job was deleted.
  package static func step(version: UInt64, isExpired: Bool, wanted: WantedJob?) -> Step {
    if let wanted, wanted.state == .cancelled { return .cancel }
    if let wanted, wanted.version == version { return wanted.state == .running ? .goOn : .stop }
    return isExpired ? .cancel : .stop
  }

  /// Whether shards may begin under a version: it is the one that is wanted, and no shard of another is held by anybody.
  ///
  /// - Parameters:
  ///   - version: 0 for a job that a worker has from a file, which it may have only when the server has none of that name.
  ///   - held: the versions that live leases run under.
  package static func mayStart(version: UInt64, wanted: WantedJob?, held: Set<UInt64>) -> Bool {
    guard held.isSubset(of: [version]) else { return false }
    guard let wanted else { return version == 0 }
    return wanted.version == version && wanted.state == .running
  }
}
