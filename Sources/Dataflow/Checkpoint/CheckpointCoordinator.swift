/// Takes the checkpoints of one attempt: tells the sources to cut, collects acknowledgements, has the snapshots packed and published, and hands staged rows to the sinks.
///
/// One checkpoint is in flight. A checkpoint that fails ends the attempt: rows staged with it must not be lost, so the job goes back to the last one.
actor CheckpointCoordinator {
  struct Plan: Sendable {
    var graph: JobGraph
    var attempt: UInt64
    var firstEpoch: UInt64
    var previous: Manifest?
    var subtasks: Int
    var sources: [SourceControl]
    var stages: [StageControl]
    /// Rings when one of them has come to its end, when somebody asks for something, and with every tick.
    var news: Bell
    var runtime: any Runtime
    var store: any CheckpointStore
    /// Totals of the runs before this attempt.
    var counters: [String: OperatorCounters]
  }

  private let plan: Plan
  private let packer: SnapshotPacker
  private let appliers: [SinkApplier]
  private let observer: JobObserver
  private var acknowledged: Acknowledgements<Subtask.Acknowledgement>
  private var allAcknowledged: CheckedContinuation<Void, any Error>?
  private var failure: (any Error)?
  private var stopRequested = false
  private var drainRequested = false
  private var checkpointRequested = false
  /// Who wants to know the next checkpoint that begins.
  private var waiting: [CheckedContinuation<Manifest, any Error>] = []
  private var isOver = false
  private var inFlightSince: Int64?
  /// The newest epoch that this attempt can have published.
  private(set) var newestEpoch: UInt64

  init(_ plan: Plan, appliers: [SinkApplier], observer: JobObserver) {
    self.plan = plan
    self.appliers = appliers
    self.observer = observer
    acknowledged = Acknowledgements(subtasks: plan.subtasks)
    newestEpoch = plan.firstEpoch - 1
    packer = SnapshotPacker(plan.runtime, store: plan.store, job: plan.graph.name)
  }

  /// Stop reading, take a last checkpoint, end. Open windows do not fire.
  func requestStop() {
    stopRequested = true
    plan.news.ring()
  }

  /// Stop reading, take the last checkpoint of this cut of the job, end.
  func requestDrain() {
    drainRequested = true
    plan.news.ring()
  }

  /// Take a checkpoint soon.
  func requestCheckpoint() {
    checkpointRequested = true
    plan.news.ring()
  }

  /// Takes a checkpoint soon, and returns when it is durable.
  ///
  /// - Throws: `SavepointRefused` when the attempt ends before.
  func completeCheckpoint() async throws -> Manifest {
    if isOver { throw Self.interrupted }
    requestCheckpoint()
    return try await withCheckedThrowingContinuation { waiting.append($0) }
  }

  private static let interrupted = SavepointRefused(
    .interrupted, "the job stopped or failed before its checkpoint was whole", hint: "look what became of the job, and try again")

  /// A subtask passed the barrier. Acknowledgements of another attempt or checkpoint are not counted.
  func acknowledge(_ ack: Subtask.Acknowledgement) {
    acknowledged.add(ack, of: ack.barrier)
    if acknowledged.isComplete {
      allAcknowledged?.resume()
      allAcknowledged = nil
    }
  }

  /// The attempt failed elsewhere: nobody will acknowledge any more.
  func abandon(_ error: any Error) {
    failure = failure ?? error
    allAcknowledged?.resume(throwing: error)
    allAcknowledged = nil
  }

  /// Why no further checkpoint is taken.
  enum Ending: Sendable {
    case endOfInput
    case stopped
    /// The input is at a cut, or somebody asked for one.
    case drained
  }

  /// Takes checkpoints until the final one is applied.
  func run() async throws -> Ending {
    defer {
      isOver = true
      for one in waiting { one.resume(throwing: Self.interrupted) }
      waiting = []
    }
    let runtime = plan.runtime
    var epoch = plan.firstEpoch
    var previous = plan.previous
    var due = runtime.monotonic() + plan.graph.checkpoint.interval
    while true {
      var ending: Ending?
      while true {
        ending = isToEnd
        let isBehind = throttle()
        // While the sinks are behind nothing is read: further checkpoints would only add to what they have to catch up with.
        if ending != nil || checkpointRequested || (runtime.monotonic() >= due && !isBehind) { break }
        if isBehind || due - runtime.monotonic() > Subtask.tickInterval {
          try await plan.news.wait()
        } else {
          // Near the time seldom enough: a sleep takes some 20 µs of a core.
          try await runtime.sleep(nanoseconds: 5_000_000)
        }
      }
      checkpointRequested = false
      due = runtime.monotonic() + plan.graph.checkpoint.interval
      let kind: Barrier.Kind =
        switch ending {
        case nil: .periodic
        case .endOfInput, .stopped: .final
        case .drained: .drain
        }
      let barrier = Barrier(checkpoint: epoch, attempt: plan.attempt, kind: kind)
      let asked = waiting
      waiting = []
      let taken: Manifest
      do { taken = try await take(barrier, previous: previous) } catch {
        for one in asked { one.resume(throwing: Self.interrupted) }
        throw error
      }
      for one in asked { one.resume(returning: taken) }
      previous = taken
      epoch += 1
      if let ending {
        for applier in appliers { try await applier.finish() }
        return ending
      }
    }
  }

  /// Whether the next checkpoint is the last one. The end of the input is the end, whatever else was asked for.
  private var isToEnd: Ending? {
    if plan.sources.allSatisfy(\.isDrained) {
      // As long as a stage waits for answers there are checkpoints: a kill asks again for what came since the last one only.
      if plan.stages.allSatisfy(\.isAtEnd) { return .endOfInput }
    } else if plan.sources.allSatisfy({ $0.isDrained || $0.isCut }) {
      return .drained
    }
    if drainRequested { return .drained }
    return stopRequested ? .stopped : nil
  }

  /// To be called every `Subtask.tickInterval`.
  func tick() {
    throttle()
    plan.news.ring()
  }

  /// Holds the sources back while a sink cannot keep up, or while a checkpoint takes longer than the time between two (a slow or full disk):
  /// neither the memory nor what a crash would have to read again may grow without end.
  ///
  /// - Returns: whether a sink is behind: then no checkpoint is taken either.
  @discardableResult
  private func throttle() -> Bool {
    let isOverdue = inFlightSince.map { plan.runtime.monotonic() - $0 > plan.graph.checkpoint.interval } ?? false
    let sinkIsBehind = appliers.contains { $0.isBehind }
    let isBehind = isOverdue || sinkIsBehind
    for source in plan.sources { source.setPaused(isBehind) }
    return sinkIsBehind
  }

  private func take(_ barrier: Barrier, previous: Manifest?) async throws -> Manifest {
    let runtime = plan.runtime
    let start = runtime.monotonic()
    inFlightSince = start
    newestEpoch = barrier.checkpoint
    defer { inFlightSince = nil }
    observer.phase(.aligning, barrier.checkpoint)
    acknowledged.begin(barrier)
    for source in plan.sources { source.request(barrier) }
    try await waitForAll()
    observer.phase(.packing, barrier.checkpoint)
    let acks = acknowledged.take().sorted { ($0.vertex, $0.subtask) < ($1.vertex, $1.subtask) }
    let packed = try await packer.pack(
      acks, barrier, previous: previous, graph: plan.graph, baseCounters: plan.counters, applied: appliers.map(\.appliedEpoch).min(),
      observer: observer)
    let pauses = acks.map { CheckpointReport.Pause(step: $0.operators.first?.id ?? "", subtask: $0.subtask, nanoseconds: $0.pause) }
    observer.completed(
      CheckpointReport(
        epoch: barrier.checkpoint, duration: runtime.monotonic() - start, pauses: pauses, storedBytes: packed.writtenBytes,
        fullBytes: packed.manifest.storedBytes, at: packed.manifest.createdAt))
    for applier in appliers { applier.submit(packed.manifest) }
    return packed.manifest
  }

  private func waitForAll() async throws {
    if let failure { throw failure }
    if acknowledged.isComplete { return }
    try await withCheckedThrowingContinuation { allAcknowledged = $0 }
  }
}
