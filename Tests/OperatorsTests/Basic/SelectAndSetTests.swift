import Dataflow
import Operators
import Testing

@Suite("select and set")
struct SelectAndSetTests {
  let schema = Schema([("a", .bytes), ("b", .int64), ("c", .double)])

  @Test("a list keeps fields in its order")
  func list() throws {
    let config = Config(["fields": .any(Written.list([Written.text("c"), Written.text("a")]))])
    let harness = try BasicHarness(Select.type, config, input: schema)
    #expect(harness.planned.schema.fields.map(\.name) == ["c", "a"])
    try harness.send([["x", 1, 0.5], [.null, 2, .null]])
    #expect(harness.output.rows == [["c": 0.5, "a": "x"], ["c": .null, "a": .null]])
    #expect(harness.leftOver == 0)
  }

  @Test("a map renames, swaps and doubles fields without touching a value")
  func map() throws {
    let config = Config(["fields": .any(Written.map(["a": Written.text("b"), "b": Written.text("a"), "again": Written.text("b")]))])
    let harness = try BasicHarness(Select.type, config, input: schema)
    try harness.send([["x", 1, 0.5]])
    #expect(harness.output.rows == [["a": 1, "b": "x", "again": 1]])
  }

  @Test(
    "what cannot be selected is a diagnostic",
    arguments: [
      (Written.list([Written.text("z")]), "job.unknown-field"), (Written.list([]), "job.empty-list"), (Written.int(4), "config.wrong-type"),
      (Written.list([Written.text("a"), Written.text("a")]), "config.out-of-range"), (Written.list([Written.int(1)]), "config.wrong-type"),
      (Written.map(["n": Written.list([])]), "config.wrong-type"),
    ])
  func wrongSelections(_ value: ConfigValue, _ code: String) {
    let diagnostic = #expect(throws: Diagnostic.self) { try Select.type.plan(Config(["fields": .any(value)]), schema) }
    #expect(diagnostic?.code == code)
  }

  @Test("set adds constants of every type, replaces fields, and leaves dropped rows alone")
  func set() throws {
    let config = Config([
      "fields": .map([
        ("environment", .any(Written.text("prod"))), ("b", .any(Written.text("text now"))), ("n", .any(Written.int(7))),
        ("x", .any(ConfigValue(.double(0.25)))), ("ok", .any(ConfigValue(.bool(true)))), ("empty", .any(Written.text(""))),
      ])
    ])
    let harness = try BasicHarness(SetFields.type, config, input: schema)
    try harness.send([["x", 1, 0.5], ["y", 2, .null]], dead: [1])
    #expect(
      harness.output.rows == [["a": "x", "b": "text now", "c": 0.5, "environment": "prod", "n": 7, "x": 0.25, "ok": true, "empty": ""]])
    #expect(harness.leftOver == 0)
  }

  @Test("a list is no constant")
  func wrongConstant() {
    let config = Config(["fields": .map([("a", .any(Written.list([])))])])
    #expect(throws: Diagnostic.self) { try SetFields.type.plan(config, schema) }
  }
}
