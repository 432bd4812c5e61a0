import Dataflow
import Operators
import Testing

@Suite("filter")
struct FilterTests {
  typealias Cell = BasicHarness.Cell
  static let schema = Schema([("word", .bytes), ("count", .int64), ("ratio", .double), ("ok", .bool), ("at", .time)])

  static func config(_ condition: ConfigValue) -> Config { Config(["where": .any(condition)]) }

  @Test(
    "each test keeps what it says",
    arguments: [
      (Written.map(["field": Written.text("word"), "equals": Written.text("warn")]), [1]),
      (Written.map(["field": Written.text("word"), "notEquals": Written.text("warn")]), [0, 2, 3, 4]),
      (Written.map(["field": Written.text("word"), "in": Written.list([Written.text("warn"), Written.text("")])]), [1, 3]),
      (Written.map(["field": Written.text("word"), "notIn": Written.list([Written.text("warn"), Written.text("error")])]), [2, 3, 4]),
      (Written.map(["field": Written.text("word"), "in": Written.list([])]), []),
      (Written.map(["field": Written.text("word"), "atLeast": Written.text("error")]), [0, 1, 4]),
      (Written.map(["field": Written.text("word"), "atMost": Written.text("error")]), [0, 3]),
      (Written.map(["field": Written.text("word"), "startsWith": Written.text("warn")]), [1, 4]),
      (Written.map(["field": Written.text("word"), "contains": Written.text("rni")]), [4]),
      (Written.map(["field": Written.text("word"), "contains": Written.text("")]), [0, 1, 3, 4]),
      (Written.map(["field": Written.text("word"), "isNull": ConfigValue(.bool(true))]), [2]),
      (Written.map(["field": Written.text("word"), "isNull": ConfigValue(.bool(false))]), [0, 1, 3, 4]),
      (Written.map(["field": Written.text("count"), "atLeast": Written.int(2), "atMost": Written.int(3)]), [1, 2]),
      (Written.map(["field": Written.text("count"), "equals": ConfigValue(.double(3))]), [2]),
      (Written.map(["field": Written.text("ratio"), "atLeast": Written.int(1)]), [2]),
      (Written.map(["field": Written.text("ratio"), "in": Written.list([ConfigValue(.double(0.5)), Written.int(2)])]), [0, 2]),
      (Written.map(["field": Written.text("ok"), "equals": ConfigValue(.bool(false))]), [1]),
      (Written.map(["field": Written.text("at"), "atLeast": Written.text("1970-01-01T00:00:02Z")]), [2, 3, 4]),
      (
        Written.map([
          "any": Written.list([
            Written.map(["field": Written.text("count"), "equals": Written.int(5)]),
            Written.map(["field": Written.text("word"), "startsWith": Written.text("err")]),
          ])
        ]), [0, 4]
      ),
      (
        Written.map([
          "all": Written.list([
            Written.map(["field": Written.text("count"), "atLeast": Written.int(2)]),
            Written.map(["not": Written.map(["field": Written.text("word"), "equals": Written.text("warn")])]),
          ])
        ]), [2, 4]
      ),
    ])
  func table(_ condition: ConfigValue, _ kept: [Int64]) throws {
    let harness = try BasicHarness(Filter.type, Self.config(condition), input: Self.schema)
    try harness.send([
      ["error", 1, 0.5, true, 0], ["warn", 2, .null, false, 1_000_000_000], [.null, 3, 2.0, .null, 2_000_000_000],
      ["", .null, .double(.nan), true, 3_000_000_000], ["warning", 5, -1.0, true, 4_000_000_000],
    ])
    #expect(harness.output.rows.map { $0["at"] } == kept.map { .int($0 * 1_000_000_000) })
    #expect(harness.output.counters.filtered == 5 - kept.count)
    #expect(harness.leftOver == 0)
  }

  // MARK: A naive model

  indirect enum Model {
    case test(String, String, [Cell])
    case all([Model])
    case any([Model])
    case not(Model)

    var written: ConfigValue {
      switch self {
      case .test(let field, let name, let cells):
        let values = cells.map(Self.value)
        let value = name == "in" || name == "notIn" ? Written.list(values) : values[0]
        return ConfigValue(.map([.init(key: "field", value: Written.text(field)), .init(key: name, value: value)]))
      case .all(let parts): return Written.map(["all": Written.list(parts.map(\.written))])
      case .any(let parts): return Written.map(["any": Written.list(parts.map(\.written))])
      case .not(let part): return Written.map(["not": part.written])
      }
    }

    static func value(_ cell: Cell) -> ConfigValue {
      switch cell {
      case .null: ConfigValue(.null)
      case .text(let text): Written.text(text)
      case .int(let number): Written.int(number)
      case .double(let number): ConfigValue(.double(number))
      case .bool(let flag): ConfigValue(.bool(flag))
      }
    }

    func holds(_ row: [String: Cell]) -> Bool {
      switch self {
      case .all(let parts): return parts.allSatisfy { $0.holds(row) }
      case .any(let parts): return parts.contains { $0.holds(row) }
      case .not(let part): return !part.holds(row)
      case .test(let field, let name, let cells):
        let value = row[field] ?? .null
        switch name {
        case "isNull": return (value == .null) == (cells[0] == true)
        case "equals", "in": return value != .null && cells.contains(value)
        case "notEquals", "notIn": return value == .null || !cells.contains(value)
        default: break
        }
        switch (value, cells[0]) {
        case (.text(let a), .text(let b)):
          let (a, b) = (Array(a.utf8), Array(b.utf8))
          switch name {
          case "atLeast": return !a.lexicographicallyPrecedes(b)
          case "atMost": return !b.lexicographicallyPrecedes(a)
          case "startsWith": return a.starts(with: b)
          default: return b.isEmpty || (a.count >= b.count && (0...(a.count - b.count)).contains { Array(a[$0..<$0 + b.count]) == b })
          }
        case (.int(let a), .int(let b)): return name == "atLeast" ? a >= b : a <= b
        case (.double(let a), .double(let b)): return name == "atLeast" ? a >= b : a <= b
        default: return false
        }
      }
    }
  }

