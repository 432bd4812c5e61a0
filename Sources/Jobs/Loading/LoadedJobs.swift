public import Dataflow

/// What came of loading job files.
public struct LoadedJobs: Sendable {
  /// The jobs that can run: nothing is wrong with them.
  public internal(set) var jobs: [PlannedJob] = []
  /// All jobs that could be read, in the order of the files.
  public internal(set) var definitions: [JobDefinition] = []
  /// All connections that could be read.
  public internal(set) var connections: [ConnectionDefinition] = []
  /// Everything that is wrong, sorted by place.
  public internal(set) var diagnostics: [Diagnostic] = []
  /// The files, for showing lines.
  public internal(set) var sources: [SourceText] = []

  init() {}

  /// Whether any job or file is wrong: then nothing should be started.
  public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}

/// A job that is ready to run.
public struct PlannedJob: Sendable {
  /// What the file says.
  public let definition: JobDefinition
  /// What runs.
  public let graph: JobGraph
}
