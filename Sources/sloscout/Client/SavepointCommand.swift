internal import ArgumentParser
internal import Dataflow
internal import Foundation

/// Takes savepoints of jobs of a server, and starts from them.
struct SavepointCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "savepoint", abstract: "Keeps the state of a job beyond the retention of its checkpoints, and starts from it.",
    discussion: """
      EXAMPLES
        sloscout savepoint fingerprint                            takes one: a new checkpoint, copied
        sloscout savepoint fingerprint --as before-upgrade
        sloscout savepoint --all --as before-revision-7 --wait 120
        sloscout savepoint list fingerprint
        sloscout savepoint start fingerprint before-upgrade       the job must be stopped, and its sinks not further on
        sloscout savepoint start trial epoch-17 --of fingerprint  another job, which has never run

      Of a job that runs over workers they take it, by draining the job, which goes on as its next version.
      """, subcommands: [Take.self, List.self, Start.self, Delete.self], defaultSubcommand: Take.self)

  private struct Report: Decodable {
    var name: String
    var job: String
    var epoch: UInt64
    var at: String
    var storedBytes: Int

    var line: String { "\(name)  epoch \(epoch)  \(at)  \(storedBytes) bytes" }
  }

  private struct Reports: Decodable { var savepoints: [Report] }

  struct Take: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes one (the default).",
      discussion: """
        With --all, of every job that runs, each under the name that --as says. It is for what may be repeated: a job that has one of that name, taken within
        the last hour, is left as it is; one that has an older one gets NAME-2, NAME-3 and so on.

        Exit code 75: workers had not taken it after --wait seconds, and go on with it; or a job waits for workers, so that none can be taken now. With
        --all the other jobs have theirs all the same. The same command tries again what is missing.
        """)
    @OptionGroup var server: ServerOptions
    @Argument(help: "The job's name.") var name: String?
    @Flag(help: "Of every job that runs; needs --as.") var all = false
    @Option(name: .customLong("as"), help: "Its name; after the checkpoint's number when left out.") var called: String?
    @Option(help: "Seconds to wait for workers at most, for all jobs together.") var wait = 60

    /// How old a savepoint may be to count as one that the same command has taken before.
    private static let repeatedWithin: TimeInterval = 3600
    /// How long a job may take to start; one that goes on failing keeps nobody from an upgrade.
    private static let startsWithin = Duration.seconds(15)

    func validate() throws {
      guard (name != nil) != all else { throw ValidationError("name one job, or say --all") }
      guard !all || called != nil else { throw ValidationError("--all needs --as: which name the savepoints have") }
      guard (1...3600).contains(wait) else { throw ValidationError("--wait is from 1 to 3600 seconds") }
    }

    func run() throws {
      let deadline = ContinuousClock.now + .seconds(wait)
      guard all else { return Terminal.print(try take(name ?? "", called, until: deadline).line) }
      let jobs = try server.get(JobReport.List.self, "/api/v1/jobs").jobs
      // Each is tried, whatever became of the one before.
      var failure: ExitCode?
      for job in jobs {
        let status = try settled(job, until: deadline)
        if status.phase == "waiting", try hasState(job.name) {
          // It should run, and what it has counted would be missing from what one can go back to.
          Terminal.error("\(job.name): no savepoint: \(status.message)")
          failure = failure ?? ExitCode(Exit.awaited)
          continue
        }
        guard status.phase == "running" else {
          Terminal.print("\(job.name): \(status.phase), so none is taken")
          continue
        }
        do { Terminal.print("\(job.name): \(try takeOnce(job.name, called ?? "", until: deadline))") } catch let code as ExitCode {
          Terminal.error("\(job.name): no savepoint")
          failure = failure ?? code
        }
      }
      if jobs.isEmpty { Terminal.print("no job runs") }
      if let failure { throw failure }
    }

    /// What a job does once it is not about to do something else: one that was just cut anew or started runs in a moment.
    private func settled(_ job: JobReport, until deadline: ContinuousClock.Instant) throws -> JobReport.Status {
      var status = job.status
      let patience = min(deadline, .now + Self.startsWithin)
      while ["starting", "restarting"].contains(status.phase), ContinuousClock.now < patience {
        Thread.sleep(forTimeInterval: 0.5)
        status = try server.get(JobReport.self, JobPath.of(job.name)).status
      }
      return status
    }

    /// Whether a job over workers has a checkpoint. One that no worker ever took up has nothing to keep.
    private func hasState(_ job: String) throws -> Bool {
      try server.get(JobReport.self, JobPath.of(job)).status.shards?.list?.contains { $0.epoch > 0 } ?? false
    }

    private func take(_ job: String, _ called: String?, until deadline: ContinuousClock.Instant) throws -> Report {
      let answer = try ask(job, called, until: deadline)
      guard answer.status == 201 else { throw server.refusal(answer) }
      return try JSONDecoder().decode(Report.self, from: answer.body)
    }

    /// Takes one unless the same was done before. Returns a line.
    private func takeOnce(_ job: String, _ base: String, until deadline: ContinuousClock.Instant) throws -> String {
      for number in 1... {
        let name = number == 1 ? base : "\(base)-\(number)"
        let answer = try ask(job, name, until: deadline)
        guard answer.code == "SAVEPOINT_EXISTS" else {
          guard answer.status == 201 else { throw server.refusal(answer) }
          return try JSONDecoder().decode(Report.self, from: answer.body).line
        }
        let there = try server.get(Reports.self, "\(JobPath.of(job))/savepoints").savepoints.first { $0.name == name }
        // None of that name can be read: another one is being taken.
        guard let there, let at = Array(there.at.utf8).withUnsafeBufferPointer(RFC3339.parse) else { throw server.refusal(answer) }
        if Date().timeIntervalSince1970 - Double(at) / 1e9 < Self.repeatedWithin { return "\(there.line), there already" }
      }
      preconditionFailure("names never end")
    }

    private func ask(_ job: String, _ called: String?, until deadline: ContinuousClock.Instant) throws -> ServerOptions.Answer {
      let body = try called.map { String(decoding: try JSONEncoder().encode(["name": $0]), as: UTF8.self) }
      let left = max(1, Int((deadline - ContinuousClock.now).components.seconds))
      return try server.send("POST", "\(JobPath.of(job))/savepoints?wait=\(left)", body: body, within: left)
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One line a savepoint.")
    @OptionGroup var job: JobCommand.Name

    func run() throws {
      let found = try job.server.get(Reports.self, "\(job.path)/savepoints").savepoints
      Terminal.print(found.isEmpty ? "no savepoints" : found.map(\.line).joined(separator: "\n"))
    }
  }

  struct Start: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Starts a job that does not run from one.")
    @OptionGroup var job: JobCommand.Name
    @Argument(help: "The savepoint.") var savepoint: String
    @Option(help: "The job that took it, when that is another one.") var of: String?
    @Flag(help: "Sinks may get the rows from after the savepoint once more.") var acceptRepeats = false

    func run() throws {
      var query: [String] = []
      if let of { query.append("of=\(JobPath.escaped(of))") }
      if acceptRepeats { query.append("accept-repeats=true") }
      let path = "savepoints/\(JobPath.escaped(savepoint))/start"
      try job.act(query.isEmpty ? path : "\(path)?\(query.joined(separator: "&"))")
    }
  }

  struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Removes one; jobs that were started from it do not need it.")
    @OptionGroup var job: JobCommand.Name
    @Argument(help: "The savepoint.") var savepoint: String

    func run() throws { _ = try job.server.call("DELETE", "\(job.path)/savepoints/\(JobPath.escaped(savepoint))") }
  }
}
