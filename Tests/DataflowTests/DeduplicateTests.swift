import Dataflow
import DataflowTesting
import Operators
import Testing

@Suite struct DeduplicateTests {
  private static let input = Schema([("key", .bytes), ("id", .int64)])

  private static func plan(ttl: Int64) throws -> PlannedOperator {
    try Deduplicate.type.plan(Config(["key": .list([.string("key")]), "ttl": .duration(ttl)]), input)
  }

  private static func rows(_ count: Int, _ random: inout SeededRandom) -> [TestRow] {
    (0..<count).map { index in
      let key: TestRow.Value = random.chance(0.05) ? .null : .text("k\(random.int(0...5))")
      return TestRow(Int64(random.int(-200...200)), [key, .int(Int64(index))])
    }
  }

  /// Remembers every record that passed, for ever.
  private static func firsts(_ rows: [TestRow], ttl: Int64) -> [String] {
    var seen: [String: [Int64]] = [:]
    return rows.compactMap { row in
      let key = if case .text(let text) = row.values[0] { text } else { "null" }
      if seen[key, default: []].contains(where: { abs($0 - row.time) < ttl }) { return nil }
      seen[key, default: []].append(row.time)
      guard case .int(let id) = row.values[1] else { return nil }
      return "\(row.time)|key=\(key)|id=\(id)"
    }
  }

  @Test("exactly the first record of each key within the ttl passes, however cut, restarted and rescaled", arguments: 0..<20)
  func conformance(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    let ttl = Int64(random.int(1...120))
    let rows = Self.rows(random.int(0...300), &random)
    let planned = try Self.plan(ttl: ttl)
    let problems = try OperatorConformance.problems(planned, input: Self.input, rows: rows, watermarks: [0, 150, 400], seed: UInt64(seed))
    #expect(problems == [], "seed \(seed)")
    let driver = try OperatorDriver(planned, input: Self.input)
    for start in stride(from: 0, to: rows.count, by: 64) { try driver.send(Array(rows[start..<min(rows.count, start + 64)])) }
    #expect(driver.rows == Self.firsts(rows, ttl: ttl), "seed \(seed), ttl \(ttl)")
    #expect(driver.counters.duplicates == rows.count - driver.rows.count)
  }

  @Test("records that are not late are compared with all that matter, whatever the watermark has let go", arguments: 0..<20)
  func eviction(seed: Int) throws {
    var random = SeededRandom(UInt64(seed) &+ 77)
    let ttl = Int64(random.int(1...60))
    let driver = try OperatorDriver(try Self.plan(ttl: ttl), input: Self.input, subtasks: random.int(1...3))
    var all: [TestRow] = []
    var watermark = Int64.min
    for round in 0..<40 {
      let time = Int64(round * 10)
      let rows = Self.rows(random.int(0...8), &random).map { TestRow(max(time + $0.time % 20, watermark &+ 1), $0.values) }
      try driver.send(rows)
      all += rows
      if random.chance(0.6) {
        watermark = max(watermark, time - 20)
        try driver.watermark(watermark)
      }
      if random.chance(0.2) {
        try driver.checkpoint()
        try driver.restart(subtasks: random.int(1...3))
      }
    }
    #expect(driver.rows.sorted() == Self.firsts(all, ttl: ttl).sorted(), "seed \(seed), ttl \(ttl)")
  }

  @Test("what the watermark has passed by the ttl takes no room")
  func room() throws {
    let driver = try OperatorDriver(try Self.plan(ttl: 100), input: Self.input)
    for round in 0..<50 {
      try driver.send((0..<1000).map { TestRow(Int64(round * 100 + $0 % 100), [.text("key \(round) \($0)"), .int(0)]) })
      try driver.watermark(Int64(round * 100))
    }
    try driver.checkpoint()
    #expect(driver.counters.emitted == 50_000 && driver.savedBytes < 4 * 1000 * 40)
  }

  @Test("another ttl than the saved one is refused, with the cure")
  func changedOptions() throws {
    var builder = SnapshotBuilder()
    try Self.plan(ttl: 5).make().snapshot(&builder)
    let state = StateReader(subtasks: [["meta": try savedMeta(builder)]])
    let error = #expect(throws: (any Error).self) { try Self.plan(ttl: 6).make().restore(state) }
    #expect("\(error.map { "\($0)" } ?? "")".contains("new id"))
  }

  private func savedMeta(_ builder: SnapshotBuilder) throws -> [UInt8] {
    for case ("meta", .bytes(let bytes)) in builder.sections { return bytes }
    Issue.record("there is no section meta")
    return []
  }

  @Test("a key that is no field is told at plan time")
  func unknownField() {
    let config = Config(["key": .list([.string("kee")]), "ttl": .duration(1)])
    #expect(throws: Diagnostic.self) { try Deduplicate.type.plan(config, Self.input) }
    #expect(throws: Diagnostic.self) { try Self.plan(ttl: 0) }
  }
}
