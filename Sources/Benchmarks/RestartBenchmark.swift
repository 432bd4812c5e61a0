internal import Foundation
internal import Glibc

/// How long a killed job needs to read again: from the start of a new process, restore included, to its first record.
public struct RestartBenchmark {
  private let program: String
  private let jobFile: String
  private let input: String

  /// - Parameter program: this program's own path.
  public init(program: String, jobFile: String, input: String) {
    self.program = program
    self.jobFile = jobFile
    self.input = input
  }

  /// One JSON line of figures: five restarts, the median and the longest. Throws `BenchmarkError` when the job ends before its first checkpoint.
  public func run() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sloscout-restart-\(getpid())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let first = try start(["--state", folder, "--interval-milliseconds", "50"])
    while try manifests(folder).isEmpty {
      guard first.isRunning else { throw BenchmarkError("the job ended before its first checkpoint\n  hint: give it more input") }
      usleep(1_000)
    }
    kill(first.processIdentifier, SIGKILL)
    first.waitUntilExit()
    var times: [Double] = []
    for _ in 0..<5 {
      let begin = Date()
      let again = try start(["--state", folder, "--first-record"])
      again.waitUntilExit()
      times.append(Date().timeIntervalSince(begin) * 1e3)
    }
    times.sort()
    return "{\"restarts\":\(times.count),\"first_record_ms_median\":\(text(times[2])),\"first_record_ms_max\":\(text(times[4]))}"
  }

  private func start(_ options: [String]) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["bench", "fingerprint", "--input", input, "--jobs", jobFile] + options
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    return process
  }

  private func manifests(_ folder: String) throws -> [String] {
    let job = folder + "/fingerprint"
    guard FileManager.default.fileExists(atPath: job) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: job).filter { $0.hasPrefix("manifest-") && !$0.hasSuffix(".tmp") }
  }

  private func text(_ value: Double) -> String { String(format: "%.1f", value) }
}
