import Dataflow
import DataflowTesting
import Operators
import Testing

@Suite struct SessionWindowTests {
  private static let input = Schema([("key", .bytes), ("name", .bytes)])

  private static func plan(gap: Int64, lateness: Int64 = 0) throws -> PlannedOperator {
    func aggregate(_ type: String, _ field: String? = nil) -> Config.Value {
      var values: [String: Config.Value] = ["type": .string(type)]
      if let field { values["field"] = .string(field) }
      return .object(Config(values))
    }
    let aggregates = [("count", aggregate("count")), ("first", aggregate("first", "name")), ("names", aggregate("distribution", "name"))]
    let config = Config([
      "gap": .duration(gap), "allowedLateness": .duration(lateness), "keyBy": .list([.string("key")]),
      "aggregate": .map(aggregates.map { (key: $0.0, value: $0.1) }),
    ])
    return try SessionWindow.type.plan(config, input)
  }

  private static func rows(_ count: Int, _ random: inout SeededRandom, span: Int = 300) -> [TestRow] {
    (0..<count).map { _ in
      let key: TestRow.Value = random.chance(0.05) ? .null : .text("k\(random.int(0...4))")
      return TestRow(Int64(random.int(-span...span)), [key, .text(["a", "b", "c"][random.int(0...2)])])
    }
  }

  private static func value(_ row: String, _ name: String) -> String {
    row.split(separator: "|").first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.utf8.count + 1)) } ?? ""
  }

  /// What an emission says of a session, without its revision.
  private static func session(_ row: String) -> String {
    "\(value(row, "key")) \(value(row, "window_start"))..<\(value(row, "window_end")) \(value(row, "count"))"
  }

  /// Sorts the times of each key and cuts where two are a gap apart.
  private static func sessions(_ rows: [TestRow], gap: Int64) -> [String] {
    var times: [String: [Int64]] = [:]
    for row in rows {
      let key = if case .text(let text) = row.values[0] { text } else { "null" }
      times[key, default: []].append(row.time)
    }
    return times.flatMap { key, times in
      var result: [String] = []
      var open: (first: Int64, last: Int64, count: Int)?
      for time in times.sorted() {
        if let current = open, time - current.last < gap {
          open = (current.first, time, current.count + 1)
        } else {
          if let open { result.append("\(key) \(open.first)..<\(open.last + gap) \(open.count)") }
          open = (time, time, 1)
        }
      }
      if let open { result.append("\(key) \(open.first)..<\(open.last + gap) \(open.count)") }
      return result
    }
    .sorted()
  }

  @Test("sessions are those of a naive model in any order, however cut, restarted and rescaled", arguments: 0..<20)
  func conformance(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    let gap = Int64(random.int(1...40))
    var rows = Self.rows(random.int(0...250), &random)
    let planned = try Self.plan(gap: gap)
    func plain(_ rows: [String]) -> [String] {
      rows.map { row in row.split(separator: "|").filter { !$0.hasPrefix("revision=") }.joined(separator: "|") }
    }
    let problems = try OperatorConformance.problems(
      planned, input: Self.input, rows: rows, watermarks: [-100, 50, 200, 500], seed: UInt64(seed), normalize: plain)
    #expect(problems == [], "seed \(seed), gap \(gap)")
    for _ in 0..<3 {
      let driver = try OperatorDriver(planned, input: Self.input, subtasks: random.int(1...3))
      for start in stride(from: 0, to: rows.count, by: 50) {
        try driver.send(Array(rows[start..<min(rows.count, start + 50)]))
        if random.chance(0.3) {
          try driver.checkpoint()
          try driver.restart(subtasks: random.int(1...3))
        }
      }
      try driver.endOfInput()
      #expect(driver.rows.map(Self.session).sorted() == Self.sessions(rows, gap: gap), "seed \(seed), gap \(gap)")
      #expect(driver.rows.allSatisfy { Self.value($0, "final") == "true" } && driver.counters.imbalance == 0)
      rows.shuffle(using: &random)
    }
  }

  @Test("a session closes when the watermark has passed its last record by the gap, and not before")
  func closes() throws {
    let driver = try OperatorDriver(try Self.plan(gap: 10), input: Self.input)
    try driver.send([TestRow(0, [.text("k"), .text("a")]), TestRow(9, [.text("k"), .text("b")])])
    try driver.watermark(17)
    #expect(driver.rows.isEmpty)
    try driver.watermark(18)
    #expect(driver.rows.map(Self.session) == ["k 0..<19 2"])
    try driver.send([TestRow(19, [.text("k"), .text("a")])])
    try driver.watermark(100)
    #expect(driver.rows.map(Self.session) == ["k 0..<19 2", "k 19..<29 1"])
    try driver.send([TestRow(50, [.text("k"), .text("a")])])
    #expect(driver.counters.late == 1 && driver.rows(of: .late).count == 1 && driver.counters.imbalance == 0)
  }

  @Test("a late record within the lateness joins two sessions, and the joined one replaces the first with a higher revision")
  func joins() throws {
    let driver = try OperatorDriver(try Self.plan(gap: 10, lateness: 100), input: Self.input)
    try driver.send([TestRow(0, [.text("k"), .text("a")]), TestRow(15, [.text("k"), .text("b")])])
    try driver.watermark(40)
    #expect(driver.rows.map(Self.session) == ["k 0..<10 1", "k 15..<25 1"])
    try driver.send([TestRow(8, [.text("k"), .text("c")])])
    try driver.watermark(41)
    let joined = try #require(driver.rows.last)
    #expect(driver.rows.count == 3 && Self.session(joined) == "k 0..<25 3" && Self.value(joined, "revision") == "2")
    #expect(Self.value(joined, "first") == "a")
  }

  @Test("closed sessions take no room once the lateness is over")
  func room() throws {
    let driver = try OperatorDriver(try Self.plan(gap: 10, lateness: 10), input: Self.input)
    for round in 0..<50 {
      try driver.send((0..<200).map { TestRow(Int64(round * 100), [.text("key \(round) \($0)"), .text("n")]) })
      try driver.watermark(Int64(round * 100))
    }
    try driver.checkpoint()
    #expect(driver.counters.results == 49 * 200 && driver.counters.absorbed == 50 * 200)
    // Rows of the last round, and what all have written to the log.
    #expect(driver.savedBytes < 300_000)
    try driver.watermark(10_000)
    try driver.endOfInput()
    #expect(driver.counters.results == 50 * 200)
  }
}
