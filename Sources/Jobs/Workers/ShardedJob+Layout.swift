public import Dataflow

extension ShardedJob {
  /// What must not change while the job has state: what travels between its stages, in words that a person can compare.
  public var travels: String { cut.layout }

  /// The names of the exchanges: state under these is no step's.
  public var exchanges: [String] { cut.edges.map(\.name) }

  /// The shards of another cut of the job.
  public func shards(of layout: ShardLayout) -> [JobShard] { layout.shards(of: job.graph.name, stages: cut.stages) }
}
