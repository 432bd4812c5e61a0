internal import ArgumentParser
internal import Foundation

/// Takes savepoints of jobs of a server, and starts from them.
struct SavepointCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "savepoint", abstract: "Keeps the state of a job beyond the retention of its checkpoints, and starts from it.",
    discussion: """
      EXAMPLES
        sloscout savepoint fingerprint                            takes one: a new checkpoint, copied
        sloscout savepoint fingerprint --as before-upgrade
        sloscout savepoint list fingerprint
        sloscout savepoint start fingerprint before-upgrade       the job must be stopped, and its sinks not further on
        sloscout savepoint start trial epoch-17 --of fingerprint  another job, which has never run
      """, subcommands: [Take.self, List.self, Start.self, Delete.self], defaultSubcommand: Take.self)

  private struct Report: Decodable {
    var name: String
    var job: String
    var epoch: UInt64
    var at: String
    var storedBytes: Int

    var line: String { "\(name)  epoch \(epoch)  \(at)  \(storedBytes) bytes" }
  }

  struct Take: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Takes one (the default).")
    @OptionGroup var job: JobCommand.Name
    @Option(name: .customLong("as"), help: "Its name; after the checkpoint's number when left out.") var called: String?

    func run() throws {
      let body = try called.map { String(decoding: try JSONEncoder().encode(["name": $0]), as: UTF8.self) }
      Terminal.print(try JSONDecoder().decode(Report.self, from: try job.server.call("POST", "\(job.path)/savepoints", body: body)).line)
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One line a savepoint.")
    @OptionGroup var job: JobCommand.Name

    private struct Reports: Decodable { var savepoints: [Report] }

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
