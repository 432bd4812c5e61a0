internal import ArgumentParser
internal import Foundation
internal import Jobs

/// Submits a job to a server.
struct SubmitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit", abstract: "Submits a job to a running server, or replaces it there.",
    discussion: """
      The file holds a Job document and the Connection documents that it uses. Of several jobs one is submitted: that of --job, or the only one that is
      not suspended. What it reads from the environment is read where the server runs.

      EXAMPLES
        sloscout submit jobs.yaml
        sloscout submit jobs.yaml --server https://sloscout.example:8000       with SLOSCOUT_TOKEN set
      """)
  @OptionGroup var server: ServerOptions
  @Argument(help: "The job file.") var file = "jobs.yaml"
  @Option(help: "Which job of the file.") var job: String?
  @Flag(help: "Steps that the job no longer has may lose their state.") var loseState = false

  func run() throws {
    let text: String
    do { text = String(decoding: try LocalFile.read(file), as: UTF8.self) } catch {
      Terminal.error("\(error)")
      throw ExitCode(Exit.wrongFile)
    }
    // Only the name is wanted; what is wrong with the rest is the server's to say, with its own environment.
    let loaded = JobLoader(catalog: .standard, environment: ProcessInfo.processInfo.environment).load([(file, Array(text.utf8))])
    let wanted = loaded.definitions.filter { definition in job.map { definition.name == $0 } ?? (definition.state == .running) }
    guard let name = wanted.first?.name, wanted.count == 1 else {
      let names = loaded.definitions.map(\.name).joined(separator: ", ")
      Terminal.error(
        loaded.definitions.isEmpty
          ? DiagnosticRenderer(sources: loaded.sources).text(loaded.diagnostics) : "\(file) holds the jobs \(names); say which with --job")
      throw ExitCode(Exit.wrongFile)
    }
    let answer = try server.call("PUT", "/api/v1/jobs/\(name)\(loseState ? "?lose-state=true" : "")", body: text)
    let report = try JSONDecoder().decode(JobReport.self, from: answer)
    Terminal.print("\(report.name), revision \(report.revision): \(report.status.phase)")
  }
}

/// Lists the jobs of a server.
struct JobsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "jobs", abstract: "Lists the jobs of a running server.")
  @OptionGroup var server: ServerOptions

  func run() throws {
    let jobs = try server.get(JobReport.List.self, "/api/v1/jobs").jobs
    Terminal.print(jobs.isEmpty ? "no jobs" : JobReport.table([JobReport.titles] + jobs.map(\.cells)))
  }
}

/// Shows and steers one job of a server.
struct JobCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "job", abstract: "Shows or steers one job of a running server.",
    discussion: """
      EXAMPLES
        sloscout job show fingerprint
        sloscout job stop fingerprint              with a checkpoint: start goes on from there
        sloscout job rescale fingerprint 4
      """, subcommands: [Show.self, Start.self, Stop.self, Cancel.self, Restart.self, CheckpointCommand.self, Rescale.self, Delete.self])

  struct Name: ParsableArguments {
    @OptionGroup var server: ServerOptions
    @Argument(help: "The job's name.") var name: String

    /// The job's address.
    var path: String { JobPath.of(name) }

    func act(_ action: String) throws {
      let report = try JSONDecoder().decode(JobReport.self, from: try server.call("POST", "\(path)/\(action)"))
      Terminal.print("\(report.name): \(report.status.phase)")
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "What it is doing, and its newest history.")
    @OptionGroup var job: Name

    private struct Entry: Decodable {
      var at: String
      var kind: String
      var message: String
    }

    func run() throws {
      let report = try job.server.get(JobReport.self, job.path)
      Terminal.print(JobReport.table([JobReport.titles, report.cells]))
      if let watermark = report.status.watermark { Terminal.print("watermark   \(watermark)") }
      if let checkpoint = report.status.checkpoint {
        Terminal.print("checkpoint  \(checkpoint.epoch), \(checkpoint.at), \(Int(checkpoint.duration)) ms")
      }
      for line in report.shards { Terminal.print(line) }
      for entry in try job.server.get([Entry].self, "\(job.path)/history?limit=10") {
        Terminal.print("\(entry.at)  \(entry.kind)  \(entry.message)")
      }
    }
  }

  struct Start: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Starts it, from its last checkpoint.")
    @OptionGroup var job: Name
    func run() throws { try job.act("start") }
  }

  struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stops it with a checkpoint.")
    @OptionGroup var job: Name
    func run() throws { try job.act("stop") }
  }

  struct Cancel: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stops it at once, without a checkpoint.")
    @OptionGroup var job: Name
    func run() throws { try job.act("cancel") }
  }

  struct Restart: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stops it with a checkpoint, and starts it again.")
    @OptionGroup var job: Name
    func run() throws { try job.act("restart") }
  }

  struct Rescale: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Gives it another number of subtasks; it restarts from a checkpoint. A job over workers is given more workers instead.")
    @OptionGroup var job: Name
    @Argument(help: "Subtasks of each step, 1 to 720.") var parallelism: Int

    func run() throws {
      _ = try job.server.call("PATCH", job.path, body: "{\"parallelism\": \(parallelism)}")
      Terminal.print("\(job.name): parallelism \(parallelism)")
    }
  }

  struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stops it and forgets it; its checkpoints and rows stay.")
    @OptionGroup var job: Name
    func run() throws { _ = try job.server.call("DELETE", job.path) }
  }
}