  struct Maker {
    var random: BasicRandom
    let words = ["", "a", "aa", "ab", "b", "ba", "aab", "größe", "日本"]

    mutating func cell(_ field: String) -> Cell {
      switch field {
      case "word": .text(words.randomElement(using: &random) ?? "")
      case "count", "at": .int(.random(in: -3...3, using: &random))
      case "ratio": .double(Double(Int.random(in: -4...4, using: &random)) / 2)
      default: .bool(.random(using: &random))
      }
    }

    mutating func condition(_ depth: Int) -> Model {
      if depth > 0, Int.random(in: 0..<3, using: &random) > 0 {
        let parts = (0..<Int.random(in: 1...3, using: &random)).map { _ in condition(depth - 1) }
        return [Model.all(parts), .any(parts), .not(parts[0])].randomElement(using: &random) ?? .all(parts)
      }
      let field = ["word", "count", "ratio", "ok"].randomElement(using: &random) ?? "word"
      var names = ["isNull", "equals", "notEquals", "in", "notIn"]
      if field != "ok" { names += ["atLeast", "atMost"] }
      if field == "word" { names += ["startsWith", "contains"] }
      let name = names.randomElement(using: &random) ?? "isNull"
      if name == "isNull" { return .test(field, name, [.bool(.random(using: &random))]) }
      let count = name == "in" || name == "notIn" ? Int.random(in: 0...4, using: &random) : 1
      return .test(field, name, (0..<count).map { _ in cell(field) })
    }
  }

  @Test("random conditions keep of random rows what a naive evaluator keeps", arguments: 1...300 as ClosedRange<UInt64>)
  func naive(_ seed: UInt64) throws {
    var maker = Maker(random: BasicRandom(state: seed))
    let model = maker.condition(4)
    let rows = (0..<Int.random(in: 0...200, using: &maker.random)).map { _ in
      ["word", "count", "ratio", "ok", "at"].map { Int.random(in: 0..<5, using: &maker.random) == 0 ? Cell.null : maker.cell($0) }
    }
    let dead = Set((0..<rows.count).filter { _ in Int.random(in: 0..<4, using: &maker.random) == 0 })
    let harness = try BasicHarness(Filter.type, Self.config(model.written), input: Self.schema)
    try harness.send(rows, dead: dead)
    let named = rows.map { Dictionary(uniqueKeysWithValues: zip(["word", "count", "ratio", "ok", "at"], $0)) }
    let expected = named.indices.filter { !dead.contains($0) && model.holds(named[$0]) }.map { named[$0] }
    #expect(harness.output.rows == expected, "seed \(seed)")
    #expect(harness.leftOver == 0)
  }

  // MARK: Diagnostics

  @Test(
    "a condition that cannot be is a diagnostic with a hint",
    arguments: [
      (Written.map(["field": Written.text("wrd"), "equals": Written.text("x")]), "job.unknown-field", "did you mean \"word\"?"),
      (Written.map(["field": Written.text("word"), "equal": Written.text("x")]), "config.unknown-key", "did you mean \"equals\"?"),
      (Written.map(["al": Written.list([])]), "config.unknown-key", "did you mean \"all\"?"),
      (Written.map(["field": Written.text("word"), "equals": Written.int(1)]), "job.field-type", "put it in quotes"),
      (Written.map(["field": Written.text("count"), "equals": ConfigValue(.double(1.5))]), "job.field-type", "write a whole number"),
      (Written.map(["field": Written.text("count"), "equals": ConfigValue(.null)]), "job.field-type", "write isNull: true"),
      (Written.map(["field": Written.text("count"), "startsWith": Written.text("x")]), "job.field-type", ""),
      (Written.map(["field": Written.text("ok"), "atLeast": ConfigValue(.bool(true))]), "job.field-type", ""),
      (Written.map(["field": Written.text("at"), "atLeast": Written.text("noon")]), "job.field-type", "write 2026-01-31T12:00:00Z"),
      (Written.map(["field": Written.text("word"), "in": Written.text("x")]), "config.wrong-type", "write [a, b]"),
      (Written.map(["field": Written.text("word")]), "config.missing-key", "add equals, in, atLeast …"),
      (Written.map(["all": Written.list([])]), "config.wrong-type", ""),
      (Written.text("severity == ERROR"), "config.wrong-type", "write { field: name, equals: value }"),
    ])
  func diagnostics(_ condition: ConfigValue, _ code: String, _ hint: String) {
    let diagnostic = #expect(throws: Diagnostic.self) { try Filter.type.plan(Self.config(condition), Self.schema) }
    #expect(diagnostic?.code == code)
    #expect(diagnostic?.hint == hint)
  }

  @Test("a condition nested a thousand deep is refused, not followed")
  func deep() {
    var condition = Written.map(["field": Written.text("ok"), "equals": ConfigValue(.bool(true))])
    for _ in 0..<1000 { condition = Written.map(["not": condition]) }
    let diagnostic = #expect(throws: Diagnostic.self) { try Filter.type.plan(Self.config(condition), Self.schema) }
    #expect(diagnostic?.code == "config.out-of-range")
  }
}
