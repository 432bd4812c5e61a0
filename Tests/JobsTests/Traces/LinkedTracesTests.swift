import Dataflow
import DataflowTesting
import Jobs
import Testing

/// Traces that go on from one another across a queue, and come in any order.
@Suite("trace-metrics: traces that link to others")
struct LinkedTracesTests {
  private static let second = SpanRows.second

  private static func plan(_ more: [String: Config.Value] = [:]) throws -> PlannedOperator {
    let config: [String: Config.Value] = [
      "every": .duration(second), "learn": .duration(second), "remember": .int(5_000), "seriesLimit": .int(500),
      "linkWait": .duration(60 * second),
    ]
    return try TraceMetricsType.type.plan(Config(config.merging(more) { $1 }), AssembledRows.schema)
  }

  private static func journeys(_ rows: [String]) -> [String: String] {
    var values: [String: String] = [:]
    for row in rows.map(SpanRows.fields) where row["name"] == "journey_requests_total" {
      let journey = row["labels"]?.split(separator: #""journey":""#).last?.split(separator: "\"").first
      values[journey.map(String.init) ?? ""] = row["value"]
    }
    return values
  }

  /// Orders, each with the trace of who receives its message: some long before the order is over, some behind it.
  private static func orders(_ count: Int, _ random: inout DataflowTesting.SeededRandom) throws -> [TestRow] {
    var spans: [TestRow] = []
    for order in 0..<count {
      let delay = Int64(random.int(1...20_000))
      let pair = SpanRows.order(order, receiver: 10_000 + order, delay: delay, length: Int64(random.int(2...40_000)))
      spans += pair.sender + pair.receiver
    }
    return try AssembledRows.of(spans)
  }

  @Test("a message belongs to the journey that sent it, in any order of arrival, whenever journeys are told", arguments: 0..<12)
  func anyOrder(seed: Int) throws {
    var random = DataflowTesting.SeededRandom(UInt64(seed))
    let count = random.int(20...600)
    var rows = try Self.orders(count, &random).sorted { $0.time < $1.time }
    // No row comes behind a watermark that has passed it; apart from that in any order.
    let reach = random.int(1...rows.count)
    for index in rows.indices { rows.swapAt(index, min(rows.count - 1, index + random.int(0...reach - 1))) }
    let driver = try OperatorDriver(try Self.plan(), input: AssembledRows.schema)
    var (clock, start) = (Self.second, 0)
    while start < rows.count {
      let end = min(rows.count, start + random.int(1...40))
      try driver.send(Array(rows[start..<end]))
      start = end
      if random.chance(0.5), let least = rows[start...].map(\.time).min() { try driver.watermark(least - 1) }
      clock += Int64(random.int(0...3)) * Self.second
      try driver.tick(clock)
      if random.chance(0.2) {
        try driver.checkpoint()
        try driver.restart(subtasks: 1)
      }
    }
    try driver.endOfInput()
    #expect(Self.journeys(driver.rows) == ["post-order": "\(count).0"], "seed \(seed)")
  }

  @Test("a message is its sender's also when the sender is no longer among the newest traces")
  func forgotten() throws {
    let driver = try OperatorDriver(try Self.plan(["remember": .int(100)]), input: AssembledRows.schema)
    let pairs = (0..<300).map { SpanRows.order($0, receiver: 10_000 + $0, delay: 100, length: 50) }
    try driver.send(try AssembledRows.of(pairs.flatMap(\.sender)))
    try driver.tick(Self.second)
    try driver.tick(4 * Self.second)
    try driver.checkpoint()
    try driver.restart(subtasks: 1)
    try driver.send(try AssembledRows.of(pairs.flatMap(\.receiver)))
    try driver.watermark(SpanRows.origin + 100_000 * Self.second)
    try driver.tick(5 * Self.second)
    try driver.tick(9 * Self.second)
    try driver.endOfInput()
    #expect(Self.journeys(driver.rows) == ["post-order": "300.0"])
  }

  @Test("a message whose sender never comes waits for it in event time, and is a request of its own then")
  func unknownSender() throws {
    let driver = try OperatorDriver(try Self.plan(), input: AssembledRows.schema)
    let pairs = (0..<300).map { SpanRows.order($0, receiver: 10_000 + $0, delay: 100, length: 50) }
    let others = (0..<300).flatMap { SpanRows.request(20_000 + $0, route: "/cart") }
    let receivers = try AssembledRows.of(pairs.flatMap(\.receiver))
    try driver.send(receivers)
    try driver.send(try AssembledRows.of(others))
    try driver.watermark(try #require(receivers.map(\.time).min()) + 60 * Self.second - 1)
    try driver.tick(Self.second)
    try driver.tick(4 * Self.second)
    #expect(Self.journeys(driver.rows) == ["get-cart": "300.0"])
    try driver.watermark(try #require(receivers.map(\.time).max()) + 60 * Self.second)
    try driver.tick(6 * Self.second)
    #expect(Self.journeys(driver.rows) == ["get-cart": "300.0", "shipping-orders-process": "300.0"])
    // A sender that comes after that takes nothing back.
    try driver.send(try AssembledRows.of(pairs[299].sender))
    try driver.endOfInput()
    #expect(Self.journeys(driver.rows)["shipping-orders-process"] == "300.0")
  }

  @Test("no more wait than journeys are told from, and none of them is lost")
  func manyWait() throws {
    let driver = try OperatorDriver(try Self.plan(["remember": .int(100)]), input: AssembledRows.schema)
    try driver.send(try AssembledRows.of((0..<300).flatMap { SpanRows.order($0, receiver: 10_000 + $0, delay: 100, length: 50).receiver }))
    try driver.tick(Self.second)
    try driver.tick(4 * Self.second)
    #expect(Self.journeys(driver.rows) == ["shipping-orders-process": "200.0"])
    try driver.watermark(SpanRows.origin + 100_000 * Self.second)
    try driver.tick(8 * Self.second)
    #expect(Self.journeys(driver.rows) == ["shipping-orders-process": "300.0"])
  }
}
