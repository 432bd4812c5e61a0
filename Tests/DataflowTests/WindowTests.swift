import Dataflow
import DataflowTesting
import Operators
import Testing

/// Window operators against the most naive model: for every record and watermark, which windows take it.
@Suite struct WindowTests {
  static let input = Schema([("key", .bytes), ("value", .double), ("number", .int64), ("name", .bytes), ("id", .bytes)])

  /// A slide of 0 makes sessions with a gap of `size`.
  static func plan(size: Int64, slide: Int64, lateness: Int64, every: Int64? = nil, lots: Bool = true) throws -> PlannedOperator {
    func aggregate(_ type: String, _ field: String? = nil, _ more: [String: Config.Value] = [:]) -> Config.Value {
      var values = more
      values["type"] = .string(type)
      if let field { values["field"] = .string(field) }
      return .object(Config(values))
    }
    var aggregates: [(String, Config.Value)] = [("count", aggregate("count"))]
    if lots {
      aggregates += [
        ("sum", aggregate("sum", "value")), ("total", aggregate("sum", "number")), ("low", aggregate("min", "value")),
        ("high", aggregate("max", "number")), ("first_time", aggregate("min")), ("first", aggregate("first", "name")),
        ("names", aggregate("distribution", "name", ["categories": .int(20)])), ("top", aggregate("top-k", "name", ["size": .int(3)])),
        ("samples", aggregate("reservoir", nil, ["size": .int(3), "fields": .list([.string("id"), .string("name")])])),
      ]
    }
    var values: [String: Config.Value] = [
      "size": .duration(size), "slide": .duration(slide), "allowedLateness": .duration(lateness), "keyBy": .list([.string("key")]),
      "aggregate": .map(aggregates.map { (key: $0.0, value: $0.1) }),
    ]
    if let every { values["emit"] = .object(Config(["every": .duration(every)])) }
    if slide == 0 { values["gap"] = .duration(size) }
    let type = slide == 0 ? SessionWindow.type : size == slide ? TumblingWindow.type : SlidingWindow.type
    return try type.plan(Config(values), input)
  }

  static func row(_ time: Int64, _ random: inout SeededRandom) -> TestRow {
    let n = random.int(0...400)
    return TestRow(
      time,
      [
        random.chance(0.05) ? .null : .text("k\(random.int(0...4))"),
        random.chance(0.1) ? .null : .double([-0.0, 0, 1.5, -3.25, 1e9, .nan, .infinity][random.int(0...6)]),
        random.chance(0.1) ? .null : .int(Int64(random.int(-5...5))),
        random.chance(0.1)
          ? .null : .text(["a", "b", "other", "", "null", "a long name of more", "a long name of m\"re"][random.int(0...6)]),
        .text("id-\(n)"),  // equal ids come with different names
      ])
  }

