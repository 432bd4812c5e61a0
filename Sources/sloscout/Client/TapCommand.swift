internal import ArgumentParser
internal import Foundation

/// Shows records of an edge of a job that runs on a server.
struct TapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tap", abstract: "Shows some of the records that a step of a running job hands on, without personal data.",
    discussion: """
      One JSON object a line: the record, and how many records passed since the line before.

      EXAMPLES
        sloscout tap fingerprint telemetry
        sloscout tap fingerprint complete.errors --seconds 300
      """)
  @OptionGroup var job: JobCommand.Name
  @Argument(help: "A step, or step.errors, or step.late.") var edge: String
  @Option(help: "Records a second at most, 1 to 50.") var rate = 10
  @Option(help: "Ends after so many seconds, 1 to 3600.") var seconds = 60

  /// Seconds that the server lets one look last.
  private static let longest = 600

  func validate() throws {
    guard (1...50).contains(rate) else { throw ValidationError("--rate is from 1 to 50") }
    guard (1...3600).contains(seconds) else { throw ValidationError("--seconds is from 1 to 3600") }
  }

  func run() throws {
    let name = edge.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "._-"))) ?? edge
    let end = ContinuousClock.now + .seconds(seconds)
    // Again when it ended early: the server ends a look after ten minutes, and when the job is restarted.
    while true {
      let left = min(Self.longest, Int(((end - ContinuousClock.now) / .seconds(1)).rounded(.up)))
      guard left > 0 else { return }
      try job.server.follow("\(job.path)/tap?edge=\(name)&rate=\(rate)&seconds=\(left)", seconds: left) { Terminal.print($0) }
    }
  }
}
