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
  private let observer: JobObserver

  private struct Progress {
    var applied: UInt64?
    var waiting: [Manifest] = []
    var isDone = false
  }
  private let progress = Mutex(Progress())
  /// Epochs that may wait before the sources are stopped.
  private static let maxWaiting = 32

  init(id: String, committer: any SinkCommitter, runtime: any Runtime, store: any CheckpointStore, job: String, observer: JobObserver) {
    self.id = id
    self.committer = committer
    self.runtime = runtime
    self.store = store
    self.job = job
    self.observer = observer
    slot = runtime.background("sink \(id)")
  }

  /// The newest epoch that the sink has.
  nonisolated var appliedEpoch: UInt64 { progress.withLock { $0.applied ?? 0 } }
  nonisolated var isBehind: Bool { progress.withLock { $0.waiting.count > Self.maxWaiting } }
  nonisolated var waiting: Int { progress.withLock { $0.waiting.count } }

  /// Claims the sink. Answers with the newest applied epoch; waits for a sink that does not answer yet.
  func open(isFresh: Bool) async throws -> UInt64? {
    let applied = try await retrying { try self.committer.open(SinkContext(job: self.job, id: self.id, isFresh: isFresh, runtime: self.runtime)) }
    progress.withLock { $0.applied = applied }
    return applied
  }

  /// The checkpoint is durable: its rows may be applied.
  nonisolated func submit(_ manifest: Manifest) { progress.withLock { $0.waiting.append(manifest) } }

  /// Everything that was submitted is applied when this returns. Throws `CancellationError` when it is not and will not be.
  func finish() async throws {
    while progress.withLock({ !$0.waiting.isEmpty }) { try await runtime.sleep(nanoseconds: 1_000_000) }
    progress.withLock { $0.isDone = true }
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
        try await runtime.sleep(nanoseconds: 1_000_000)
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
    }
    let epoch = StagedEpoch(
      epoch: manifest.epoch, chunks: chunks, rows: stage?.rows ?? 0, digest: stage?.digest ?? 0, manifest: Manifest.name(manifest.epoch))
    observer.phase(.applying, manifest.epoch)
    let report = try await retrying { try self.committer.apply(epoch) }
    progress.withLock { $0.applied = manifest.epoch }
    observer.send(.applied(sink: id, epoch: manifest.epoch, rows: report.applied, refused: report.refused))
    observer.phase(.applied, manifest.epoch)
  }

  func close() { committer.close() }

  /// Tries again, with growing pauses and jitter, for as long as the sink says that it may answer later.
  private func retrying<T: Sendable>(_ work: () throws -> T) async throws -> T {
    var pause: Int64 = 50_000_000
    while true {
      do { return try work() } catch let error as SinkError where error.retry == .withBackoff {
        observer.warning("sink \"\(id)\": \(error.message); trying again")
        try await runtime.sleep(nanoseconds: pause / 2 + Int64(runtime.random() % UInt64(pause / 2)))
        pause = min(pause * 2, 10_000_000_000)
      }
    }
  }
}
