import Dataflow
import DataflowTesting
import Jobs
import Testing

@Suite("trace-metrics")
struct TraceMetricsTests {
  private static let config = Config([
    "every": .duration(10 * SpanRows.second), "learn": .duration(60 * SpanRows.second), "remember": .int(5_000), "seriesLimit": .int(500),
  ])
  private static func plan(_ more: [String: Config.Value] = [:]) throws -> PlannedOperator {
    try TraceMetricsType.type.plan(Config(config.values.merging(more) { $1 }), AssembledRows.schema)
  }

  /// Values by `name{"label":"value",…}`.
  private static func values(_ rows: [String]) -> [String: String] {
    var values: [String: String] = [:]
    for row in rows.map(SpanRows.fields) { values["\(row["name"] ?? "")\(row["labels"] ?? "")"] = row["value"] }
    return values
  }

  private static func run(_ rows: [TestRow], _ more: [String: Config.Value] = [:]) throws -> [String: String] {
    let driver = try OperatorDriver(try plan(more), input: AssembledRows.schema)
    for start in stride(from: 0, to: rows.count, by: 200) { try driver.send(Array(rows[start..<min(rows.count, start + 200)])) }
    try driver.endOfInput()
    #expect(driver.counters.imbalance == 0)
    return values(driver.rows)
  }

  @Test("the same totals come out however the input is cut, restarted and rescaled", arguments: 0..<6)
  func conformance(seed: Int) throws {
    var random = DataflowTesting.SeededRandom(UInt64(seed))
    let spans = (0..<random.int(1...400)).flatMap { trace in
      SpanRows.request(
        trace, route: random.chance(0.7) ? "/cart" : "/order", isFailed: random.chance(0.1), environment: ["prod", "test", nil][trace % 3],
        state: random.chance(0.3) ? "ot=th:c" : nil)
    }
    let problems = try OperatorConformance.problems(
      try Self.plan(), input: AssembledRows.schema, rows: try AssembledRows.of(spans), watermarks: [SpanRows.origin], seed: UInt64(seed))
    #expect(problems == [], "seed \(seed)")
  }

  @Test("spans, calls and journeys are counted under the names that dashboards know")
  func names() throws {
    let spans = (0..<40).flatMap { SpanRows.request($0, route: $0 % 4 == 0 ? "/order" : "/cart", isFailed: $0 % 10 == 1) }
    let values = try Self.run(try AssembledRows.of(spans))
    let cart = #"{"entry_service":"web","environment":"default","journey":"get-cart"}"#
    #expect(values["journey_requests_total" + cart] == "30.0")
    #expect(values["journey_errors_total" + cart] == "4.0")
    #expect(values["journey_duration_seconds_count" + cart] == "30.0")
    #expect(
      values[#"journey_duration_seconds_bucket{"entry_service":"web","environment":"default","journey":"get-cart","le":"0.05"}"#] == "30.0")
    #expect(
      values[#"journey_duration_seconds_bucket{"entry_service":"web","environment":"default","journey":"get-cart","le":"0.025"}"#] == "0.0")
    #expect(
      values[
        #"traces_span_metrics_calls_total{"service_name":"cart","span_kind":"SPAN_KIND_SERVER","span_name":"find","status_code":"STATUS_CODE_UNSET"}"#
      ] == "40.0")
    #expect(
      values[
        #"traces_span_metrics_calls_total{"service_name":"web","span_kind":"SPAN_KIND_SERVER","span_name":"GET","status_code":"STATUS_CODE_ERROR"}"#
      ] == "4.0")
    #expect(values[#"traces_service_graph_request_total{"client":"web","connection_type":"","server":"cart"}"#] == "40.0")
    #expect(values[#"traces_service_graph_request_total{"client":"cart","connection_type":"database","server":"carts"}"#] == "40.0")
    #expect(values[#"traces_service_graph_request_total{"client":"user","connection_type":"virtual_node","server":"web"}"#] == "40.0")
    #expect(values[#"traces_service_graph_request_failed_total{"client":"user","connection_type":"virtual_node","server":"web"}"#] == "4.0")
    #expect(
      values[
        #"traces_service_graph_request_server_seconds_bucket{"client":"web","connection_type":"","le":"0.05","server":"cart"}"#] == "40.0")
  }

  @Test("a sampled trace counts for as many as it stands for")
  func sampled() throws {
    // A threshold of c: three quarters are dropped.
    let spans = (0..<10).flatMap { SpanRows.request($0, route: "/cart", state: "ot=th:c") }
    let values = try Self.run(try AssembledRows.of(spans))
    #expect(values[#"journey_requests_total{"entry_service":"web","environment":"default","journey":"get-cart"}"#] == "40.0")
    #expect(values[#"traces_service_graph_request_total{"client":"web","connection_type":"","server":"cart"}"#] == "40.0")
  }

  @Test("spans that come late are counted, the request is not counted again")
  func late() throws {
    var spans = (0..<20).flatMap { SpanRows.request($0, route: "/cart") }
    let last = spans.removeLast()
    let before = try AssembledRows.of(spans)
    // The same trace with what was known marked, as the assembly hands it on again.
    let driver = try OperatorDriver(try AssembleTraces.type.plan(Config(), SpanRows.schema), input: SpanRows.schema)
    try driver.send(spans)
    try driver.watermark(SpanRows.origin + 100 * SpanRows.second)
    try driver.send([last])
    try driver.watermark(SpanRows.origin + 101 * SpanRows.second)
    #expect(driver.rows.count == 21 && before.count == 20)
    let all = try AssembledRows.of(spans, [SpanRows.origin + 100 * SpanRows.second])
    #expect(try Self.run(all)[#"journey_requests_total{"entry_service":"web","environment":"default","journey":"get-cart"}"#] == "20.0")
  }

  @Test("beyond its limit a family counts in one series")
  func limited() throws {
    let spans = (0..<60).flatMap { trace in [SpanRows.span(trace, 1, "web", "name \(SpanRows.hex(trace, 2))x")] }
    let values = try Self.run(try AssembledRows.of(spans), ["seriesLimit": .int(10)])
    #expect(values[#"traces_span_metrics_calls_total{"otel_metric_overflow":"true"}"#] == "50.0")
  }

  @Test("what has changed comes out by the clock, and everything after a restart")
  func emission() throws {
    let driver = try OperatorDriver(try Self.plan(), input: AssembledRows.schema)
    let rows = try AssembledRows.of((0..<300).flatMap { SpanRows.request($0, route: "/cart") })
    try driver.send(Array(rows[..<250]))
    try driver.tick(1)
    try driver.tick(1 + 10 * SpanRows.second)
    let first = driver.rows.count
    #expect(
      Self.values(driver.rows)[#"journey_requests_total{"entry_service":"web","environment":"default","journey":"get-cart"}"#] == "250.0")
    try driver.tick(2 + 20 * SpanRows.second)
    #expect(driver.rows.count == first)
    try driver.checkpoint()
    try driver.restart(subtasks: 1)
    try driver.tick(1)
    try driver.tick(1 + 10 * SpanRows.second)
    #expect(driver.rows.count == 2 * first)
    try driver.send(Array(rows[250...]))
    try driver.endOfInput()
    #expect(
      Self.values(driver.rows)[#"journey_requests_total{"entry_service":"web","environment":"default","journey":"get-cart"}"#] == "300.0")
  }
}
