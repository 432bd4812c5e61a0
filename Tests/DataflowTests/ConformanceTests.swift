import Dataflow
import DataflowTesting
import Operators
import Testing

@Suite struct ConformanceTests {
  private static let input = Schema([("line", .bytes), ("level", .bytes), ("n", .int64), ("x", .double), ("ok", .bool)])

  private static func rows(_ random: inout SeededRandom) -> [TestRow] {
    (0..<random.int(0...400)).map { i in
      let line = [
        "2026-01-02T03:04:05.123Z ERROR payment: card declined user=17", "<34>Oct 11 22:14:15 host app: failed", "no time here", "",
        "INFO all is well\\n", "\u{FF}\u{0}binary",
      ][random.int(0...5)]
      return TestRow(
        Int64(i),
        [
          random.chance(0.1) ? .null : .text(line), random.chance(0.2) ? .null : .text(["DEBUG", "ERROR", "warn"][random.int(0...2)]),
          random.chance(0.2) ? .null : .int(Int64(random.int(-3...3))),
          random.chance(0.2) ? .null : .double(Double(random.int(-3...3)) / 2),
          random.chance(0.2) ? .null : .bool(random.chance(0.5)),
        ])
    }
  }

  private static func any(_ content: ConfigValue.Content) -> Config.Value { .any(ConfigValue(content)) }

  private static func map(_ entries: KeyValuePairs<String, ConfigValue>) -> ConfigValue.Content {
    .map(entries.map { ConfigValue.Entry(key: $0.key, value: $0.value) })
  }

  private static func planned(_ name: String) throws -> PlannedOperator {
    switch name {
    case "require": try Require.type.plan(Config(["fields": .list([.string("level"), .string("n")])]), input)
    case "filter":
      try Filter.type.plan(
        Config(["where": any(map(["field": ConfigValue(.string("level")), "equals": ConfigValue(.string("ERROR"))]))]), input)
    case "select":
      try Select.type.plan(
        Config(["fields": any(map(["severity": ConfigValue(.string("level")), "n": ConfigValue(.string("n"))]))]), input)
    case "set": try SetFields.type.plan(Config(["fields": .map([(key: "environment", value: any(.string("prod")))])]), input)
    default: try ParseLine.type.plan(Config(["field": .string("line"), "service": .string("pay"), "unknownTime": .string("error")]), input)
    }
  }

  @Test(
    "the basic operators keep their books and give the same rows however they are cut and restarted",
    arguments: ["require", "filter", "select", "set", "parse-line"])
  func basic(name: String) throws {
    for seed in UInt64(0)..<10 {
      var random = SeededRandom(seed)
      let rows = Self.rows(&random)
      #expect(try OperatorConformance.problems(try Self.planned(name), input: Self.input, rows: rows, seed: seed) == [], "seed \(seed)")
    }
  }

  @Test(
    "the conformance check finds an operator that keeps no books, reads dead rows or forgets its state",
    arguments: ["books", "dead", "state"])
  func teeth(defect: String) throws {
    let planned = PlannedOperator(schema: Self.input) { Defective(defect, Self.input) }
    var random = SeededRandom(3)
    var rows: [TestRow] = []
    while rows.count < 50 { rows = Self.rows(&random) }
    #expect(try OperatorConformance.problems(planned, input: Self.input, rows: rows, seed: 1) != [])
  }

  @Test("the list source gives every record once from any position at any parallelism")
  func lists() throws {
    for seed in UInt64(0)..<10 {
      var random = SeededRandom(seed)
      let lists = (0..<random.int(0...6)).map { _ in
        (0..<random.int(0...60)).map { ListSource.Record(Int64($0), ["\($0)"], pause: random.chance(0.05) ? 1_000_000 : 0) }
      }
      let planned = ListSource.plan(["n"], lists, batchSize: random.int(1...9))
      #expect(try SourceConformance.problems(planned, count: lists.joined().count, seed: seed) == [], "seed \(seed)")
    }
  }

  @Test("the simulated database applies every epoch once, and fences zombies")
  func database() throws {
    let schema = Schema([("key", .bytes), ("n", .int64)])
    let disk = SimulatedDisk(seed: 1)
    let database = SimulatedDatabase(seed: 1, mode: .append)
    let epochs = (0..<6).map { epoch in (0..<epoch).map { TestRow(0, [.text("k\($0)"), .int(Int64(epoch))]) } }
    let problems = try SinkConformance.problems(
      database.sink(schema, keys: 1, disk: disk), input: schema, epochs: epochs, runtime: SimulatedRuntime(seed: 1, disk: disk),
      contents: { database.appended.map { $0.columns.joined(separator: ",") } },
      expected: { n in epochs.prefix(n).enumerated().flatMap { epoch, rows in (0..<rows.count).map { "k\($0),\(epoch)" } } })
    #expect(problems == [])
  }
}

/// An operator with one thing wrong.
private final class Defective: Operator {
  private let defect: String
  private let number: Field?
  private var seen = 0

  init(_ defect: String, _ schema: Schema) {
    self.defect = defect
    number = schema.field("n")
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    guard let number else { return }
    switch defect {
    case "books": batch.filterSelection { $0 % 2 == 0 }
    case "dead": batch.selectAll()
    default:
      for i in 0..<batch.selectedCount {
        seen += 1  // and no snapshot
        batch.int64s(number)[Int(batch.selection[i])] = Int64(seen)
        batch.nulls(number)[Int(batch.selection[i])] = 0
      }
    }
    try output.emit(batch)
  }
}
