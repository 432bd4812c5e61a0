/// The right to run a shard, as it stands in the database that all workers share.
public struct Lease: Sendable, Equatable {
  /// What may be run.
  public var shard: JobShard
  /// Who has it; nil when it was given back, or nobody ever had it.
  public var owner: String?
  /// Goes up by one with every claim. The same number fences sinks.
  public var generation: UInt64
  /// Its time is over by the database's clock: somebody else may claim it.
  public var isExpired: Bool
  /// The shard's input is at its end and everything is delivered: nobody need run it any more.
  public var isFinished: Bool
  /// Nobody need run it because its last checkpoint is where another cut of the job goes on.
  public var isDrained: Bool
  /// It failed a moment ago, and is to rest.
  public var isResting: Bool

  /// A lease.
  public init(
    shard: JobShard, owner: String? = nil, generation: UInt64 = 0, isExpired: Bool = false, isFinished: Bool = false,
    isDrained: Bool = false, isResting: Bool = false
  ) {
    self.shard = shard
    self.owner = owner
    self.generation = generation
    self.isExpired = isExpired
    self.isFinished = isFinished
    self.isDrained = isDrained
    self.isResting = isResting
  }
}

/// What a worker does about the leases that it sees. Pure: the worker carries it out and asks again a moment later.
///
/// ```
///            claim                   another worker should have it: stop with a checkpoint, then give back
///   free ──────────▶ running ───────────────────────────────────────────────────────────────▶ free
///    ▲                 │ the lease is gone (expired, claimed by another): end at once, without a checkpoint
///    └─────────────────┘
/// ```
/// Being wrong for a moment does no harm: the generation fences whoever comes too late.
public enum LeaseRules {
  /// What to do now.
  public struct Actions: Sendable, Equatable {
    /// Shards to claim: free, and best placed here.
    public var claim: [JobShard] = []
    /// Shards to stop with a checkpoint, because another worker that lives should have them.
    public var move: [JobShard] = []
    /// Shards whose lease is lost: to be ended without a checkpoint.
    public var abandon: [JobShard] = []

    /// Nothing.
    public init() {}
  }

  /// Decides. O(leases) while the names of shards and workers are those of the look before.
  ///
  /// - Parameters:
  ///   - me: the worker's name.
  ///   - workers: all that live, of each job that has leases here.
  ///   - running: what runs here, and under which generation.
  ///   - placement: the worker's own, from one look to the next.
  public static func decide(
    _ me: String, workers: [String: [String]], leases: [Lease], running: [JobShard: UInt64], placement: inout StandingPlacement
  ) -> Actions {
    var actions = Actions()
    // Those at the end of their input keep their places: else others would move whenever one ends.
    let ordered = leases.sorted { $0.shard < $1.shard }
    placement.follow(ordered.map(\.shard), among: workers)
    for lease in ordered where !lease.isFinished {
      let owner = placement[lease.shard]
      let isMine = lease.owner == me && running[lease.shard] == lease.generation
      if let generation = running[lease.shard], !isMine, lease.owner != nil || lease.generation != generation {
        actions.abandon.append(lease.shard)
      } else if isMine {
        if let owner, owner != me { actions.move.append(lease.shard) }
      } else if owner == me, running[lease.shard] == nil, lease.owner == nil || lease.isExpired, !lease.isResting {
        actions.claim.append(lease.shard)
      }
    }
    // Of a cut that is no more.
    let known = Set(leases.map(\.shard))
    actions.abandon += running.keys.filter { !known.contains($0) }.sorted()
    return actions
  }
}
