import Dataflow
import DataflowTesting
import Jobs
import Testing

@Suite("trace-metrics")
struct TraceMetricsTests {
  private static let config = Config([
    "every": .duration(10 * SpanRows.second), "learn": .duration(60 * SpanRows.second), "remember": .int(5_000), "seriesLimit": .int(500),
  ])
  private static let traces = Schema([("environment", .bytes), ("revision", .int64), ("spans", .bytes)])

  /// What the assembly gives for spans.
  private static func rows(_ spans: [TestRow], _ watermarks: [Int64] = []) throws -> [TestRow] {
    let collected = Collected()
    let plan = try AssembleTraces.type.plan(Config(), SpanRows.schema)
    let operation = try plan.make()
    let output = Collector(collected, plan.schema)
    for span in spans {
      let batch = TestRow.batch([span], SpanRows.schema)
      batch.keys[0] = key(of: span)
      try operation.process(batch, output)
    }
    for watermark in watermarks { try operation.onWatermark(watermark, output) }
    try operation.onEndOfInput(output)
    return collected.rows
  }

  private static func key(of span: TestRow) -> KeyHash {
    guard case .text(let id)? = span.values.first else { return KeyHash(high: 0, low: 0) }
    var hasher = KeyHasher()
    for byte in id.utf8 { hasher.combine(UInt64(byte)) }
    return hasher.finish()
  }

  private final class Collected { var rows: [TestRow] = [] }

  private final class Collector: Output {
    private let collected: Collected
    private let schema: Schema

    init(_ collected: Collected, _ schema: Schema) {
      (self.collected, self.schema) = (collected, schema)
      super.init(operatorID: "assembled", onError: .drop)
    }

    override func deliver(_ batch: RecordBatch) throws {
      guard let environment = schema.field("environment"), let revision = schema.field("revision"), let spans = schema.field("spans") else {
        return
      }
      for index in 0..<batch.selectedCount {
        let row = Int(batch.selection[index])
        let name = batch.bytes(environment)[row]
        collected.rows.append(
          TestRow(
            batch.times[row],
            [
              name.isNull ? .null : .text(name.string), .int(batch.int64s(revision)[row]), .bytes(Array(batch.bytes(spans)[row].buffer)),
            ]))
      }
    }
  }

  private static func plan(_ more: [String: Config.Value] = [:]) throws -> PlannedOperator {
    try TraceMetricsType.type.plan(Config(config.values.merging(more) { $1 }), traces)
  }

  /// Values by `name{"label":"value",…}`.
  private static func values(_ rows: [String]) -> [String: String] {
    var values: [String: String] = [:]
    for row in rows.map(SpanRows.fields) { values["\(row["name"] ?? "")\(row["labels"] ?? "")"] = row["value"] }
    return values
  }

  private static func run(_ rows: [TestRow], _ more: [String: Config.Value] = [:]) throws -> [String: String] {
    let driver = try OperatorDriver(try plan(more), input: traces)
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
      try Self.plan(), input: Self.traces, rows: try Self.rows(spans), watermarks: [SpanRows.origin], seed: UInt64(seed))
    #expect(problems == [], "seed \(seed)")
  }

  @Test("spans, calls and journeys are counted under the names that dashboards know")
  func names() throws {
    let spans = (0..<40).flatMap { SpanRows.request($0, route: $0 % 4 == 0 ? "/order" : "/cart", isFailed: $0 % 10 == 1) }
    let values = try Self.run(try Self.rows(spans))
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
    let values = try Self.run(try Self.rows(spans))
    #expect(values[#"journey_requests_total{"entry_service":"web","environment":"default","journey":"get-cart"}"#] == "40.0")
    #expect(values[#"traces_service_graph_request_total{"client":"web","connection_type":"","server":"cart"}"#] == "40.0")
  }

  @Test("spans that come late are counted, the request is not counted again")
  func late() throws {
    var spans = (0..<20).flatMap { SpanRows.request($0, route: "/cart") }
    let last = spans.removeLast()
    let before = try Self.rows(spans)
    // The same trace with what was known marked, as the assembly hands it on again.
    let driver = try OperatorDriver(try AssembleTraces.type.plan(Config(), SpanRows.schema), input: SpanRows.schema)
    try driver.send(spans)
    try driver.watermark(SpanRows.origin + 100 * SpanRows.second)
    try driver.send([last])
    try driver.watermark(SpanRows.origin + 101 * SpanRows.second)
    #expect(driver.rows.count == 21 && before.count == 20)
    let all = try Self.rows(spans, [SpanRows.origin + 100 * SpanRows.second])
    #expect(try Self.run(all)[#"journey_requests_total{"entry_service":"web","environment":"default","journey":"get-cart"}"#] == "20.0")
  }

  @Test("beyond its limit a family counts in one series")
  func limited() throws {
    let spans = (0..<60).flatMap { trace in [SpanRows.span(trace, 1, "web", "name \(SpanRows.hex(trace, 2))x")] }
    let values = try Self.run(try Self.rows(spans), ["seriesLimit": .int(10)])
    #expect(values[#"traces_span_metrics_calls_total{"otel_metric_overflow":"true"}"#] == "50.0")
  }

  @Test("what has changed comes out by the clock, and everything after a restart")
  func emission() throws {
    let driver = try OperatorDriver(try Self.plan(), input: Self.traces)
    let rows = try Self.rows((0..<300).flatMap { SpanRows.request($0, route: "/cart") })
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
