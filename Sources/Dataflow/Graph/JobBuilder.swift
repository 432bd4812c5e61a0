/// Writes a job in Swift: the same graph, with the same checks, as a job file makes.
///
/// ```swift
/// let job = JobBuilder("copy", guarantee: .exactlyOnce)
/// let lines = job.source("lines", type: "file", file)
/// let complete = try lines.via("complete", type: "require", onError: .route) { schema in try planRequire(["id"], schema) }
/// complete.to("out", type: "file", out)
/// complete.errors.to("dead-letters", type: "file", deadLetters)
/// let graph = try job.build()
/// ```
///
/// Not `Sendable`: a job is declared in one place.
public final class JobBuilder {
  private var graph: JobGraph

  /// A job without nodes.
  public init(
    _ name: String, parallelism: Int = 1, guarantee: Guarantee = .exactlyOnce, checkpoint: CheckpointPolicy = CheckpointPolicy(),
    restart: RestartPolicy = RestartPolicy()
  ) {
    graph = JobGraph(name: name, parallelism: parallelism, guarantee: guarantee, checkpoint: checkpoint, restart: restart)
  }

  /// Adds a source; the stream of its records is returned.
  public func source(
    _ id: String, type: String, _ planned: PlannedSource, time: TimePolicy? = nil, onError: ErrorPolicy = .fail
  ) -> JobStream {
    graph.sources.append(SourceNode(id: id, type: type, planned: planned, time: time, onError: onError))
    return JobStream(job: self, inputs: [NodeInput(id)], schema: planned.outputSchema)
  }

  /// The graph, checked.
  ///
  /// Throws `InvalidJob` with everything that is wrong.
  public func build() throws(InvalidJob) -> JobGraph {
    let found = GraphValidation.check(graph)
    guard found.allSatisfy({ $0.severity != .error }) else { throw InvalidJob(job: graph.name, diagnostics: found) }
    return graph
  }

  fileprivate func add(_ node: OperatorNode) { graph.operators.append(node) }
  fileprivate func add(_ node: SinkNode) { graph.sinks.append(node) }
}

/// The records on one edge of a job that is being written: an output of a node, or several read together.
public struct JobStream {
  private let job: JobBuilder
  private let inputs: [NodeInput]
  /// The fields of its records.
  public let schema: Schema

  fileprivate init(job: JobBuilder, inputs: [NodeInput], schema: Schema) {
    self.job = job
    self.inputs = inputs
    self.schema = schema
  }

  /// Adds an operator that reads this stream. `plan` gets the stream's schema.
  ///
  /// Rethrows what `plan` throws.
  public func via(
    _ id: String, type: String, time: TimePolicy? = nil, onError: ErrorPolicy = .fail, _ plan: (Schema) throws -> PlannedOperator
  ) rethrows -> JobStream {
    via(id, type: type, time: time, onError: onError, try plan(schema))
  }

  /// Adds an operator that was planned against this stream's schema.
  public func via(
    _ id: String, type: String, time: TimePolicy? = nil, onError: ErrorPolicy = .fail, _ planned: PlannedOperator
  ) -> JobStream {
    job.add(OperatorNode(id: id, type: type, inputs: inputs, planned: planned, time: time, onError: onError))
    return JobStream(job: job, inputs: [NodeInput(id)], schema: planned.schema)
  }

  /// Adds a sink that reads this stream.
  public func to(_ id: String, type: String, acceptsLive: Bool = false, _ planned: PlannedSink) {
    job.add(SinkNode(id: id, type: type, inputs: inputs, planned: planned, acceptsLive: acceptsLive))
  }

  /// The records that the node refused; it needs `onError: .route`.
  public var errors: JobStream { side(.errors) }

  /// The records that came too late for the window.
  public var late: JobStream { side(.late) }

  /// Both streams read as one: they must have the same fields. Belongs to the same job as this one.
  public func merged(with other: JobStream) -> JobStream {
    precondition(job === other.job, "streams of two jobs cannot be merged")
    return JobStream(job: job, inputs: inputs + other.inputs, schema: schema)
  }

  private func side(_ output: SideOutput) -> JobStream {
    JobStream(job: job, inputs: inputs.map { NodeInput($0.node, output) }, schema: ErrorRecords.schema)
  }
}

/// A job that cannot run, with everything that is wrong with it.
public struct InvalidJob: Error, CustomStringConvertible {
  /// The job's name.
  public let job: String
  /// Everything that is wrong; `path` says where.
  public let diagnostics: [Diagnostic]

  /// A job and what is wrong with it.
  public init(job: String, diagnostics: [Diagnostic]) {
    self.job = job
    self.diagnostics = diagnostics
  }

  /// A line for the job and one for each diagnostic.
  public var description: String {
    let lines = diagnostics.map { diagnostic in
      let hint = diagnostic.hint.isEmpty ? "" : "; \(diagnostic.hint)"
      return "  \(diagnostic.severity.rawValue)[\(diagnostic.code)]: \(diagnostic.message)\(hint)"
    }
    return (["job \"\(job)\" cannot run"] + lines).joined(separator: "\n")
  }
}
