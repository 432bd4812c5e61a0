internal import Synchronization

/// Applies a sink's staged epochs, one after the other and in order, on a thread of its own.
actor SinkApplier {
  nonisolated let id: String
  private let slot: any Slot
  nonisolated var unownedExecutor: UnownedSerialExecutor { slot.asUnownedSerialExecutor() }
  private let committer: any SinkCommitter
  private let runtime: any Runtime
  private let store: any CheckpointStore
  private let job: String
  private let lease: UInt64?
  private let observer: JobObserver

  private struct Progress {
    var applied: UInt64?
    var waiting: [Manifest] = []
    var isDone = false
    var isGivenUp = false
  }
  private let progress = Mutex(Progress())
  /// Rings when there is something to apply, or nothing will come any more. A worker has many sinks that are idle most of the time: none of them may cost.
  private let news = Bell()
  /// Epochs that may wait before the sources are stopped.
  private static let maxWaiting = 32
  /// One line a minute says that a sink still does not answer.
  private static let warningInterval: Int64 = 60_000_000_000

  init(
    id: String, committer: any SinkCommitter, runtime: any Runtime, store: any CheckpointStore, job: String, lease: UInt64?,
    observer: JobObserver
  ) {
    self.id = id
    self.committer = committer
    self.runtime = runtime
    self.store = store
    self.job = job
    self.lease = lease
    self.observer = observer
    slot = runtime.background("sink \(id)")
  }

  /// The newest epoch that the sink has.
  nonisolated var appliedEpoch: UInt64 { progress.withLock { $0.applied ?? 0 } }
  nonisolated var isBehind: Bool { progress.withLock { $0.waiting.count > Self.maxWaiting } }
  nonisolated var waiting: Int { progress.withLock { $0.waiting.count } }

  /// Claims the sink. Answers with the newest applied epoch; waits for a sink that does not answer yet.
  func open(isFresh: Bool) async throws -> UInt64? {
    let applied = try await retrying {
      try self.committer.open(SinkContext(job: self.job, id: self.id, isFresh: isFresh, lease: self.lease, runtime: self.runtime))
    }
    progress.withLock { $0.applied = applied }
    return applied
  }

  /// The checkpoint is durable: its rows may be applied.
  nonisolated func submit(_ manifest: Manifest) {
    progress.withLock { $0.waiting.append(manifest) }
    news.ring()
  }

  /// Everything that was submitted is applied when this returns. Throws `CancellationError` when it is not and will not be.
  func finish() async throws {
    while progress.withLock({ !$0.waiting.isEmpty }) { try await runtime.sleep(nanoseconds: 1_000_000) }
    progress.withLock { $0.isDone = true }
    news.ring()
  }

  /// Applies epochs as they are submitted, until `finish` or a failure that no waiting cures.
  func run() async throws {
    while true {
      let (next, isDone) = progress.withLock { ($0.waiting.first, $0.isDone) }
      if let next {
        try await apply(next)
        progress.withLock { _ = $0.waiting.removeFirst() }
      } else if isDone {
        return
      } else {
        try await news.wait()
      }
    }
  }

  /// Applies one epoch.
  func apply(_ manifest: Manifest) async throws {
    let stage = manifest.stages.first { $0.sink == id }
    var chunks: [[UInt8]] = []
    if let stage {
      var reader = try FrameReader(store: store)
      for part in stage.chunks { chunks.append(try reader.read(part)) }
      store.reportHealed(to: observer)
    }
    let epoch = StagedEpoch(
      epoch: manifest.epoch, chunks: chunks, rows: stage?.rows ?? 0, digest: stage?.digest ?? 0, manifest: Manifest.name(manifest.epoch))
    observer.phase(.applying, manifest.epoch)
    let report = try await retrying { try self.committer.apply(epoch) }
    progress.withLock { $0.applied = manifest.epoch }
    observer.send(.applied(sink: id, epoch: manifest.epoch, rows: report.applied, refused: report.refused))
    observer.phase(.applied, manifest.epoch)
  }

  /// A sink that is new to the job begins behind a checkpoint that knew nothing of it.
  func begin(_ manifest: Manifest) async throws {
    let epoch = StagedEpoch(
      epoch: manifest.epoch, chunks: [], rows: 0, digest: 0, manifest: Manifest.name(manifest.epoch), begins: true)
    _ = try await retrying { try self.committer.apply(epoch) }
    progress.withLock { $0.applied = manifest.epoch }
    observer.warning("sink \"\(id)\" is new to the job: it gets what comes after checkpoint \(manifest.epoch)")
  }

  func close() { committer.close() }

  /// A sink that does not answer is not waited for any longer.
  nonisolated func giveUp() { progress.withLock { $0.isGivenUp = true } }
  private nonisolated var isGivenUp: Bool { progress.withLock { $0.isGivenUp } }

  /// Tries again, with growing pauses and jitter, for as long as the sink says that it may answer later.
  private func retrying<T: Sendable>(_ work: () throws -> T) async throws -> T {
    var pause: Int64 = 50_000_000
    var nextWarning = Int64.min
    while true {
      do { return try work() } catch let error as SinkError where error.retry == .withBackoff && !isGivenUp {
        if runtime.monotonic() >= nextWarning {
          observer.warning("sink \"\(id)\" waits: \(error)")
          nextWarning = runtime.monotonic() + Self.warningInterval
        }
        var rest = pause / 2 + Int64(runtime.random() % UInt64(pause / 2))
        while rest > 0 && !isGivenUp {
          try await runtime.sleep(nanoseconds: min(rest, 200_000_000))
          rest -= 200_000_000
        }
        pause = min(pause * 2, 10_000_000_000)
      }
    }
  }
}
