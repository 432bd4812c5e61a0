import Connectors
import Dataflow
import SinkTesting

/// Sinks as jobs configure them.
enum Sinks {
  static let capsuleSchema = Schema([
    ("service", .bytes), ("environment", .bytes), ("shape", .bytes), ("template", .bytes), ("window_start", .time), ("window_end", .time),
    ("count", .int64), ("severities", .bytes), ("samples", .bytes), ("first_seen", .time), ("last_seen", .time), ("revision", .int64),
    ("final", .bool),
  ])

  static func connection(_ url: String, statementTimeout: Int64 = 60_000_000_000) -> Config {
    Config(["url": .string(url), "statementTimeout": .duration(statementTimeout), "connectTimeout": .duration(10_000_000_000)])
  }

  /// The sink of the shipped fingerprint job.
  static func capsules(_ url: String) throws -> SinkHarness {
    let config = Config([
      "table": .string("capsule_shape"), "key": list("service", "environment", "shape", "window_start"),
      "partitionBy": .string("window_start"),
      "types": .map([("severities", .string("jsonb")), ("samples", .string("jsonb"))]),
    ])
    return try SinkHarness(PostgresSink.type, config, connection: connection(url), capsuleSchema)
  }

  /// A sink of `(id bigint, name text)`, keyed by id or appending.
  static func pairs(_ url: String, table: String = "pairs", keyed: Bool = true, types: [(String, String)] = []) throws -> SinkHarness {
    var options: [String: Config.Value] = ["table": .string(table)]
    if keyed { options["key"] = list("id") }
    if !types.isEmpty { options["types"] = .map(types.map { (key: $0.0, value: .string($0.1)) }) }
    return try SinkHarness(PostgresSink.type, Config(options), connection: connection(url), Schema([("id", .int64), ("name", .bytes)]))
  }

  static func list(_ names: String...) -> Config.Value { .list(names.map { .string($0) }) }

  /// A capsule; times in hours and seconds since 2025-01-02 00:00 UTC.
  static func capsule(
    _ service: TestValue, shape: String = "00", hour: Int64 = 0, count: Int64 = 1, severities: TestValue = #"{"INFO": 1}"#,
    samples: TestValue = "[]", revision: Int64 = 1, final: Bool = true
  ) -> [TestValue] {
    let start = (1_735_776_000 + hour * 3_600) * 1_000_000_000
    return [
      service, .null, .text(shape), .text("user <*> of \(shape)"), .int(start), .int(start + 3_600_000_000_000), .int(count), severities,
      samples,
      .int(start + 1_000_000), .int(start + 2_000_000), .int(revision), .bool(final),
    ]
  }
}
