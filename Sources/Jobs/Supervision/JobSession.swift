public import Dataflow

/// One run of one planned job with the system's clock, threads and files.
public struct JobSession: Sendable {
  /// The job as it is planned.
  public let graph: JobGraph
  /// Clock, threads and files of the run.
  public let runtime: SystemRuntime
  /// Where its checkpoints are.
  public let store: ReplicatedCheckpointStore
  /// What runs it.
  public let runner: JobRunner

  /// Makes the folders and the threads; nothing runs yet.
  ///
  /// - Parameters:
  ///   - threads: how many cores to use; the job's parallelism when nil.
  ///   - environment: where credentials for S3 are looked for when the file names none.
  ///   - lease: the generation that it runs under, where leases say who runs it.
  /// - Throws: `FileError` when the checkpoint folder cannot be made, `S3Error` when there are no credentials.
  public init(
    _ job: PlannedJob, threads: Int? = nil, environment: [String: String] = [:], lease: UInt64? = nil, observer: JobObserver = JobObserver()
  ) throws {
    graph = job.graph
    runtime = SystemRuntime(threads: threads ?? job.graph.parallelism)
    store = try job.checkpointStore(files: runtime.files, environment: environment)
    runner = JobRunner(job.graph, runtime: runtime, store: store, lease: lease, observer: observer)
  }

  /// What the job looks like now, for its numbers.
  package func snapshot(_ health: JobHealth) async -> JobSnapshot {
    let status = await runner.status()
    return JobSnapshot(health: health, sources: graph.sources.map(\.id), status: status, totals: await runner.totals(status))
  }
}
