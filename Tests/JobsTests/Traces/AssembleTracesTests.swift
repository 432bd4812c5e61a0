import Dataflow
import DataflowTesting
import Jobs
import Testing

@Suite("assemble-traces")
struct AssembleTracesTests {
  private static func plan(lateness: Int64 = 60) throws -> PlannedOperator {
    try AssembleTraces.type.plan(
      Config(["gap": .duration(10 * SpanRows.second), "allowedLateness": .duration(lateness * SpanRows.second)]), SpanRows.schema)
  }

  private static let end = SpanRows.origin + 100_000 * SpanRows.second

  @Test("the same traces come out however the input is cut, restarted and rescaled", arguments: 0..<8)
  func conformance(seed: Int) throws {
    var random = DataflowTesting.SeededRandom(UInt64(seed))
    var rows: [TestRow] = []
    for trace in 0..<random.int(1...60) {
      var spans = SpanRows.request(
        trace, route: "/cart/\(trace % 3)", isFailed: random.chance(0.2), environment: random.chance(0.5) ? "prod" : nil)
      if random.chance(0.2) { spans.removeFirst() }
      if random.chance(0.3) { spans.append(spans[random.int(0...spans.count - 1)]) }
      rows += spans
    }
    for index in rows.indices.dropLast() { rows.swapAt(index, random.int(index...rows.count - 1)) }
    rows.append(TestRow(SpanRows.origin, [.text("no id")]))
    let problems = try OperatorConformance.problems(
      try Self.plan(), input: SpanRows.schema, rows: rows, watermarks: [SpanRows.origin + 20 * SpanRows.second, Self.end],
      seed: UInt64(seed))
    #expect(problems == [], "seed \(seed)")
  }

  @Test("a trace is handed on once, when its last span is over by the gap, with each span once")
  func once() throws {
    let driver = try OperatorDriver(try Self.plan(), input: SpanRows.schema)
    let spans = SpanRows.request(0, route: "/cart")
    try driver.send(spans + [spans[1]])
    try driver.send([spans[0]])
    #expect(driver.counters.duplicates == 2 && driver.counters.absorbed == 4)
    try driver.watermark(SpanRows.origin + 10 * SpanRows.second)
    #expect(driver.rows.isEmpty)
    try driver.watermark(SpanRows.origin + 11 * SpanRows.second)
    let row = SpanRows.fields(try #require(driver.rows.first))
    #expect(driver.rows.count == 1)
    #expect(row["span_count"] == "4" && row["has_root"] == "true" && row["revision"] == "1" && row["entry_service"] == "web")
    #expect(row["duration"] == "50000000")
    try driver.endOfInput()
    #expect(driver.rows.count == 1)
  }

  @Test("a span that comes late gives the whole trace again; one behind the lateness is late; one that was there stays a duplicate")
  func late() throws {
    let driver = try OperatorDriver(try Self.plan(), input: SpanRows.schema)
    let spans = SpanRows.request(0, route: "/cart")
    try driver.send(Array(spans[..<3]))
    try driver.watermark(SpanRows.origin + 20 * SpanRows.second)
    try driver.checkpoint()
    try driver.restart(subtasks: 2)
    try driver.send([spans[3], spans[2]])
    try driver.watermark(SpanRows.origin + 21 * SpanRows.second)
    #expect(driver.rows.map { SpanRows.fields($0)["revision"] } == ["1", "2"])
    #expect(driver.rows.map { SpanRows.fields($0)["span_count"] } == ["3", "4"])
    #expect(driver.counters.duplicates == 1)
    try driver.watermark(SpanRows.origin + 80 * SpanRows.second)
    try driver.send([spans[3]])
    #expect(driver.counters.late == 1 && driver.rows(of: .late).count == 1 && driver.counters.imbalance == 0)
  }

  @Test("a trace without its root waits for it as long as lateness allows, and is handed on without it then")
  func orphans() throws {
    let driver = try OperatorDriver(try Self.plan(), input: SpanRows.schema)
    let (waiting, lost) = (SpanRows.request(0, route: "/cart"), SpanRows.request(1, route: "/cart"))
    try driver.send(Array(waiting.dropFirst()) + Array(lost.dropFirst()))
    try driver.watermark(SpanRows.origin + 30 * SpanRows.second)
    #expect(driver.rows.isEmpty)
    try driver.send([waiting[0]])
    try driver.watermark(SpanRows.origin + 31 * SpanRows.second)
    #expect(driver.rows.map { SpanRows.fields($0)["has_root"] } == ["true"])
    try driver.watermark(Self.end)
    #expect(driver.rows.map { SpanRows.fields($0)["has_root"] } == ["true", "false"])
  }

  @Test("when no span comes for a while by the clock, traces with their root are handed on; what comes later makes them whole")
  func quiet() throws {
    let driver = try OperatorDriver(try Self.plan(), input: SpanRows.schema)
    let (whole, lost) = (SpanRows.request(0, route: "/cart"), SpanRows.request(1, route: "/cart"))
    try driver.send(Array(whole.dropLast()) + Array(lost.dropFirst()))
    try driver.tick(SpanRows.second)
    try driver.checkpoint()
    try driver.restart(subtasks: 1)
    try driver.tick(2 * SpanRows.second)
    try driver.tick(61 * SpanRows.second)
    #expect(driver.rows.isEmpty)
    try driver.tick(62 * SpanRows.second)
    #expect(driver.rows.map { SpanRows.fields($0)["entry_service"] } == ["web"])
    try driver.tick(200 * SpanRows.second)
    try driver.watermark(SpanRows.origin + 30 * SpanRows.second)
    #expect(driver.rows.count == 1)
    try driver.send([whole[3]])
    try driver.watermark(SpanRows.origin + 31 * SpanRows.second)
    #expect(driver.rows.map { SpanRows.fields($0)["span_count"] } == ["3", "4"])
    #expect(driver.rows.map { SpanRows.fields($0)["revision"] } == ["1", "2"] && driver.counters.imbalance == 0)
  }

  @Test("a row without ids is refused with its reason, and a source without spans when the job is planned")
  func refused() throws {
    let driver = try OperatorDriver(try Self.plan(), input: SpanRows.schema)
    try driver.send([TestRow(SpanRows.origin, [.text("abc"), .text("def")])])
    #expect(driver.rows(of: .errors).count == 1 && driver.counters.imbalance == 0)
    #expect(throws: Diagnostic.self) { try AssembleTraces.type.plan(Config(), Schema([("line", .bytes)])) }
  }
}