  /// The last revision of every key and window.
  static func newest(_ rows: [String]) -> [String] {
    var newest: [String: (revision: Int, row: String)] = [:]
    for row in rows {
      let fields = row.split(separator: "|", omittingEmptySubsequences: false)
      func value(_ name: String) -> String {
        fields.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.utf8.count + 1)) } ?? ""
      }
      let revision = Int(value("revision")) ?? 0
      let key = "\(value("key"))|\(value("window_start"))"
      if let known = newest[key], known.revision >= revision { Issue.record("revision \(revision) of \(key) after \(known.revision)") }
      newest[key] = (revision, fields.filter { !$0.hasPrefix("revision=") }.joined(separator: "|"))
    }
    return newest.values.map(\.row)
  }

  @Test("windows and all aggregates give the same results in any order, however cut, restarted and rescaled", arguments: 0..<12)
  func conformance(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    let slide = Int64(random.int(1...30))
    let size = slide * Int64(random.int(1...3)) + (random.chance(0.5) ? 0 : slide / 2)
    let planned = try Self.plan(size: size, slide: slide, lateness: Int64(random.int(0...20)))
    var rows = (0..<random.int(0...300)).map { _ in Self.row(Int64(random.int(-100...200)), &random) }
    let watermarks = (0..<random.int(0...5)).map { _ in Int64(random.int(-150...260)) }.sorted()
    let problems = try OperatorConformance.problems(
      planned, input: Self.input, rows: rows, watermarks: watermarks, seed: UInt64(seed), normalize: Self.newest)
    #expect(problems == [], "seed \(seed)")
    func results() throws -> [String] {
      let driver = try OperatorDriver(planned, input: Self.input)
      for start in stride(from: 0, to: rows.count, by: 100) { try driver.send(Array(rows[start..<min(rows.count, start + 100)])) }
      try driver.endOfInput()
      return Self.newest(driver.rows).sorted()
    }
    let inOrder = try results()
    for _ in 0..<4 {
      rows.shuffle(using: &random)
      let shuffled = try results()
      #expect(shuffled == inOrder, "seed \(seed)")
    }
  }

  @Test("sessions are the same in any order, however cut, restarted and rescaled", arguments: 0..<12)
  func sessions(seed: Int) throws {
    var random = SeededRandom(UInt64(seed) &+ 900)
    let gap = Int64(random.int(1...12))
    let planned = try Self.plan(size: gap, slide: 0, lateness: Int64(random.int(0...20)))
    let rows = (0..<random.int(0...200)).map { _ in Self.row(Int64(random.int(-100...300)), &random) }
    let watermarks = (0..<random.int(0...5)).map { _ in Int64(random.int(-150...360)) }.sorted()
    let problems = try OperatorConformance.problems(
      planned, input: Self.input, rows: rows, watermarks: watermarks, seed: UInt64(seed), normalize: Self.newest)
    #expect(problems == [], "seed \(seed)")
    // The sessions of a key by sorting its times.
    var counts: [String: Int] = [:]
    for (key, times) in Dictionary(grouping: rows, by: { row in if case .text(let text) = row.values[0] { text } else { "null" } }) {
      var (first, last) = (Int64.min, Int64.min)
      for time in times.map(\.time).sorted() {
        if first == .min || time - last >= gap { first = time }
        last = time
        counts["\(key)|\(first)", default: 0] += 1
      }
    }
    let driver = try OperatorDriver(planned, input: Self.input, subtasks: 2)
    for row in rows { try driver.send([row]) }
    try driver.endOfInput()
    let found = Self.newest(driver.rows).map { row -> String in
      let fields = row.split(separator: "|")
      func value(_ name: String) -> Substring { fields.first { $0.hasPrefix("\(name)=") }?.dropFirst(name.utf8.count + 1) ?? "" }
      return "\(value("key"))|\(value("window_start")) \(value("count"))"
    }
    #expect(found.sorted() == counts.map { "\($0.key) \($0.value)" }.sorted(), "seed \(seed)")
  }

  /// What has been taken into each key and window, and what the watermark does to it.
  private struct Model {
    let size: Int64
    let slide: Int64
    let lateness: Int64
    var watermark = Int64.min
    var counts: [String: Int] = [:]
    var late = 0

    mutating func take(_ row: TestRow) {
      var taken = false
      var start = row.time.flooredQuotient(slide) * slide
      while start + size > row.time {
        if watermark == .min || start + size - 1 + lateness > watermark {
          let key = if case .text(let text) = row.values[0] { text } else { "null" }
          counts["\(key)|\(start)", default: 0] += 1
          taken = true
        }
        start -= slide
      }
      if !taken { late += 1 }
    }
  }

  @Test("late records go into the windows that are still open for them and into no others", arguments: 0..<40)
  func late(seed: Int) throws {
    var random = SeededRandom(UInt64(seed) &+ 500)
    let slide = Int64(random.int(1...12))
    let size = slide * Int64(random.int(1...4)) + (random.chance(0.5) ? 0 : slide / 2)
    let lateness = random.chance(0.5) ? 0 : Int64(random.int(1...15))
    let every: Int64? = random.chance(0.4) ? 1 : nil
    let driver = try OperatorDriver(
      try Self.plan(size: size, slide: slide, lateness: lateness, every: every, lots: false), input: Self.input, subtasks: random.int(1...3)
    )
    var model = Model(size: size, slide: slide, lateness: lateness)
    var time: Int64 = 0
    var clock: Int64 = 0
    for _ in 0..<120 {
      time += Int64(random.int(0...4))
      let rows = (0..<random.int(0...6)).map { _ in Self.row(time - Int64(random.int(0...30)), &random) }
      try driver.send(rows)
      for row in rows { model.take(row) }
      if random.chance(0.5) {
        let mark = time - Int64(random.int(0...15))
        model.watermark = max(model.watermark, mark)
        try driver.watermark(model.watermark)
      }
      clock += 1
      if random.chance(0.3) { try driver.tick(clock) }
      if random.chance(0.2) {
        try driver.checkpoint()
        if random.chance(0.6) { try driver.restart(subtasks: random.int(1...3)) }
      }
    }
    try driver.endOfInput()
    var counts: [String: Int] = [:]
    for row in Self.newest(driver.rows) {
      var values: [String: String] = [:]
      for field in row.split(separator: "|") {
        let parts = field.split(separator: "=", maxSplits: 1).map(String.init)
        if parts.count == 2 { values[parts[0]] = parts[1] }
      }
      #expect(values["final"] == "true", "seed \(seed): \(row)")
      counts["\(values["key"] ?? "")|\(values["window_start"] ?? "")"] = values["count"].flatMap { Int($0) }
    }
    #expect(counts == model.counts, "seed \(seed): size \(size), slide \(slide), lateness \(lateness)")
    #expect(driver.counters.late == model.late && driver.rows(of: .late).count == model.late, "seed \(seed)")
    #expect(driver.counters.imbalance == 0)
  }

  @Test("rows of a subtask whose window was open at the checkpoint come out as final, whatever the others say", arguments: [0, 1])
  func finalForAll(ahead: Int) throws {
    let driver = try OperatorDriver(
      try Self.plan(size: 10, slide: 10, lateness: 100, every: 1, lots: false), input: Self.input, subtasks: 2)
    try driver.send((0..<5).map { TestRow(5, [.text("k\($0)")]) })
    try driver.tick(1)
    try driver.tick(5)
    try driver.watermark(20, subtask: ahead)  // idle channels can let one subtask's watermark rise before another's
    try driver.checkpoint()
    try driver.restart(subtasks: 2)
    try driver.endOfInput()
    let rows = Self.newest(driver.rows)
    #expect(rows.count == 5 && rows.allSatisfy { $0.contains("final=true") })
  }

  @Test("restarts do not make the state grow, at any parallelism")
  func stateSize() throws {
    var random = SeededRandom(5)
    let driver = try OperatorDriver(try Self.plan(size: 100, slide: 100, lateness: 0), input: Self.input, subtasks: 4)
    for _ in 0..<10 { try driver.send((0..<100).map { _ in Self.row(Int64(random.int(0...300)), &random) }) }
    try driver.checkpoint()
    let before = driver.savedBytes
    for subtasks in [4, 2, 3, 4, 4, 1, 4] {
      try driver.restart(subtasks: subtasks)
      try driver.checkpoint()
    }
    #expect(driver.savedBytes <= before + before / 4)
  }

  @Test("records with one id take no room in the log")
  func equalIDs() throws {
    let driver = try OperatorDriver(try Self.plan(size: 100, slide: 100, lateness: 0), input: Self.input)
    func send() throws { try driver.send((0..<1000).map { _ in TestRow(5, [.text("k"), .null, .null, .text("n"), .text("same")]) }) }
    try send()
    try driver.checkpoint()
    let before = driver.savedBytes
    for _ in 0..<20 { try send() }
    try driver.restart(subtasks: 1)
    for _ in 0..<20 { try send() }
    try driver.checkpoint()
    #expect(driver.savedBytes <= before + 64)
  }
}
