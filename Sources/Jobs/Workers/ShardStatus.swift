internal import Connectors
public import Dataflow

/// Who runs a shard, and how it goes.
public struct ShardStatus: Sendable {
  /// Which.
  public var shard: JobShard
  /// Who has the lease; nil when nobody does.
  public var owner: String?
  /// Of the last claim.
  public var generation: UInt64
  /// The newest checkpoint that is known of.
  public var epoch: UInt64
  /// The owner was silent for longer than its lease lasts.
  public var isExpired: Bool
  /// Its input is at its end.
  public var isFinished: Bool
  /// The next version of the job goes on from its last checkpoint.
  public var isDrained: Bool
  /// Why it failed the last time, when it has not run since.
  public var error: String?

  /// The job's shards are not to run: it was stopped, or deleted.
  public var isIdle = false

  /// It should run, and nobody runs it.
  public var isMissing: Bool { !isFinished && !isIdle && (owner == nil || isExpired) }

  /// All shards of all jobs. Throws when the database cannot be asked.
  public static func all(database: String) async throws -> [ShardStatus] {
    let store = LeaseStore(url: database, worker: "status", process: 0)
    defer { store.close() }
    let idle = try store.idle()
    return try store.status().map {
      ShardStatus(
        shard: $0.lease.shard, owner: $0.lease.owner, generation: $0.lease.generation, epoch: $0.epoch, isExpired: $0.lease.isExpired,
        isFinished: $0.lease.isFinished, isDrained: $0.lease.isDrained, error: $0.error, isIdle: idle.contains($0.lease.shard.job))
    }
  }

  /// How each job is cut and what becomes of that, a line a job. Throws when the database cannot be asked.
  public static func jobs(database: String) async throws -> String {
    let store = LeaseStore(url: database, worker: "status", process: 0)
    defer { store.close() }
    return try store.cuts().map(JobCuts.line).joined(separator: "\n")
  }

  /// A table for people, a shard a line, and below it what failed.
  public static func table(_ shards: [ShardStatus]) -> String {
    var table = TextTable(["shard", "worker", "state", "generation", "checkpoint"], leftColumns: 3)
    for status in shards {
      let state =
        if status.isDrained { "drained" } else if status.isFinished { "finished" } else if status.owner == nil {
          status.isIdle ? "stopped" : "waits"
        } else if status.isExpired { "silent" } else { "runs" }
      table.add([status.shard.name, status.owner ?? "-", state, "\(status.generation)", "\(status.epoch)"])
    }
    let failed = shards.compactMap { status in status.error.map { "\(status.shard): \($0)" } }
    return (table.lines + failed).joined(separator: "\n")
  }
}
