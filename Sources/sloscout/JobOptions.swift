internal import ArgumentParser
internal import Foundation
internal import Jobs

/// The options that all commands on job files share.
struct JobOptions: ParsableArguments {
  @Argument(help: "Job files; jobs.yaml when none is named.") var files: [String] = []
  @Option(help: "Only the job of this name.") var job: String?
  @Option(help: "Read these files instead of the job's source `telemetry`; globs work. May be repeated.") var input: [String] = []
  @Option(help: "Format of --input: json, text, lines or otlp; by default the file's name decides.") var format: String?
  @Flag(help: "With --input: wait for more when the end is reached.") var follow = false
  @Option(help: "Run the job under this name, with a state and a ledger of its own.") var name: String?
  @Option(help: "Run every job under its name with this behind it: for several programs that run one file.")
  var suffix: String?
  @Option(help: "Subtasks of each operator, and threads.") var parallelism: Int?
  @Option(help: "Folder or s3://bucket/prefix for checkpoints instead of the job's.") var state: String?

  func validate() throws {
    guard name == nil || suffix == nil else { throw ValidationError("--name and --suffix both say how a job is called: give one of them") }
  }

  /// No option changes or chooses anything.
  var isPlain: Bool {
    job == nil && input.isEmpty && format == nil && !follow && name == nil && suffix == nil && parallelism == nil && state == nil
  }

  var edits: [DocumentEdit] {
    var edits: [DocumentEdit] = []
    if let first = input.first {
      edits += JobOverride.input(input, format: format ?? JobOverride.format(ofPath: first), follow: follow)
    }
    if let name { edits += JobOverride.name(name) }
    if let parallelism { edits += JobOverride.parallelism(parallelism) }
    if let state { edits += JobOverride.state(state) }
    return JobOverride.only(job, edits)
  }

  /// Loads and checks; prints what is wrong. Throws exit code 2 when something is.
  ///
  /// - Parameter variables: what the files may read besides the environment, which goes first.
  func load(_ variables: [String: String] = [:]) throws -> LoadedJobs {
    let environment = ProcessInfo.processInfo.environment.merging(variables) { own, _ in own }
    var loader = JobLoader(catalog: .standard, environment: environment)
    let paths = files.isEmpty ? ["jobs.yaml"] : files
    // Other edits know the job by the name that stands in the file. Which jobs there are is there too; what is wrong with them is said once, below.
    let names = suffix == nil ? [] : loader.load(paths: paths).definitions.map(\.name)
    loader.edits = edits + names.flatMap { JobOverride.only($0, JobOverride.name($0 + (suffix ?? ""))) }
    let loaded = loader.load(paths: paths)
    if !loaded.diagnostics.isEmpty { Terminal.error(DiagnosticRenderer(sources: loaded.sources).text(loaded.diagnostics)) }
    if loaded.hasErrors { throw ExitCode(Exit.wrongFile) }
    return loaded
  }

  /// The jobs to run. Throws exit code 2 when `--job` names none of them.
  func jobs(_ variables: [String: String] = [:]) throws -> [PlannedJob] {
    let loaded = try load(variables)
    guard let job else { return loaded.jobs }
    let wanted = loaded.jobs.filter { $0.definition.name == (name ?? job + (suffix ?? "")) }
    if wanted.isEmpty {
      Terminal.error("there is no job \"\(job)\"; the files define \(loaded.jobs.map(\.definition.name).joined(separator: ", "))")
      throw ExitCode(Exit.wrongFile)
    }
    return wanted
  }
}
