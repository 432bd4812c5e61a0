internal import ArgumentParser
internal import Benchmarks

/// Figures, one JSON line each.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures the engine on this machine.", subcommands: [Fingerprint.self])

  struct Fingerprint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Runs the shipped fingerprint job over a file of JSON lines.")
    @Option(help: "JSON lines to read.") var input: String
    @Option(help: "Threads, and the job's parallelism.") var threads = 1
    @Option(help: "The job file.") var jobs = "jobs.yaml"
    @Option(help: "shape (as peers are measured) or capsule (the product's key).") var key = "shape"
    @Option(help: "Folder for result rows; by default they are counted and forgotten.") var output: String?

    func run() async throws {
      guard let key = FingerprintBenchmark.Key(rawValue: key) else { throw ValidationError("--key is shape or capsule") }
      print(try await FingerprintBenchmark(jobFile: jobs, input: input, threads: threads, key: key, output: output).run())
    }
  }
}
