internal import Connectors
public import Dataflow

/// A job that is cut into stages, ready to run over workers.
public struct ShardedJob: Sendable {
  /// The whole job.
  public let job: PlannedJob
  /// Every unit that some worker must run.
  public let shards: [JobShard]
  let cut: StageCut
  private let topics: ExchangeTopics

  /// Cuts a job at its keyed exchanges.
  ///
  /// - Throws: `Diagnostic` when the job does not say over which topics it is cut, or when a step of it cannot run on several machines.
  public init(_ job: PlannedJob) throws {
    guard let exchange = job.definition.exchange else {
      throw Diagnostic(
        .error, .missingKey, "job \"\(job.graph.name)\" does not say what carries its records between workers",
        path: "spec.exchange", hint: "add exchange: { connection: <a Connection of type kafka or local>, partitions: 24 }")
    }
    self.job = job
    cut = StageCut(job.graph)
    topics = try ExchangeTopics(
      connection: exchange.config, job: job.graph.name, partitions: exchange.partitions, readers: exchange.readers,
      delivery: exchange.usesTransactions ? .transactions : .numbered)
    shards = topics.shards(stages: cut.stages)
  }

  /// What one shard runs.
  ///
  /// - Parameter lease: the generation that it runs under.
  /// - Throws: `FileError`, `S3Error` for a place of checkpoints that cannot be used; what the ends of the exchanges throw.
  func session(_ shard: JobShard, lease: UInt64, environment: [String: String], observer: JobObserver) throws -> JobSession {
    let graph = try cut.graph(shard, topics.ends(of: shard))
    return try JobSession(
      PlannedJob(definition: job.definition, graph: graph), threads: 1, environment: environment, lease: lease, observer: observer)
  }
}
