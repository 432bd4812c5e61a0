import Dataflow
import Operators
import Testing

@Suite("require")
struct RequireTests {
  let schema = Schema([("id", .bytes), ("count", .int64), ("ok", .bool)])

  func config(_ fields: [String]) -> Config { Config(["fields": .list(fields.map { .string($0) })]) }

  @Test("a record with a null in a required field goes to errors with its raw bytes and the field's name; the empty string passes")
  func nullsAreRefused() throws {
    let harness = try BasicHarness(Require.type, config(["id", "count"]), input: schema)
    try harness.send([["a", 1, true], [.null, 2, true], ["", 3, .null], ["d", .null, true], [.null, .null, .null]])
    #expect(harness.output.rows.map { $0["count"] } == [1, 3])
    #expect(harness.output.errors.map { $0["detail"] } == ["id", "id", "count"])
    #expect(harness.output.errors.map { $0["raw"] } == ["raw 1", "raw 4", "raw 3"])
    #expect(harness.output.errors.allSatisfy { $0["reason"] == "missing-field" && $0["operator"] == "tested" })
    #expect(harness.leftOver == 0)
  }

  @Test("rows that an earlier operator dropped stay dropped and are not counted")
  func deadRowsStayDead() throws {
    let harness = try BasicHarness(Require.type, config(["id"]), input: schema)
    try harness.send([["a", 1, true], [.null, 2, true], ["c", 3, true]], dead: [0, 1])
    #expect(harness.output.rows.map { $0["id"] } == ["c"])
    #expect(harness.output.counters.errors == 0)
    #expect(harness.leftOver == 0)
  }

  @Test("under onError fail the first missing field stops the job, under drop it is counted")
  func policies() throws {
    let failing = try BasicHarness(Require.type, config(["ok"]), input: schema, onError: .fail)
    let error = #expect(throws: RecordError.self) { try failing.send([["a", 1, .null]], offsets: [77]) }
    #expect(error?.offset == 77 && error?.reason == "missing-field" && error?.detail == "ok")
    let dropping = try BasicHarness(Require.type, config(["ok"]), input: schema, onError: .drop)
    try dropping.send([["a", 1, .null], ["b", 1, false]])
    #expect(dropping.output.errors.isEmpty && dropping.output.counters.errors == 1 && dropping.leftOver == 0)
  }

  @Test("a field that is not there is named at plan time, with the nearest name")
  func unknownField() {
    let place = Written.list([Written.text("id"), Written.text("cuont")])
    let config = Config(["fields": .list([.string("id"), .string("cuont")])], places: ["fields": place])
    let diagnostic = #expect(throws: Diagnostic.self) { try Require.type.plan(config, schema) }
    #expect(diagnostic?.code == "job.unknown-field" && diagnostic?.hint == "did you mean \"count\"?" && diagnostic?.location?.line == 7)
    let far = #expect(throws: Diagnostic.self) { try Require.type.plan(self.config(["elephant"]), schema) }
    #expect(far?.hint == "the input has: id, count, ok")
    #expect(throws: Diagnostic.self) { try Require.type.plan(self.config([]), schema) }
  }
}
