import Connectors
import Dataflow
import Testing

@Suite("generate")
struct GenerateSourceTests {
  static func config(_ options: [String: Config.Value] = [:]) -> Config {
    Config(["seed": .int(7), "records": .int(3000)].merging(options) { $1 })
  }

  /// Readers of one run that share a split table, one a subtask.
  static func readers(_ config: Config, parallelism: Int, clock: HandClock = HandClock(), restore: [SplitPosition]? = nil) throws -> (
    [any SourceReader], Schema, SplitTable
  ) {
    let planned = try GenerateSource.type.plan(config)
    let table = SplitTable()
    let readers = try (0..<parallelism).map { subtask in
      let reader = try planned.make()
      try reader.open(
        SourceContext(job: "test", id: "shop", subtask: subtask, parallelism: parallelism, splits: table, runtime: clock))
      if let restore { try reader.restore(restore) }
      return reader
    }
    return (readers, planned.schema, table)
  }

  /// One poll: the lines by index, and what the source wants next.
  static func poll(_ reader: any SourceReader, _ schema: Schema, _ table: SplitTable) throws -> ([Int64: String], SourceStatus) {
    let batch = RecordBatch(schema: schema)
    let status = try reader.poll(batch)
    var lines: [Int64: String] = [:]
    let names = Set((0..<batch.selectedCount).map { table.name(batch.splits[Int(batch.selection[$0])]) })
    #expect(names.count <= 1, "a batch holds records of one split")
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      let text = batch.bytes(schema.fields[0])[row].string
      #expect(batch.raws[row].string == text)
      #expect(lines.updateValue(text, forKey: batch.offsets[row]) == nil)
    }
    return (lines, status)
  }

  static func expected(_ options: ShopOptions) -> [Int64: String] {
    Dictionary(
      uniqueKeysWithValues: ShopLines.all(options).enumerated().map { (Int64($0), String(decoding: $1, as: UTF8.self)) })
  }

  @Test("at any number of splits and subtasks the same lines come, each once", arguments: [1, 2, 3, 4, 7], [1, 2, 3, 5])
  func anyDivision(_ splits: Int, _ parallelism: Int) throws {
    let config = Self.config(["splits": .int(Int64(splits))])
    let (readers, schema, table) = try Self.readers(config, parallelism: parallelism)
    var lines: [Int64: String] = [:]
    for reader in readers {
      var isDrained = false
      while !isDrained {
        let (new, status) = try Self.poll(reader, schema, table)
        lines.merge(new) { _, _ in
          Issue.record("a record came twice"); return ""
        }
        if case .drained = status { isDrained = true }
      }
      let (rest, status) = try Self.poll(reader, schema, table)
      #expect(rest.isEmpty)
      guard case .drained = status else {
        Issue.record("a drained source stays drained")
        return
      }
    }
    #expect(lines == Self.expected(ShopOptions(seed: 7, records: 3000)))
    #expect((0..<UInt32(splits)).allSatisfy { table.isFinished($0) })
  }

  @Test("stopped anywhere and restored at another parallelism, no line is lost or comes twice", arguments: 1...30 as ClosedRange<UInt64>)
  func restore(_ seed: UInt64) throws {
    var random = ShopTestRandom(state: seed)
    let config = Self.config(["splits": .int(5)])
    var lines: [Int64: String] = [:]
    var positions: [SplitPosition]?
    var isDone = false
    while !isDone {
      let (readers, schema, table) = try Self.readers(config, parallelism: Int.random(in: 1...6, using: &random), restore: positions)
      isDone = true
      for reader in readers {
        var isDrained = false
        for _ in 0..<Int.random(in: 0...40, using: &random) where !isDrained {
          let (new, status) = try Self.poll(reader, schema, table)
          lines.merge(new) { _, _ in
            Issue.record("a record came twice, seed \(seed)"); return ""
          }
          if case .drained = status { isDrained = true }
        }
        isDone = isDone && isDrained
      }
      positions = readers.flatMap { $0.positions() }
      #expect(Set(positions?.map(\.name) ?? []).count == 5)
    }
    #expect(lines == Self.expected(ShopOptions(seed: 7, records: 3000)), "seed \(seed)")
  }

  @Test("splits advance together: none of a subtask is ever a batch ahead of another")
  func together() throws {
    let (readers, schema, table) = try Self.readers(Self.config(["records": .int(100_000)]), parallelism: 1)
    var next: [Int64: Int64] = [:]
    for _ in 0..<60 {
      for index in try Self.poll(readers[0], schema, table).0.keys { next[index % 4] = max(next[index % 4] ?? 0, index) }
      let spread = (next.values.max() ?? 0) - (next.values.min() ?? 0)
      #expect(next.count < 4 || spread <= 4 * 1024)
    }
  }

  @Test("small runs come in small batches")
  func smallBatches() throws {
    let (readers, schema, table) = try Self.readers(Self.config(), parallelism: 1)
    #expect(try Self.poll(readers[0], schema, table).0.count == 3000 / 4 / 16)
  }

  @Test("positions of other options or another number of splits are refused")
  func otherOptions() throws {
    let (readers, _, _) = try Self.readers(Self.config(), parallelism: 1)
    let positions = readers[0].positions()
    for changed in [
      ["seed": Config.Value.int(8)], ["records": .int(3001)], ["span": .duration(3_600_000_000_000)], ["splits": .int(8)],
      ["lateFraction": .double(0.5)],
    ] {
      #expect(throws: (any Error).self) { try Self.readers(Self.config(changed), parallelism: 1, restore: positions) }
    }
    _ = try Self.readers(Self.config(["rate": .int(5)]), parallelism: 2, restore: positions)
    let damaged = positions.map { SplitPosition(name: $0.name, state: Array($0.state.dropLast())) }
    #expect(throws: (any Error).self) { try Self.readers(Self.config(), parallelism: 1, restore: damaged) }
  }

  @Test("a rate is kept over all subtasks, and a pause is not made up for by a flood")
  func rate() throws {
    let clock = HandClock(1_000_000_000_000)
    let config = Config(["rate": .int(1000), "records": .int(0), "splits": .int(3)])
    #expect(try !GenerateSource.type.plan(config).isBounded)
    let (readers, schema, table) = try Self.readers(config, parallelism: 2, clock: clock)
    func drain() throws -> Int {
      var count = 0
      for reader in readers {
        while true {
          let (lines, status) = try Self.poll(reader, schema, table)
          count += lines.count
          if case .wait(let pause) = status {
            #expect(pause >= .milliseconds(10) && pause <= .seconds(1))
            break
          }
        }
      }
      return count
    }
    #expect(try drain() == 0)
    var total = 0
    for _ in 0..<100 {
      clock.advance(50_000_000)
      total += try drain()
    }
    #expect((4990...5000).contains(total))
    clock.advance(3_600_000_000_000)
    #expect((990...1001).contains(try drain()))
  }

  @Test("an endless shop's event time follows its rate, and its late records stay hours late")
  func endless() throws {
    let generator = ShopGenerator(ShopOptions(seed: 1, perSecond: 50, lateFraction: 0.1))
    for index in stride(from: UInt64(0), to: 10_000_000_000, by: 9_999_991) {
      let moment = ShopOptions.defaultStart + Int64(index) * 20
      let facts = generator.facts(index)
      let expected = facts.isLate ? moment - 3 * ShopOptions.lateMargin...moment - 2 * ShopOptions.lateMargin : moment - 120_000...moment
      #expect(expected.contains(facts.timestamp))
    }
  }

  @Test(
    "options that cannot be are diagnostics at their place",
    arguments: [
      ("start", Config.Value.string("yesterday")), ("start", .string("2026-02-30T00:00:00Z")), ("lateFraction", .double(1.5)),
      ("brokenFraction", .double(-0.1)), ("piiFraction", .double(.nan)), ("span", .duration(-1_000_000)),
      ("outOfOrder", .duration(Int64.max)),
    ])
  func diagnostics(_ name: String, _ value: Config.Value) {
    let diagnostic = #expect(throws: Diagnostic.self) { try GenerateSource.type.plan(Config([name: value])) }
    #expect(diagnostic?.path == name && diagnostic?.code == "config.out-of-range")
  }

  @Test("the start is read")
  func start() throws {
    let (readers, schema, table) = try Self.readers(
      Self.config(["start": .string("2024-02-29T12:00:00Z"), "brokenFraction": .double(0), "outOfOrder": .duration(0)]), parallelism: 1)
    let line = try Self.poll(readers[0], schema, table).0[0] ?? ""
    #expect(ShopLines.Reading(Array(line.utf8))?.timestamp == 1_709_208_000_000)
  }
}
