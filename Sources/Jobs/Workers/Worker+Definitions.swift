internal import Connectors
internal import Dataflow

/// A worker that has its jobs from the database: what the control server stored there.
extension Worker {
  /// Makes a job of a stored document. Throws `Diagnostic`s or whatever else keeps this machine from running it.
  public typealias Planner = @Sendable (_ document: String, _ job: String) throws -> PlannedJob

  /// Looks at what is wanted; plans what is new. What this worker cannot run it says in the database, and leaves to others.
  func readDefinitions(_ plan: @escaping Planner) async throws {
    wanted = Dictionary(try await keeper.wanted().map { ($0.job, $0) }, uniquingKeysWith: { first, _ in first })
    for name in jobs.keys where wanted[name]?.version != versions[name] { jobs[name] = nil }
    versions = versions.filter { wanted[$0.key] != nil }
    for (name, wanted) in wanted.sorted(by: { $0.key < $1.key }) where versions[name] != wanted.version {
      guard let result = try await keeper.plan(wanted, plan) else { continue }
      versions[name] = wanted.version
      failures = failures.filter { $0.key.job != name }
      switch result {
      case .success(let job): jobs[name] = job
      case .failure(let refused): notify(.refused(job: name, version: wanted.version, why: refused.why))
      }
    }
  }

  /// Brings what runs here to what is wanted.
  func obey() async {
    let expired = Set(seen.leases.filter { $0.isExpired && $0.owner == owner }.map(\.shard))
    for (shard, run) in runs.sorted(by: { $0.key < $1.key }) where !run.isLost {
      let wanted = wanted[shard.job]
      switch WantedRules.step(version: run.version, isExpired: expired.contains(shard), wanted: wanted) {
      case .goOn:
        guard let asked = wanted?.checkpoints, asked > run.checkpoints else { continue }
        runs[shard]?.checkpoints = asked
        await run.session.runner.checkpoint()
      case .stop: await stop(shard)
      case .cancel:
        if wanted?.state == .cancelled { runs[shard]?.isCancelled = true } else { runs[shard]?.isLost = true }
        run.task.cancel()
      }
    }
  }

  /// What comes before the first run of a shard under a definition: its state is kept as it was, and loses what nobody reads when somebody wanted that.
  ///
  /// No shard of an earlier version runs any more, and this one has not begun: what is kept of all shards belongs together.
  nonisolated func prepare(_ shard: JobShard, generation: UInt64, _ session: JobSession, _ wanted: WantedJob) async throws {
    if try await keeper.pinned(shard) < wanted.definition {
      try await StatePin.take(session, before: wanted.definition)
      try await keeper.pin(shard, generation: generation, version: wanted.definition)
    }
    if wanted.losesState { _ = try await session.runner.dropUnreadState() }
  }

  /// Tells the database what shards have counted, and what their steps do where somebody looks. Beside all else: a shard that does not answer must not keep
  /// leases from being renewed.
  func reportCounts() {
    looks += 1
    guard looks % Self.looksBetweenReports == 0, !isReporting, !runs.isEmpty else { return }
    isReporting = true
    let running = runs.mapValues { (generation: $0.generation, session: $0.session) }
    let watched = Set(wanted.values.filter(\.isWatched).map(\.job))
    Task {
      var counts: [LeaseStore.Count] = []
      var seen: [JobShard: ShardSample] = [:]
      for (shard, run) in running {
        let status = await run.session.runner.status()
        let totals = await run.session.runner.totals(status)
        let sources = run.session.graph.sources.map(\.id)
        var load: ShardLoad?
        if watched.contains(shard.job), let job = jobs[shard.job] {
          let sample = ShardSample(generation: run.generation, at: runtime.monotonic(), status: status)
          load = sample.load(of: job.steps(ofStage: shard.stage), since: samples[shard], readsSources: shard.stage == 0)
          seen[shard] = sample
        }
        counts.append(
          (
            shard, run.generation, RecordsRead.count(totals, sources: sources), totals.reduce(0) { $0 + $1.counters.errors }, load?.text
          ))
      }
      samples = seen
      // Numbers for people: the next ones come in two seconds.
      try? await keeper.report(counts)
      isReporting = false
    }
  }

  private static let looksBetweenReports = 4
}

/// One look at a shard that runs, for the rates of the next.
struct ShardSample {
  var generation: UInt64
  /// By the steady clock.
  var at: Int64
  var status: [SubtaskStatus]

  /// - Parameter older: the look before; of another run it counts for nothing.
  func load(of steps: [String], since older: ShardSample?, readsSources: Bool) -> ShardLoad {
    let before = older?.generation == generation ? older : nil
    let seconds = Double(at - (before?.at ?? at)) / 1e9
    return ShardLoad(steps, older: before?.status ?? [], newest: status, seconds: seconds, readsSources: readsSources)
  }
}
