internal import Connectors
internal import Dataflow
internal import Jobs

/// The numbers of jobs over workers, in the text format of Prometheus. What shards themselves count their workers tell.
enum ShardMetrics {
  static func text(_ states: [ShardedState]) -> String {
    var text = MetricsText()
    for state in states {
      let job = ("job", state.wanted.job)
      for kind in ShardedState.ShardState.allCases {
        text.add(
          "shards", .gauge, "Shards of a job over workers, by what they do.", [job, ("state", kind.rawValue)], Double(state.count(kind)))
      }
      text.add("shard_workers", .gauge, "Workers that take shards of the job.", [job], Double(state.serving))
      text.add("shard_refusals", .gauge, "Workers that live and cannot run the job's definition.", [job], Double(state.refused.count))
      for row in state.rows {
        let labels = [job, ("shard", "\(row.shard.stage).\(row.shard.index)")]
        text.add(
          "shard_up", .gauge, "1 while a worker runs the shard under the wanted definition.", labels, state.state(row) == .running ? 1 : 0)
        if let age = row.age {
          text.add("shard_checkpoint_age_seconds", .gauge, "Time since the newest checkpoint of a shard.", labels, age)
        }
      }
    }
    return text.text
  }
}
