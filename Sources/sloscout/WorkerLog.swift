internal import Connectors
internal import Dataflow
internal import Foundation
internal import Jobs
internal import Synchronization

/// What a worker says of what happens, and what it remembers for its health.
final class WorkerLog: Sendable {
  private let quiet: Bool
  private let trace: CrashTrace?
  private let state = Mutex<[JobShard: JobHealth]>([:])
  private let away = Mutex<String?>(nil)

  init(quiet: Bool, trace: CrashTrace?) {
    self.quiet = quiet
    self.trace = trace
  }

  /// Why the leases cannot be looked at; nil while they can.
  var trouble: String? { away.withLock { $0 } }

  /// What runs here now.
  func snapshots(of worker: Worker) async -> [JobSnapshot] {
    let health = state.withLock { $0 }
    var jobs: [JobSnapshot] = []
    for (shard, session) in await worker.sessions.sorted(by: { $0.key < $1.key }) {
      guard let health = health[shard] else { continue }
      jobs.append(await session.snapshot(health))
    }
    return jobs
  }

  private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1e9) }

  func note(_ event: Worker.Event) {
    switch event {
    case .started(let shard, let generation):
      state.withLock { $0[shard] = JobHealth(job: shard.name, interval: 5_000_000_000, now: Self.now) }
      Terminal.error("\(shard): runs here, generation \(generation)")
    case .ended(let shard, let ending):
      state.withLock { $0[shard] = nil }
      switch ending {
      case .finished: Terminal.error("\(shard): the input is at its end")
      case .stopped: Terminal.error("\(shard): stopped with a checkpoint, and given back")
      case .drained: Terminal.error("\(shard): drained: the next version of the job goes on from its last checkpoint")
      case .cancelled: Terminal.error("\(shard): ended at once, as somebody wanted; its last checkpoint stands")
      case .lost: Terminal.error("\(shard): warning: the lease is lost; another worker goes on from the last checkpoint")
      case .failed(let why): Terminal.error("\(shard): failed: \(why)")
      }
    case .job(let shard, let event):
      trace?.note(event)
      state.withLock { $0[shard]?.note(event, now: Self.now) }
      if let line = event.line("\(shard)", quiet: quiet) { Terminal.error(line) }
    case .refused(let job, let version, let why):
      Terminal.error("\(job): version \(version) cannot be run by this worker, which leaves it to others: \(why)")
    case .cut(let job, let layout):
      Terminal.error("\(job): version \(layout.version), with \(layout.readers) readers and \(layout.partitions) partitions")
    case .cleaned(let job, let kept):
      if kept.isEmpty { break }
      let some = kept.prefix(3).joined(separator: ", ")
      Terminal.error("\(job): former versions stay for \(kept.count) savepoints: \(some)\(kept.count > 3 ? ", …" : "")")
    case .cleaningFailed(let job, let why): Terminal.error("\(job): warning: what former versions have left cannot be removed yet: \(why)")
    case .cutFailed(let job, let why): Terminal.error("\(job): warning: the next version cannot be made yet: \(why)")
    case .databaseAway(let why):
      away.withLock { $0 = why }
      Terminal.error("warning: the leases cannot be looked at; what runs goes on, nothing new starts: \(why)")
    case .databaseBack:
      away.withLock { $0 = nil }
      Terminal.error("the leases can be looked at again")
    }
  }
}
