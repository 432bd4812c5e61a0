internal import Dataflow
internal import Foundation
internal import Jobs

/// Runs the shipped job `traces` over a file as fast as it goes. Only the source's path and the sink are replaced.
public struct TracesBenchmark: Sendable {
  private let jobFile: String
  private let input: String
  private let threads: Int

  /// A run that has not started.
  ///
  /// - Parameters:
  ///   - jobFile: the file with the job `traces`.
  ///   - input: OTLP/JSON requests, one a line.
  ///   - threads: how many, and the job's parallelism.
  public init(jobFile: String, input: String, threads: Int) {
    self.jobFile = jobFile
    self.input = input
    self.threads = threads
  }

  /// One JSON line of figures. Throws what stops the job, and diagnostics as text.
  public func run() async throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "sloscout-bench-\(ProcessInfo.processInfo.processIdentifier)"
    ).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var loader = JobLoader(catalog: .standard, environment: ProcessInfo.processInfo.environment)
    let discard = ConfigValue.map([
      ("type", .text("discard")), ("delivery", .text("live")), ("inputs", ConfigValue(.list([.text("counted")]))), ("config", .map([])),
    ])
    loader.edits = JobOverride.only(
      "traces",
      JobOverride.input([input], format: "otlp", follow: false) + JobOverride.parallelism(threads) + JobOverride.state(folder)
        + [.set(["spec", "sinks"], .map([("metrics", discard)]))])
    let loaded = loader.load(paths: [jobFile])
    guard !loaded.hasErrors, let job = loaded.jobs.first(where: { $0.definition.name == "traces" }) else {
      throw BenchmarkError(DiagnosticRenderer(sources: loaded.sources).text(loaded.diagnostics))
    }
    let (start, before) = (Date(), ProcessUsage.now.cpuSeconds)
    let result = try await JobSession(job, threads: threads).runner.run()
    let (seconds, usage) = (Date().timeIntervalSince(start), ProcessUsage.now)
    let cpu = usage.cpuSeconds - before
    func total(_ id: String) -> OperatorCounters { result.totals.first { $0.id == id }?.counters ?? OperatorCounters() }
    let spans = total("telemetry").received
    return """
      {"spans":\(spans),"duplicates":\(total("assembled").duplicates),"late":\(total("assembled").late),"traces":\(total("assembled").results),\
      "series_rows":\(total("counted").results),"seconds":\(Self.text(seconds)),"spans_per_second":\(Int(Double(spans) / seconds)),\
      "cpu_seconds":\(Self.text(cpu)),"spans_per_cpu_second":\(Int(Double(spans) / cpu)),"max_rss_bytes":\(usage.maxResidentBytes),"threads":\(threads)}
      """
  }

  private static func text(_ value: Double) -> String { String(format: "%.3f", value) }
}
