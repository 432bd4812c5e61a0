internal import Connectors
internal import Dataflow

/// The shards of a job over workers, as clients see them.
struct ShardsView: Codable {
  struct Shard: Codable {
    var stage: Int
    var index: Int
    /// Absent when nobody has it.
    var worker: String?
    var state: ShardedState.ShardState
    var generation: UInt64
    /// The newest checkpoint, 0 before the first, and seconds since it was seen.
    var epoch: UInt64
    var age: Double?
    var records: Int
    var errors: Int
    /// Why it failed the last time, when it has not run since.
    var error: String?
  }

  /// A worker that cannot run the definition.
  struct Refusal: Codable {
    var worker: String
    var error: String
  }

  /// Goes up with each document and each restart.
  var version: UInt64
  var total: Int
  var running: Int
  var failed: Int
  var finished: Int
  /// Workers that take shards of the job.
  var workers: Int
  /// Seconds since the checkpoint of the shard that has waited for one the longest.
  var checkpointAge: Double?
  var refused: [Refusal]
  /// Each of them; absent in lists of jobs.
  var list: [Shard]?

  init(_ state: ShardedState, list isListed: Bool) {
    (version, total, workers) = (state.wanted.version, state.rows.count, state.serving)
    (running, failed, finished) = (state.count(.running), state.count(.failed), state.count(.finished))
    checkpointAge = state.checkpointAge
    refused = state.refused.map { Refusal(worker: $0.worker, error: $0.error) }
    guard isListed else { return }
    list = state.rows.map { row in
      Shard(
        stage: row.shard.stage, index: row.shard.index, worker: row.worker, state: state.state(row), generation: row.generation,
        epoch: row.epoch, age: row.age, records: row.records, errors: row.errors, error: row.error)
    }
  }
}
