package import Dataflow

/// How a job is cut into shards, and what becomes of that: a row of the table `sharded_job`.
///
/// ```
///            other numbers of shards, a savepoint          every shard drained: state divided anew
///  running ─────────────────────────────────────▶ draining ────────────────────────────────────────▶ running, next version
/// ```
package struct JobCut: Sendable, Equatable {
  package var job: String
  /// The cut that runs, or is drained. Version 0 has no shards: the job begins with a savepoint.
  package var layout: ShardLayout
  /// The numbers of shards as they stand in the row.
  package var counts: String
  /// What travels between stages, as `StageCut.layout` says it.
  package var travels: String
  /// The next cut, while the job is drained for it. It stays the same until it is there: first checkpoints may have been made for it.
  package var target: ShardLayout?
  /// What was asked for last, when it is not the target.
  package var asked: String?
  /// What a file said last.
  package var filed: String?
  /// The savepoint that is made of the shards when they are drained.
  package var savepoint: String?
  /// The savepoint that the job began with: `job/name`.
  package var origin: String?
  /// Why the next cut is not there yet, when something failed.
  package var trouble: String?

  /// Whether the shards are to stop for another cut.
  package var isDraining: Bool { target != nil }
}
