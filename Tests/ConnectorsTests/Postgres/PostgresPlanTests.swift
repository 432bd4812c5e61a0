import Connectors
import Dataflow
import SinkTesting
import Testing

@Suite("Postgres sink: options")
struct PostgresPlanTests {
  private static let schema = Schema([("service", .bytes), ("at", .time), ("count", .int64), ("http.method", .bytes), ("v", .vector(3))])

  private static func list(_ names: String...) -> Config.Value { .list(names.map { .string($0) }) }

  private static let chosen: Config.Value = .map([
    ("service", .object(Config(["name": .string("svc")]))), ("at", .object(Config())),
    ("http.method", .object(Config(["name": .string("method")]))),
  ])

  private func plan(_ options: [String: Config.Value], connection: Config? = RowEncoderTests.connection) throws -> PlannedSink {
    try PostgresSink.type.plan(Config(options.merging(["table": .string("t")]) { old, _ in old }), connection, Self.schema)
  }

  @Test("what does not make sense is told at plan time, with a code and the option's name")
  func diagnostics() {
    let chosen = Self.chosen
    let cases: [(code: String, options: [String: Config.Value])] = [
      ("postgres.name", [:]),  // http.method is no column name
      ("postgres.name", ["columns": chosen, "table": .string("a.b")]),
      ("postgres.name", ["columns": chosen, "table": .string("sink_ledger")]),
      ("postgres.name", ["columns": chosen, "table": .string("sloscout_refused")]),
      ("postgres.name", ["columns": chosen, "table": .string(String(repeating: "x", count: 54)), "partitionBy": .string("at")]),
      ("postgres.name", ["columns": .map([("at", .object(Config(["name": .string("sloscout_ordinal")])))])]),
      ("postgres.name", ["columns": .map([("at", .object(Config(["name": .string("x; DROP TABLE y")])))])]),
      ("postgres.unknown-field", ["columns": chosen, "key": Self.list("nothing")]),
      ("postgres.unknown-field", ["columns": chosen, "key": Self.list("count")]),  // not written
      ("postgres.unknown-field", ["columns": chosen, "partitionBy": .string("nothing")]),
      ("postgres.unknown-field", ["columns": .map([("nothing", .object(Config()))])]),
      ("postgres.unknown-field", ["columns": chosen, "types": .map([("nothing", .string("jsonb"))])]),
      ("postgres.key", ["columns": chosen, "key": Self.list("at", "at")]),
      ("postgres.partition", ["columns": chosen, "partitionBy": .string("service")]),
      ("postgres.partition", ["columns": chosen, "partitionBy": .string("at"), "key": Self.list("service")]),
      ("postgres.type", ["columns": chosen, "types": .map([("at", .string("jsonb"))])]),
      ("postgres.type", ["columns": .map([("v", .object(Config(["type": .string("bigint")])))])]),
      ("postgres.columns", ["columns": .map([])]),
      (
        "postgres.columns",
        ["columns": .map([("at", .object(Config(["name": .string("x")]))), ("v", .object(Config(["name": .string("x")])))])]
      ),
    ]
    for (code, options) in cases {
      let error = #expect(throws: Diagnostic.self, "\(options)") { try plan(options) }
      #expect(error?.code == code, "\(options): \(error?.message ?? "")")
    }
  }

  @Test("a missing connection and a URL that cannot be read are told, the URL never repeated")
  func connections() throws {
    let missing = #expect(throws: Diagnostic.self) { try plan(["columns": Self.chosen], connection: nil) }
    #expect(missing?.code == "postgres.no-connection")
    for url in [
      "", "postgresql://user:s3cret%zz@host/db", "postgresql://user:s3cret@[::1/db", "s3cret", "postgresql://h/db?nonsense=s3cret",
    ] {
      let error = #expect(throws: Diagnostic.self, "\(url)") {
        try plan(["columns": Self.chosen], connection: Config(["url": .string(url)]))
      }
      #expect(error?.code == "postgres.url")
      #expect(error.map { "\($0.message) \($0.detail) \($0.hint)".contains("s3cret") } == false)
    }
    _ = try plan(["columns": Self.chosen, "key": Self.list("service", "at"), "partitionBy": .string("at")])
  }
}
