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

  func validate() throws {
    guard (1...50).contains(rate) else { throw ValidationError("--rate is from 1 to 50") }
    guard (1...3600).contains(seconds) else { throw ValidationError("--seconds is from 1 to 3600") }
  }

  func run() throws {
    let name = edge.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "._-"))) ?? edge
    // In slices, as an answer is printed once it is whole.
    var left = seconds
    while left > 0 {
      let slice = min(2, left)
      let text = String(decoding: try job.server.call("GET", "\(job.path)/tap?edge=\(name)&rate=\(rate)&seconds=\(slice)"), as: UTF8.self)
      for line in text.split(separator: "\n") where line.hasPrefix("data: ") { Terminal.print(String(line.dropFirst(6))) }
      left -= slice
    }
  }
}
