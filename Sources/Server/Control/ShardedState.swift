package import Connectors
internal import Dataflow

/// What a job over workers does, as one look at the database shows it. Pure.
package struct ShardedState: Sendable {
  /// What one shard is doing.
  package enum ShardState: String, Sendable, Codable, CaseIterable {
    case running
    /// It runs an earlier definition, and is being stopped.
    case former
    /// Nobody has it yet.
    case waiting
    /// Its worker has not been heard of for longer than its lease.
    case silent
    /// It failed, and rests before the next try.
    case failed
    case stopped
    /// It is at its last checkpoint, from which the next cut of the job goes on.
    case drained
    case finished
  }

  package var wanted: WantedJob
  var rows: [ShardBoard.Row]
  /// Workers that live, whatever they run.
  var workers: Int
  /// Those of them that take shards of this job.
  var serving: Int
  var refused: [ShardBoard.Refusal]

  package init(_ wanted: WantedJob, _ board: ShardBoard) {
    self.wanted = wanted
    rows = board.shards[wanted.job] ?? []
    workers = board.workers.count
    serving = board.workers.count { $0.jobs.contains(wanted.job) }
    refused = board.refused[wanted.job] ?? []
  }

  package func state(_ row: ShardBoard.Row) -> ShardState {
    if row.isFinished { return .finished }
    if row.isDrained { return .drained }
    if row.worker != nil, row.isExpired { return wanted.state == .running ? .silent : .stopped }
    if row.worker != nil { return row.version == wanted.version ? .running : .former }
    if wanted.state != .running { return .stopped }
    return row.error == nil ? .waiting : .failed
  }

  package func count(_ state: ShardState) -> Int { rows.count { self.state($0) == state } }

  /// Records that the first stage read.
  package var records: Int { rows.filter { $0.shard.stage == 0 }.reduce(0) { $0 + $1.records } }
  package var errors: Int { rows.reduce(0) { $0 + $1.errors } }

  /// Seconds since the checkpoint of the shard that has waited for one the longest; nil when none has one.
  package var checkpointAge: Double? { rows.filter { !$0.isFinished }.compactMap(\.age).max() }

  /// Whether the job should run, and of shards that read its sources some have not told yet what they do.
  package var awaitsReaders: Bool {
    wanted.state == .running && (rows.isEmpty || rows.contains { $0.shard.stage == 0 && !$0.isFinished && $0.load == nil })
  }

  /// The phase of the whole job, and what a person should know about it.
  package var phase: (phase: JobPhase, message: String) {
    let held = rows.filter { $0.isHeld && !$0.isFinished }
    guard wanted.state == .running else {
      if !held.isEmpty { return (.stopping, "\(held.count) of \(rows.count) shards still run") }
      return (.suspended, wanted.state == .cancelled ? "stopped at once; the last checkpoints stand" : "stopped with a checkpoint")
    }
    if !rows.isEmpty, rows.allSatisfy(\.isFinished) { return (.finished, "the input is at its end") }
    let former = held.filter { $0.version != wanted.version }
    if let one = former.first {
      return one.version == 0
        ? (.waiting, "\(former.count) shards are run from a file by \(one.worker ?? "a worker"): stop that worker")
        : (.restarting, "upgrade: \(former.count) of \(rows.count) shards still run the former definition")
    }
    if let failed = rows.first(where: { state($0) == .failed }) {
      return (.restarting, "shard \(failed.shard.stage).\(failed.shard.index): \(failed.error ?? "")")
    }
    let drained = count(.drained)
    if drained > 0 { return (.restarting, "the job is cut anew: \(drained) of \(rows.count) shards are at their last checkpoint") }
    let open = rows.count { !$0.isFinished }
    if open > 0, held.count == open {
      let workers = Set(held.compactMap(\.worker)).count
      return (.running, "\(open) shards on \(workers) worker\(workers == 1 ? "" : "s")")
    }
    if workers == 0 {
      return (.waiting, "waits for workers: none lives; start one with sloscout worker, on the database of this server")
    }
    if serving == 0, let refusal = refused.first {
      return (.waiting, "waits for workers: none of \(workers) can run it; \(refusal.worker): \(refusal.error)")
    }
    return (.starting, rows.isEmpty ? "waits for a worker to take it up" : "\(held.count) of \(open) shards run")
  }
}
