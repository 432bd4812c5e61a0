public import Dataflow

/// One run of one planned job with the system's clock, threads and files.
public struct JobSession: Sendable {
  /// The job as it is planned.
  public let graph: JobGraph
  /// Clock, threads and files of the run.
  public let runtime: SystemRuntime
  /// Where its checkpoints are.
  public let store: FileCheckpointStore
  /// What runs it.
  public let runner: JobRunner

  /// Makes the folders and the threads; nothing runs yet.
  ///
  /// - Parameter threads: how many cores to use; the job's parallelism when nil.
  /// - Throws: `FileError` when the checkpoint folder cannot be made.
  public init(_ job: PlannedJob, threads: Int? = nil, observer: JobObserver = JobObserver()) throws {
    graph = job.graph
    runtime = SystemRuntime(threads: threads ?? job.graph.parallelism)
    let policy = job.graph.checkpoint
    store = try FileCheckpointStore(files: runtime.files, folder: policy.store, secondCopy: policy.secondCopy, job: job.graph.name)
    runner = JobRunner(job.graph, runtime: runtime, store: store, observer: observer)
  }
}
