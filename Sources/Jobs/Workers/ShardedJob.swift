internal import Connectors
public import Dataflow

/// A job that is cut into stages, ready to run over workers.
public struct ShardedJob: Sendable {
  /// The whole job.
  public let job: PlannedJob
  /// Every unit that some worker must run.
  public let shards: [JobShard]
  let cut: StageCut
  /// As the job's file says it.
  let layout: ShardLayout
  private let topics: ExchangeTopics
  private let exchange: ExchangeDefinition

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
    layout = ShardLayout(readers: exchange.readers, partitions: exchange.partitions)
    self.exchange = exchange
    topics = try Self.topics(exchange, job.graph.name, layout)
    shards = layout.shards(of: job.graph.name, stages: cut.stages)
  }

  private static func topics(_ exchange: ExchangeDefinition, _ job: String, _ layout: ShardLayout) throws -> ExchangeTopics {
    try ExchangeTopics(
      connection: exchange.config, job: job, layout, delivery: exchange.usesTransactions ? .transactions : .numbered)
  }

  /// What carries records in one of the job's cuts.
  func topics(_ layout: ShardLayout) throws -> ExchangeTopics {
    layout == self.layout ? topics : try Self.topics(exchange, job.graph.name, layout)
  }

  /// Where the checkpoints of a shard are, or of a whole job in the same places.
  ///
  /// - Throws: `FileError`, `S3Error` for a place that cannot be used.
  func store(of name: String, environment: [String: String], files: any FileSystem) throws -> ReplicatedCheckpointStore {
    try job.checkpointStore(files: files, environment: environment, of: name)
  }

  /// The steps of the whole job that run in a stage.
  func steps(ofStage stage: Int) -> [String] {
    let ids = job.graph.sources.map(\.id) + job.graph.operators.map(\.id) + job.graph.sinks.map(\.id)
    return ids.filter { cut.stage(of: $0) == stage }
  }

  /// What one shard runs.
  ///
  /// - Parameters:
  ///   - topics: those of the shard's cut.
  ///   - lease: the generation that it runs under.
  /// - Throws: `FileError`, `S3Error` for a place of checkpoints that cannot be used; what the ends of the exchanges throw.
  func session(
    _ shard: JobShard, _ topics: ExchangeTopics, lease: UInt64, environment: [String: String], observer: JobObserver
  ) throws -> JobSession {
    let graph = try cut.graph(shard, topics.ends(of: shard))
    return try JobSession(
      PlannedJob(definition: job.definition, graph: graph), threads: 1, environment: environment, lease: lease, observer: observer)
  }
}
