internal import ArgumentParser
internal import Foundation

/// Has jobs of a server take a checkpoint, and waits for it if asked to: what a deployment does before it replaces the program.
struct CheckpointCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint", abstract: "Takes a checkpoint soon, of one job or of all that run.",
    discussion: """
      EXAMPLES
        sloscout job checkpoint fingerprint
        sloscout job checkpoint --all --wait 120     exit code 1 when a job had none by then
      """)
  @OptionGroup var server: ServerOptions
  @Argument(help: "The job's name.") var name: String?
  @Flag(help: "Every job that runs.") var all = false
  @Option(help: "Wait this many seconds at most until the checkpoints are complete.") var wait: Int?

  func validate() throws {
    guard (name != nil) != all else { throw ValidationError("name one job, or say --all") }
    if let wait, !(1...86_400).contains(wait) { throw ValidationError("--wait is from 1 to 86400 seconds") }
  }

  func run() throws {
    let wanted = try jobs().filter { name != nil || $0.status.phase == "running" }
    // The newest of each before it was asked for another; of a job over workers that of each shard.
    var waiting = Dictionary(uniqueKeysWithValues: wanted.map { ($0.name, $0) })
    for job in wanted { _ = try server.call("POST", "\(JobPath.of(job.name))/checkpoint") }
    guard let wait else { return }
    let deadline = ContinuousClock.now + .seconds(wait)
    while !waiting.isEmpty, ContinuousClock.now < deadline {
      for job in try jobs() {
        guard let before = waiting[job.name], let said = Self.news(job, since: before) else { continue }
        waiting[job.name] = nil
        Terminal.print("\(job.name): \(said)")
      }
      if !waiting.isEmpty { Thread.sleep(forTimeInterval: 0.2) }
    }
    guard waiting.isEmpty else {
      Terminal.error("no checkpoint within \(wait) s of \(waiting.keys.sorted().joined(separator: ", "))")
      throw ExitCode(Exit.failed)
    }
    if wanted.isEmpty { Terminal.print("no job runs") }
  }

  /// What there is to say when a job has a newer checkpoint than before; nil while it has not. One that ends or stops meanwhile takes its last one.
  private static func news(_ job: JobReport, since before: JobReport) -> String? {
    let isOver = ["finished", "suspended"].contains(job.status.phase)
    guard let shards = job.status.shards?.list else {
      guard let newest = job.status.checkpoint, newest.epoch > before.status.checkpoint?.epoch ?? 0 || isOver else { return nil }
      return "checkpoint \(newest.epoch), \(newest.at)"
    }
    let epochs = Dictionary((before.status.shards?.list ?? []).map { ($0.name, $0.epoch) }, uniquingKeysWith: { first, _ in first })
    let late = shards.count { $0.state != "finished" && $0.epoch <= epochs[$0.name] ?? 0 }
    return late == 0 || isOver ? "a checkpoint of each of \(shards.count) shards" : nil
  }

  private func jobs() throws -> [JobReport] {
    if let name { return [try server.get(JobReport.self, JobPath.of(name))] }
    return try server.get(JobReport.List.self, "/api/v1/jobs").jobs.map { job in
      // Lists leave shards out.
      job.status.shards == nil ? job : try server.get(JobReport.self, JobPath.of(job.name))
    }
  }
}

/// Where a server keeps a job.
enum JobPath {
  /// The job's address; whatever the name holds, it stays within its part of the path.
  static func of(_ name: String) -> String { "/api/v1/jobs/" + escaped(name) }

  /// A name as a part of an address.
  static func escaped(_ name: String) -> String {
    name.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "._-"))) ?? ""
  }
}
