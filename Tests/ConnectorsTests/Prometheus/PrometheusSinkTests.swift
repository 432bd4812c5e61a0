import Connectors
import Dataflow
import DataflowTesting
import Testing

@Suite("the sink prometheus")
struct PrometheusSinkTests {
  private static let schema = Schema([
    ("name", .bytes), ("family", .bytes), ("type", .bytes), ("help", .bytes), ("labels", .bytes), ("value", .double),
  ])

  private static func sample(_ name: String, _ labels: String, _ value: Double, family: String? = nil) -> TestRow {
    TestRow(0, [.text(name), .text(family ?? name), .text("counter"), .text("What\nit is."), .text(labels), .double(value)])
  }

  private static func stage(_ rows: [TestRow], _ plan: PlannedSink, _ output: Output) throws -> StagedEpoch {
    let writer = try #require(try plan.make() as? any SinkWriter)
    try writer.process(TestRow.batch(rows, schema), output)
    let (bytes, count) = writer.takeStage()
    return StagedEpoch(epoch: 1, chunks: [bytes], rows: count, digest: 0, manifest: "")
  }

  @Test("samples are shown when their checkpoint is applied, the newest value of each, escaped as the format wants it")
  func shown() throws {
    let plan = try PrometheusSink.type.plan(
      Config(["name": .string("name"), "labels": .string("labels"), "value": .string("value")]), nil, Self.schema)
    guard case .exactlyOnce(let make) = plan.delivery else {
      Issue.record("rows wait for their checkpoint")
      return
    }
    let committer = try make()
    let output = Output(operatorID: "metrics", onError: .drop)
    let first = try Self.stage(
      [
        Self.sample("shop_total", #"{"a":"x\"y\\z\nw","b":"ö"}"#, 1), Self.sample("shop_total", "{}", 2),
        Self.sample("shop_total", "{}", 0.5),
      ], plan,
      output)
    #expect(!OpenExpositions.text.contains("shop_total"))
    #expect(try committer.apply(first).applied == 3)
    #expect(
      OpenExpositions.text.contains(
        "# HELP shop_total What\\nit is.\n# TYPE shop_total counter\nshop_total{a=\"x\\\"y\\\\z\\nw\",b=\"ö\"} 1\nshop_total 0.5\n"))
    _ = try committer.apply(try Self.stage([Self.sample("shop_total", "{}", 3)], plan, output))
    #expect(OpenExpositions.text.contains("\nshop_total 3\n") && !OpenExpositions.text.contains("shop_total 0.5"))
    #expect(output.counters.absorbed == 4 && output.counters.errors == 0)
  }

  @Test("what is no sample is refused: a name with blanks, labels that are no texts, no value")
  func refused() throws {
    let plan = try PrometheusSink.type.plan(Config(), nil, Self.schema)
    let output = Output(operatorID: "metrics", onError: .drop)
    let rows = [
      Self.sample("a b", "{}", 1), Self.sample("9a", "{}", 1), Self.sample("a", "[1]", 1), Self.sample("a", #"{"x":1}"#, 1),
      Self.sample("a", #"{"x y":"1"}"#, 1), TestRow(0, [.text("a"), .null, .null, .null, .text("{}")]), Self.sample("a", "{}", 1),
    ]
    #expect(try Self.stage(rows, plan, output).rows == 1)
    #expect(output.counters.errors == 6)
    #expect(throws: Diagnostic.self) { try PrometheusSink.type.plan(Config(), nil, Schema([("line", .bytes)])) }
  }
}
