import SLO
import Testing

@Suite("artifacts")
struct ArtifactTests {
  private func text(_ files: [ArtifactTree.File], _ path: String) -> String {
    files.first { $0.path == path }.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
  }

  @Test("two runs differ in no byte, and the order of journeys does not matter")
  func stable() throws {
    let journeys = [Fixture.journey(days: 1), Fixture.journey("search", service: "catalog", operation: "GET /search", days: 1)]
    let first = try ArtifactTree.make(journeys: journeys)
    #expect(first == (try ArtifactTree.make(journeys: journeys.reversed())))
    #expect(Set(first.map(\.path)).count == first.count)
  }

  @Test("each rule file has its test beside it, each objective its runbook")
  func complete() throws {
    let paths = Set(try ArtifactTree.make(journeys: [Fixture.journey(days: 1)]).map(\.path))
    for path in paths where path.hasSuffix(".rules.yaml") { #expect(paths.contains(path.dropLast(5) + "_test.yaml"), "\(path)") }
    for kind in ["latency", "errors", "availability"] { #expect(paths.contains("runbooks/front-end/checkout-\(kind).md")) }
    for path in [
      "index.html", "journeys.json", "provenance.json", "openslo/slos/front-end.yaml", "openslo/drafts/front-end.yaml",
      "sloth/front-end.yaml",
    ] {
      #expect(paths.contains(path))
    }
  }

  @Test("journeys come back from their document, and give the same tree")
  func roundTrip() throws {
    let journeys = [Fixture.journey(days: 1)]
    let bytes = Array(JourneyDocument.write(journeys).json.utf8)
    let again = try JourneyDocument.read(try JSONReader.read(bytes))
    #expect(again == journeys)
  }

  @Test("without evidence of errors no indicator of them is proposed, and it is said")
  func noEvidence() throws {
    let plan = JourneyPlan(Fixture.journey(days: 1, errorEvidence: .none), ArtifactOptions())
    #expect(plan.indicators.map(\.kind) == [.latency])
    #expect(plan.missing.contains { $0.contains("no indicators of errors") })
  }

  @Test(
    "budgets of calendar windows are sums of hours by the window's number; what knows no such windows is left out",
    arguments: [
      (ObjectiveWindow.Unit.week, "floor((vector(time() - 1) - 345600) / 604800)", "[1w:1h]"),
      (.month, "month(vector(time() - 1))", "[31d:1h]"), (.quarter, "ceil(month(vector(time() - 1)) / 3)", "[92d:1h]"),
    ])
  func calendar(unit: ObjectiveWindow.Unit, number: String, range: String) throws {
    var options = ArtifactOptions()
    options.window = .calendar(unit)
    let files = try ArtifactTree.make(journeys: [Fixture.journey(days: 1)], options: options)
    let rules = text(files, "prometheus/rules/front-end/checkout-errors-period.rules.yaml")
    #expect(rules.contains(number) && rules.contains(range) && rules.contains("window: \(unit.rawValue)"), "\(rules)")
    #expect(!files.contains { $0.path.hasPrefix("pyrra/") })
    #expect(rules.contains("the error budget of this \(unit.rawValue) is gone"), "\(rules)")
    let spent = "of this \(unit.rawValue)'s requests were bad. The next \(unit.rawValue), UTC, begins with a whole budget."
    #expect(rules.contains(spent), "\(rules)")
    #expect(text(files, "openslo/slos/front-end.yaml").contains("% of requests without an error, over each \(unit.rawValue)"))
    let burn = text(files, "prometheus/rules/front-end/checkout-errors.rules.yaml")
    #expect(burn.contains("At this rate a \(unit.rawValue)'s budget is gone within"))
    let slices = text(files, "prometheus/rules/front-end/checkout-availability-period.rules.yaml")
    #expect(slices.contains("of this \(unit.rawValue)'s 5-minute slices were bad"), "\(slices)")
    options.window = .rolling(days: 28)
    #expect(try ArtifactTree.make(journeys: [Fixture.journey(days: 1)], options: options).contains { $0.path.hasPrefix("pyrra/") })
  }

  @Test("where only logs tell of errors, indicators say that nobody counts them, and the alert for missing series watches both counters")
  func errorsByLogs() throws {
    let journey = Fixture.journey(days: 1, errorEvidence: .logs)
    let errors = try #require(JourneyPlan(journey, ArtifactOptions()).indicators.first { $0.kind == .errors })
    #expect(errors.warnings.contains { $0.contains("journey_errors_total has no series") })
    let rules = text(try ArtifactTree.make(journeys: [journey]), "prometheus/rules/front-end/checkout-errors.rules.yaml")
    #expect(rules.contains("absent(journey_requests_total{") && rules.contains("absent(journey_errors_total{"))
  }

  @Test("the report draws the steps that take the time, at most twenty, and lists the busiest journey first")
  func report() throws {
    var large = Fixture.journey("large", service: "web", operation: "GET /large", days: 3)
    let step = large.steps[1]
    for number in 0..<60 {
      var more = step
      more.operation = "step \(number)"
      more.criticalShare = Double(number) / 10_000
      large.calls.append(
        JourneyCall(from: number == 0 ? 0 : large.steps.count - 1, to: large.steps.count, probability: 1, callsPerTrace: 1))
      large.steps.append(more)
    }
    let page = text(try ArtifactTree.make(journeys: [Fixture.journey("able", days: 1), large]), "index.html")
    let section = page.split(separator: "<section").first { $0.contains("id=\"large\"") } ?? ""
    #expect(section.split(separator: "<g class=\"step").count - 1 <= 20 && section.contains("Of \(large.steps.count) steps"))
    // A step deep in a chain is drawn with the way to it, or not at all.
    #expect(section.contains(">step 10<") && !section.contains(">step 59<"))
    let (first, second) = (page.firstRange(of: "#large"), page.firstRange(of: "#able"))
    #expect(try #require(first).lowerBound < #require(second).lowerBound)
  }

  @Test("two services have different runbooks, with the steps that take most of the time")
  func runbooks() throws {
    let files = try ArtifactTree.make(journeys: [
      Fixture.journey(days: 1), Fixture.journey("search", service: "catalog", operation: "GET /search", days: 1),
    ])
    let (first, second) = (text(files, "runbooks/front-end/checkout-latency.md"), text(files, "runbooks/catalog/search-latency.md"))
    #expect(!first.isEmpty && !second.isEmpty && first != second)
    for step in ["payment", "front-end", "cart", "4bf92f3577b34da6a3ce929d0e0e4736"] { #expect(first.contains(step)) }
  }

  @Test("names, operations and log lines of telemetry are text in the report, not markup")
  func hostile() throws {
    var journey = Fixture.journey(days: 1)
    journey.name = "<script>alert(1)</script>"
    journey.steps[1].operation = "\"><img src=x onerror=alert(1)>"
    let page = text(try ArtifactTree.make(journeys: [journey]), "index.html")
    #expect(!page.contains("<script>") && !page.contains("<img"))
  }

  @Test(
    "the series that exist decide: nine instruments",
    arguments: [
      (
        "traces_span_metrics_calls_total",
        ["service_name": "front-end", "span_name": "POST /checkout", "span_kind": "SPAN_KIND_SERVER", "status_code": "STATUS_CODE_UNSET"],
        "traces_span_metrics_duration_seconds_bucket", "span metrics"
      ),
      (
        "traces_span_metrics_calls_total",
        ["service_name": "front-end", "span_name": "POST /checkout", "span_kind": "SPAN_KIND_SERVER", "status_code": "STATUS_CODE_UNSET"],
        "traces_span_metrics_duration_milliseconds_bucket", "span metrics"
      ),
      (
        "calls_total", ["service_name": "front-end", "span_name": "POST /checkout", "status_code": "STATUS_CODE_UNSET"],
        "duration_milliseconds_bucket", "span metrics (older names)"
      ),
      (
        "traces_spanmetrics_calls_total", ["service": "front-end", "span_name": "POST /checkout", "status_code": "STATUS_CODE_UNSET"],
        "traces_spanmetrics_latency_bucket", "Tempo's span metrics"
      ),
      (
        "http_server_request_duration_seconds_count",
        ["job": "shop/front-end", "http_route": "/checkout", "http_request_method": "POST", "http_response_status_code": "200"],
        "http_server_request_duration_seconds_bucket", "OpenTelemetry HTTP"
      ),
      (
        "http_server_duration_milliseconds_count",
        ["job": "front-end", "http_route": "/checkout", "http_method": "POST", "http_status_code": "200"],
        "http_server_duration_milliseconds_bucket", "OpenTelemetry HTTP (older)"
      ),
      (
        "istio_requests_total", ["destination_canonical_service": "front-end", "reporter": "destination", "response_code": "200"],
        "istio_request_duration_milliseconds_bucket", "Istio"
      ),
      (
        "nginx_ingress_controller_requests", ["exported_service": "front-end", "status": "200"],
        "nginx_ingress_controller_request_duration_seconds_bucket", "ingress-nginx"
      ),
      ("unrelated_total", ["service": "front-end"], "unrelated_bucket", "journey metrics"),
    ] as [(String, [String: String], String, String)])
  func inventory(_ count: String, _ labels: [String: String], _ bucket: String, _ title: String) throws {
    let edges = bucket.contains("milli") ? ["100", "250", "500", "1000", "+Inf"] : ["0.1", "0.25", "0.5", "1", "+Inf"]
    let series =
      [SeriesInventory.Series(count, labels)]
      + edges.map { edge in
        SeriesInventory.Series(bucket, labels.merging(["le": edge]) { $1 })
      }
    var options = ArtifactOptions()
    options.inventory = SeriesInventory(series)
    let plan = JourneyPlan(Fixture.journey(days: 1), options)
    let latency = try #require(plan.indicators.first { $0.kind == .latency })
    #expect(latency.family.title == title)
    #expect(
      JourneyMinute.bucketEdges.contains(latency.threshold ?? 0)
        || edges.contains { Double($0) == Double(latency.threshold ?? 0) / Double(latency.family.unit) })
    // All of it is written, so all of it is parsed and typed.
    #expect(!(try ArtifactTree.make(journeys: [Fixture.journey(days: 1)], options: options)).isEmpty)
  }

  @Test("SHA-256 of the standard's examples")
  func digest() {
    #expect(Digest.sha256(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(Digest.sha256([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test("names fit what OpenSLO and Kubernetes take")
  func names() {
    for text in ["", "--", "A b/C", String(repeating: "long-", count: 40), "日本"] {
      let name = Names.label(text)
      #expect((1...63).contains(name.utf8.count) && !name.hasPrefix("-") && !name.hasSuffix("-"), "\(text) gave \(name)")
    }
  }
}
