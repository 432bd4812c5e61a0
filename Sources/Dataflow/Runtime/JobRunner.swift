/// Runs a job: restores it from its newest checkpoint, runs it to the end of its input (or until it is stopped), and starts it again when it fails.
public actor JobRunner {
  /// How a run ended.
  public struct Result: Sendable {
    /// The bounded input was read to its end; otherwise the job was stopped.
    public let isEndOfInput: Bool
    /// It ended at a cut of the job: nobody runs on from here but the shards of the next one.
    public let isDrained: Bool
    /// Totals per operator id since the job's first record, earlier runs included.
    public let totals: [(id: String, counters: OperatorCounters)]
    /// The same for this run alone.
    public let thisRun: [(id: String, counters: OperatorCounters)]
    /// What operators counted besides records, in this run since it last started from a checkpoint.
    public let counts: [NamedCount]
  }

  let graph: JobGraph
  private let plan: PhysicalPlan
  let runtime: any Runtime
  let store: any CheckpointStore
  let lease: UInt64?
  private let observer: JobObserver
  /// Where somebody may look at what steps hand on.
  public nonisolated let taps = EdgeTaps()

  private var subtasks: [Subtask] = []
  private(set) var coordinator: CheckpointCoordinator?
  private var appliers: [SinkApplier] = []
  private var base: [String: OperatorCounters] = [:]
  private var stopRequested = false
  private var drainRequested = false
  private var finalStatus: [SubtaskStatus] = []
  private var attempts: UInt64 = 0

  /// Batches that wait on one channel at most. Small: a batch may keep 256 KiB of input alive.
  static let channelCapacity = 4

  /// Nothing runs yet. The graph must be valid: the `Diagnostic`s of `GraphValidation` are the caller's business.
  ///
  /// - Parameter lease: the generation of the lease that the job runs under: sinks then refuse everybody who has an earlier one.
  public init(
    _ graph: JobGraph, runtime: any Runtime, store: any CheckpointStore, lease: UInt64? = nil, observer: JobObserver = JobObserver()
  ) {
    self.graph = graph
    self.runtime = runtime
    self.store = store
    self.lease = lease
    self.observer = observer
    plan = PhysicalPlan(graph)
  }

  /// Runs until the input ends or `stop` is called. Throws when the job fails and the restart policy is exhausted, or when a restart cannot help.
  public func run() async throws -> Result {
    var failures = 0
    var delay = graph.restart.initialDelay
    while true {
      let epochsBefore = try? store.epochs().last
      do {
        return try await runAttempt()
      } catch {
        let own = await coordinator?.newestEpoch
        await closeAll()
        // Somebody else has gone on with the job meanwhile: to claim the sinks again would end their run, not help this one.
        if let own, let newest = try? store.epochs().last, newest > own {
          throw CheckpointConflict(epoch: newest, path: graph.checkpoint.store)
        }
        if stopRequested || !Self.isWorthRetrying(error) { throw error }
        if let now = try? store.epochs().last, now != epochsBefore {
          failures = 0
          delay = graph.restart.initialDelay
        }
        failures += 1
        if failures > graph.restart.maxAttempts { throw error }
        let jittered = delay / 2 + Int64(runtime.random() % UInt64(max(1, delay / 2)))
        observer.send(.restarting(attempt: failures, delay: jittered, cause: "\(error)"))
        try await runtime.sleep(nanoseconds: jittered)
        delay = min(delay * 2, graph.restart.maxDelay)
      }
    }
  }

  /// Stops reading, takes a last checkpoint, applies it and ends `run`. Open windows do not fire.
  public func stop() async {
    stopRequested = true
    guard let coordinator else {
      // The job has not begun: a sink that does not answer must not keep it from ending.
      for applier in appliers { applier.giveUp() }
      return
    }
    await coordinator.requestStop()
  }

  /// The same, but the last checkpoint is where another cut of the job goes on: what is sent to other shards says so, and this shard runs no more.
  public func drain() async {
    drainRequested = true
    await coordinator?.requestDrain()
  }

  /// Takes a checkpoint soon.
  public func checkpoint() async { await coordinator?.requestCheckpoint() }

  /// What every subtask is doing now.
  public func status() async -> [SubtaskStatus] {
    var result: [SubtaskStatus] = []
    for subtask in subtasks { if let status = await subtask.status() { result.append(status) } }
    return result
  }

  /// Totals per operator of a status, with what earlier runs counted.
  public func totals(_ status: [SubtaskStatus]) -> [(id: String, counters: OperatorCounters)] {
    Self.sum(status, ids: plan.vertices.flatMap { $0.nodes.map(\.id) }, base: base)
  }

  // MARK: One attempt

  private func runAttempt() async throws -> Result {
    attempts += 1
    appliers = try makeAppliers()
    if stopRequested { for applier in appliers { applier.giveUp() } }
    let loaded = try await recover()
    base = Dictionary(uniqueKeysWithValues: (loaded?.manifest.counters ?? []).map { ($0.id, $0.counters) })
    let ids = plan.vertices.flatMap { $0.nodes.map(\.id) }
    if let loaded, loaded.manifest.isDrained {
      // Its rows have left, now at the latest. Records behind it are for the shards of the next cut.
      await closeAll()
      return Result(
        isEndOfInput: false, isDrained: true, totals: Self.sum([], ids: ids, base: base), thisRun: Self.sum([], ids: ids, base: [:]),
        counts: [])
    }
    // Unique over processes: an acknowledgement or a file of another attempt can never pass for this one's.
    let attempt = runtime.random()
    let wiring = Wiring(
      plan, graph: graph, runtime: runtime, taps: taps, attempt: attempt, state: loaded?.state,
      isFirstOfCut: loaded?.manifest.isFirstOfCut ?? false)
    let coordinator = CheckpointCoordinator(
      CheckpointCoordinator.Plan(
        graph: graph, attempt: attempt, firstEpoch: (loaded?.manifest.epoch ?? 0) + 1, previous: loaded?.manifest,
        subtasks: wiring.subtasks.count, sources: wiring.controls, stages: wiring.stages, news: wiring.news, runtime: runtime,
        store: store, counters: base),
      appliers: appliers, observer: observer)
    self.coordinator = coordinator
    if stopRequested { await coordinator.requestStop() }
    if drainRequested { await coordinator.requestDrain() }
    let slots = runtime.slots
    subtasks = wiring.subtasks.map { Subtask($0, slot: slots[$0.subtask % slots.count], coordinator: coordinator) }
    let ending = try await supervise(coordinator, wiring)
    let status = finalStatus
    await closeAll()
    return Result(
      isEndOfInput: ending == .endOfInput, isDrained: ending == .drained, totals: Self.sum(status, ids: ids, base: base),
      thisRun: Self.sum(status, ids: ids, base: [:]),
      counts: NamedCount.sums(status.flatMap(\.counts)))
  }

  /// One for each sink that keeps a ledger.
  func makeAppliers() throws -> [SinkApplier] {
    try graph.sinks.compactMap { sink in
      guard case .exactlyOnce(let make) = sink.planned.delivery else { return nil }
      return SinkApplier(
        id: sink.id, committer: try make(), runtime: runtime, store: store, job: graph.name, lease: lease, observer: observer)
    }
  }

  /// Runs all tasks of the attempt. The first failure ends all the others.
  private func supervise(_ coordinator: CheckpointCoordinator, _ wiring: Wiring) async throws -> CheckpointCoordinator.Ending {
    let runtime = runtime
    let appliers = appliers
    let subtasks = subtasks
    enum Ended { case subtask, coordinator(CheckpointCoordinator.Ending), applier, ticker }
    return try await withThrowingTaskGroup(of: Ended.self) { group in
      for subtask in subtasks {
        group.addTask(executorPreference: subtask.slot) {
          try await subtask.run()
          return .subtask
        }
      }
      for applier in appliers {
        group.addTask(executorPreference: runtime.background("sink \(applier.id)")) {
          try await applier.run()
          return .applier
        }
      }
      let background = runtime.background("coordinator")
      group.addTask(executorPreference: background) { .coordinator(try await coordinator.run()) }
      group.addTask(executorPreference: background) {
        while !Task.isCancelled {
          do { try await runtime.sleep(nanoseconds: Subtask.tickInterval) } catch { break }
          wiring.tick()
          await coordinator.tick()
        }
        return .ticker
      }
      var ending = CheckpointCoordinator.Ending.stopped
      var remaining = subtasks.count + 1
      do {
        while remaining > 0, let ended = try await group.next() {
          switch ended {
          case .subtask: remaining -= 1
          case .coordinator(let how):
            ending = how
            remaining -= 1
          case .applier, .ticker: break
          }
        }
        finalStatus = []
        for subtask in subtasks { if let status = await subtask.status() { finalStatus.append(status) } }
        group.cancelAll()
        while let _ = try? await group.next() {}
        return ending
      } catch {
        wiring.kill()
        await coordinator.abandon(error)
        group.cancelAll()
        // A subtask that was killed says only that; the first error is the cause.
        var cause = error
        while !group.isEmpty {
          do { _ = try await group.next() } catch let other { if cause is GateKilled { cause = other } }
        }
        throw cause
      }
    }
  }

  private func closeAll() async {
    for applier in appliers { await applier.close() }
    appliers = []
    subtasks = []
    coordinator = nil
  }

  /// Loads the newest checkpoint and brings the sinks up to it.
  private func recover() async throws -> Recovery.Loaded? {
    let recovery = Recovery(store: store, graph: graph)
    let appliers = appliers
    var applied: [String: UInt64]?
    func openAll(isFresh: Bool) async throws -> [String: UInt64] {
      if let applied { return applied }
      var result: [String: UInt64] = [:]
      for applier in appliers { if let epoch = try await applier.open(isFresh: isFresh) { result[applier.id] = epoch } }
      applied = result
      return result
    }
    let loaded = try await recovery.load(applied: { try await openAll(isFresh: false).values.max() }, quarantine: true, observer: observer)
    let epochs = try await openAll(isFresh: loaded == nil)
    guard let loaded else { return nil }
    for applier in appliers {
      // Who took the checkpoint counted the records of every step. Where there is no count there was no such sink, and nothing waits for it. One that has
      // lost its ledger is another matter: the count is there, and epochs are missing.
      if epochs[applier.id] == nil, !loaded.manifest.counters.contains(where: { $0.id == applier.id }) {
        try await applier.begin(loaded.manifest)
        continue
      }
      let newest = epochs[applier.id] ?? 0
      if newest > loaded.manifest.epoch {
        throw RecoveryRefused(
          "sink \"\(applier.id)\" has applied epoch \(newest), but the newest checkpoint is \(loaded.manifest.epoch)",
          hint: "the state folder is older than the sink: restore the newer folder, or start the job afresh under a new name")
      }
      // An epoch without a manifest staged nothing that this sink lacks: it was before the sink's first.
      for epoch in try store.epochs() where epoch > newest && epoch < loaded.manifest.epoch {
        do { try await applier.apply(try store.manifest(epoch)) } catch let damage as CheckpointDamage {
          throw RecoveryRefused(
            "sink \"\(applier.id)\" still lacks the rows of epoch \(epoch), which cannot be read: \(damage)",
            hint: "restore the damaged file from a copy (checkpoint.secondCopy keeps one)")
        }
      }
      if newest < loaded.manifest.epoch { try await applier.apply(loaded.manifest) }
    }
    observer.send(.restored(epoch: loaded.manifest.epoch, records: Self.recordsRead(loaded.manifest, graph)))
    return loaded
  }

  /// Records that all sources had read when the checkpoint was taken.
  private static func recordsRead(_ manifest: Manifest, _ graph: JobGraph) -> Int {
    let sources = Set(graph.sources.map(\.id))
    return manifest.counters.reduce(0) { sources.contains($1.id) ? $0 + $1.counters.received : $0 }
  }

  private static func isWorthRetrying(_ error: any Error) -> Bool {
    switch error {
    case is RecoveryRefused, is RecordError, is CancellationError, is CheckpointConflict, is StateFormatError, is Diagnostic: false
    case let error as SinkError: error.retry == .withBackoff
    case let error as SourceError: error.isTransient
    case let error as any ReplicaFailure: error.kind != .refused
    default: true
    }
  }

  private static func sum(_ status: [SubtaskStatus], ids: [String], base: [String: OperatorCounters]) -> [(
    id: String, counters: OperatorCounters
  )] {
    var sums = base
    for subtask in status { for (id, counters) in subtask.counters { sums[id] = (sums[id] ?? OperatorCounters()) + counters } }
    return ids.map { ($0, sums[$0] ?? OperatorCounters()) }
  }
}

/// A source that cannot be read.
public struct SourceError: Error, CustomStringConvertible, Equatable {
  /// What happened, for people.
  public let message: String
  /// What a person can do about it; empty when there is nothing to say.
  public let hint: String
  /// Whether trying again may help.
  public let isTransient: Bool

  /// A failure; a lasting one unless said otherwise.
  public init(_ message: String, hint: String = "", isTransient: Bool = false) {
    self.message = message
    self.hint = hint
    self.isTransient = isTransient
  }

  /// The message, and the hint on a line of its own.
  public var description: String { hint.isEmpty ? message : "\(message)\n  hint: \(hint)" }
}
