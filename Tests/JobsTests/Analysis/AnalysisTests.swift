import Foundation
import Jobs
import SLO
import Testing

@Suite("analysis of files")
struct AnalysisTests {
  /// A file of the given lines; removed by whoever asks for it.
  private func file(_ lines: [String]) throws -> String {
    let path = FileManager.default.temporaryDirectory.path + "/analysis-\(UInt64.random(in: 0 ... .max)).jsonl"
    try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func hex(_ number: Int, _ digits: Int) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: digits - text.count) + text
  }

  /// A request with one span of `web` and one of `cart`.
  private func line(_ trace: Int, minute: Int, route: String = "/cart/{id}", status: Int = 200) -> String {
    let start = 1_700_000_000_000_000_000 + minute * 60_000_000_000
    func span(_ id: Int, _ parent: Int, _ name: String, _ more: String) -> String {
      #"{"traceId":"\#(hex(trace, 32))","spanId":"\#(hex(id, 16))","parentSpanId":"\#(parent == 0 ? "" : hex(parent, 16))","name":"\#(name)","startTimeUnixNano":"\#(start + id)","endTimeUnixNano":"\#(start + 5_000_000)"\#(more)}"#
    }
    let attributes =
      #","kind":"SPAN_KIND_SERVER","attributes":[{"key":"http.route","value":{"stringValue":"\#(route)"}},{"key":"http.method","value":{"stringValue":"GET"}},{"key":"http.status_code","value":{"intValue":"\#(status)"}}]"#
    func resource(_ service: String, _ spans: String) -> String {
      #"{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"\#(service)"}}]},"scopeSpans":[{"spans":[\#(spans)]}]}"#
    }
    return
      #"{"resourceSpans":[\#(resource("web", span(1, 0, "GET", attributes))),\#(resource("cart", span(2, 1, "find 7", #","kind":2"#)))]}"#
  }

  @Test("files of OTLP become journeys; what is twice counts once, what is damaged is said")
  func journeys() throws {
    let lines = (0..<40).map { line($0 + 1, minute: $0, status: $0 % 10 == 0 ? 503 : 404) }
    let path = try file(lines + [lines[3], "no json", #"{"resourceMetrics":[]}"#])
    defer { try? FileManager.default.removeItem(atPath: path) }
    let analysis = try Analysis.run(.init(paths: [path]))
    #expect(analysis.journeys.count == 1)
    let journey = try #require(analysis.journeys.first)
    #expect(journey.name == "GET /cart/{id}" && journey.requests == 40 && journey.errors == 4 && journey.errorEvidence == .spans)
    #expect(analysis.traces.duplicates == 2 && analysis.facts.refusedLines == 1 && analysis.facts.otherLines == 1)
    #expect(analysis.findings.contains { $0.code == "unreadable" })
    #expect(AnalysisSummary.text(analysis).contains("GET /cart/{id}"))
    #expect(AnalysisJSON.text(analysis) == AnalysisJSON.text(try Analysis.run(.init(paths: [path]))))
  }

  @Test("the lookback counts from the newest record; an empty result names the range; an unknown service the close ones")
  func narrowed() throws {
    let path = try file((0..<40).map { line($0 + 1, minute: $0) })
    defer { try? FileManager.default.removeItem(atPath: path) }
    var wanted = Analysis.Request(paths: [path])
    wanted.lookback = 10 * 60_000_000_000
    #expect(try Analysis.run(wanted).journeys[0].requests == 10)
    wanted.service = "cart"
    #expect(try Analysis.run(wanted).journeys.count == 1)
    wanted.service = "crat"
    var failure = #expect(throws: Analysis.Failure.self) { try Analysis.run(wanted) }
    #expect(failure?.description.contains("did you mean cart") == true)
    wanted.service = nil
    wanted.environment = "staging"
    failure = #expect(throws: Analysis.Failure.self) { try Analysis.run(wanted) }
    #expect(failure?.description.contains("2023-11-14T22:13:20Z to 2023-11-14T22:52:20Z") == true, "\(failure?.description ?? "")")
    failure = #expect(throws: Analysis.Failure.self) { try Analysis.run(.init(paths: [#filePath])) }
    #expect(failure?.description.contains("no OTLP spans") == true)
  }

  @Test("log templates of other services that read like a journey's failures are evidence: in its runbook, with its indicators")
  func similarTemplates() throws {
    func log(_ service: String, _ message: String, minute: Int) -> String {
      let time = 1_700_000_000_000_000_000 + minute * 60_000_000_000
      return
        #"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"\#(service)"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"\#(time)","severityNumber":17,"body":{"stringValue":"\#(message)"}}]}]}]}"#
    }
    let spans = (0..<40).map { line($0 + 1, minute: $0, status: $0 % 10 == 0 ? 503 : 200) }
    let logs = (0..<5).flatMap { minute in
      [log("redis", "could not find cart 12 in the store", minute: minute), log("mail", "newsletter sent", minute: minute)]
    }
    let path = try file(spans + logs)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let analysis = try Analysis.run(.init(paths: [path]))
    let journey = try #require(analysis.journeys.first)
    let similar = try #require(analysis.similarTemplates[journey.id])
    #expect(similar.first?.service == "redis" && similar.first?.count == 5 && similar.first?.errors == 5)
    #expect(!similar.contains { $0.service == "mail" })
    let files = try ArtifactTree.make(journeys: analysis.journeys, options: analysis.artifactOptions)
    let runbooks = files.filter { $0.path.hasPrefix("runbooks/") }.map { String(decoding: $0.bytes, as: UTF8.self) }
    #expect(runbooks.contains { $0.contains("redis") && $0.contains("could not find cart") })
    let plan = JourneyPlan(journey, analysis.artifactOptions)
    #expect(plan.indicators.contains { $0.kind == .errors && $0.evidence.contains { $0.text.contains("redis") } })
    // A journey in which nothing fails asks for nothing.
    let quiet = try file((0..<40).map { line($0 + 1, minute: $0) } + logs)
    defer { try? FileManager.default.removeItem(atPath: quiet) }
    #expect(try Analysis.run(.init(paths: [quiet])).similarTemplates.isEmpty)
  }

  @Test("the journeys of two public systems are the known ones, and the critical path of every trace adds up")
  func publicSystems() throws {
    var package = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { package.deleteLastPathComponent() }
    let shared = ProcessInfo.processInfo.environment["SLOSCOUT_SHARED"] ?? package.deletingLastPathComponent().path + "/shared"
    let folder = shared + "/data/traces"
    guard FileManager.default.fileExists(atPath: folder) else {
      print("*** NOT TESTED: there are no traces at \(folder); set SLOSCOUT_SHARED ***")
      return
    }
    for (system, spans, counts) in [
      ("train-ticket", 321_068, [1183, 1083, 360, 348, 329, 311, 247, 223, 220, 179]),
      ("online-boutique", 147_133, [1611, 1223, 823, 137]),
    ] {
      let analysis = try Analysis.run(.init(paths: ["\(folder)/\(system)-traces.otlp.jsonl.gz"]))
      #expect(analysis.traces.spans.count == spans)
      #expect(analysis.journeys.map { Int($0.requests) } == counts)
      #expect(analysis.discovery.unassigned.isEmpty && analysis.discovery.assignment.allSatisfy { $0 != nil })
      #expect(analysis.journeys.reduce(0) { $0 + $1.variants.count } >= (system == "train-ticket" ? 30 : 4))
      let set = analysis.traces
      for trace in set.traces {
        #expect(set.spans[trace.root].parent == 0 && trace.isComplete)
        #expect(trace.range.reduce(Int64(0)) { $0 + set.exclusive[$1] } == set.spans[trace.root].duration)
      }
    }
  }
}
