import Dataflow
import Foundation
import Jobs
import SLO
import Testing

/// The shipped job over public systems: what it counts is what an analysis of the same files counts.
@Suite("the job traces")
struct TracesJobTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// A run that is stopped with a checkpoint after so many milliseconds each time, and to its end at last.
  private func totals(_ file: String, parallelism: Int, stops: [UInt64]) async throws -> [String: Double] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("traces-\(UInt64.random(in: 0 ... .max))")
    defer { try? FileManager.default.removeItem(at: folder) }
    var loader = JobLoader(catalog: .standard, environment: [:])
    let out = ConfigValue.map([
      (
        "out",
        .map([
          ("type", .text("file")), ("inputs", ConfigValue(.list([.text("counted")]))),
          ("config", .map([("path", .text(folder.path + "/out"))])),
        ])
      )
    ])
    loader.edits = JobOverride.only(
      "traces",
      JobOverride.input([file], format: "otlp", follow: false) + JobOverride.parallelism(parallelism)
        + JobOverride.state(folder.path + "/state") + [.set(["spec", "sinks"], out)])
    let loaded = loader.load(paths: [Self.repository.appending(path: "jobs.yaml").path(percentEncoded: false)])
    try #require(DiagnosticRenderer(sources: loaded.sources).text(loaded.diagnostics) == "")
    let job = try #require(loaded.jobs.first { $0.definition.name == "traces" })
    for stop in stops {
      let session = try JobSession(job)
      let run = Task { try await session.runner.run() }
      try await Task.sleep(nanoseconds: stop * 1_000_000)
      await session.runner.stop()
      _ = try await run.value
    }
    let result = try await JobSession(job).runner.run()
    #expect(BalanceTable(result.totals).isBalanced)
    var totals: [String: Double] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path + "/out").sorted() {
      for line in try String(contentsOfFile: "\(folder.path)/out/\(name)", encoding: .utf8).split(separator: "\n") {
        let row = try JSONReader.read(Array(line.utf8))
        totals["\(row["name"]?.string ?? "")\(row["labels"]?.string ?? "")"] = row["value"]?.double
      }
    }
    return totals
  }

  @Test("journeys of two public systems have the requests that an analysis of the files finds, restarted or not, on one core or two")
  func publicSystems() async throws {
    let shared = ProcessInfo.processInfo.environment["SLOSCOUT_SHARED"] ?? Self.repository.deletingLastPathComponent().path + "/shared"
    let folder = shared + "/data/traces"
    guard FileManager.default.fileExists(atPath: folder) else {
      print("*** NOT TESTED: there are no traces at \(folder); set SLOSCOUT_SHARED ***")
      return
    }
    for (system, spans, parallelism, stops) in [
      ("train-ticket", 321_068.0, 1, []), ("train-ticket", 321_068.0, 2, [400, 300]), ("online-boutique", 147_133.0, 1, [300]),
    ] as [(String, Double, Int, [UInt64])] {
      let file = "\(folder)/\(system)-traces.otlp.jsonl.gz"
      let analysis = try Analysis.run(.init(paths: [file]))
      let totals = try await totals(file, parallelism: parallelism, stops: stops)
      func sum(_ name: String) -> Double { totals.filter { $0.key.hasPrefix(name + "{") }.values.reduce(0, +) }
      #expect(sum("traces_span_metrics_calls_total") == spans)
      #expect(sum("journey_requests_total") == Double(analysis.traces.traces.count))
      for journey in analysis.journeys {
        let labels = #"{"entry_service":"\#(journey.entryService)","environment":"\#(journey.environment)","journey":"\#(journey.slug)"}"#
        #expect(totals["journey_requests_total" + labels] == journey.requests, "\(system) \(journey.slug)")
        let seconds = totals["journey_duration_seconds_count" + labels]
        #expect(seconds == journey.requests)
        // Nothing in these spans says whether they failed: unknown is not zero.
        #expect(totals["journey_errors_total" + labels] == nil)
      }
      #expect(totals.keys.count { $0.hasPrefix("journey_requests_total{") } == analysis.journeys.count)
    }
  }
}
