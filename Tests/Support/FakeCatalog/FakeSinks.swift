internal import Dataflow

extension FakeCatalog {
  static let connections: [Descriptor] = [
    Descriptor(
      type: "kafka", summary: "A Kafka cluster.",
      fields: [
        ConfigField("brokers", .list(.string), required: true, example: "[\"localhost:9092\"]", "Where."),
        ConfigField("compression", .choice(["none", "zstd"]), default: "none", "How batches are packed."),
      ]),
    Descriptor(
      type: "http", summary: "A service.",
      fields: [
        ConfigField("url", .string, required: true, example: "http://localhost:8080", "Where."),
        ConfigField("token", .string, secret: true, "Who we are."), ConfigField("timeout", .duration, default: "30s", "How long to wait."),
        ConfigField("maxConnections", .integer(1...1_000), default: "8", "How many at once."),
      ]),
    Descriptor(
      type: "postgres", summary: "A database.",
      fields: [
        ConfigField("url", .string, required: true, example: "postgres://localhost/sloscout", secret: true, "Where."),
        ConfigField("maxConnections", .integer(1...1_000), default: "4", "How many at once."),
      ]),
  ]

  static let sinks: [SinkType] = [
    sink(
      "file",
      [
        ConfigField("path", .string, required: true, example: "out.jsonl", "The file."),
        ConfigField("rotate", .byteCount, "A new file at this size."),
      ]),
    sink("console", [ConfigField("limit", .integer(1...1_000_000), default: "100", "How many rows.")], live: true),
    sink(
      "kafka",
      [
        ConfigField("topic", .string, required: true, example: "capsules", "Where to."), ConfigField("key", .string, "By what field."),
        format,
      ]),
    sink(
      "postgres",
      [
        ConfigField("table", .string, required: true, example: "capsule", "Where to."),
        ConfigField("key", .list(.string), default: "[]", "What makes a row the same."),
        ConfigField("types", .map(.choice(["text", "bigint", "jsonb", "timestamptz"])), default: "{}", "Types of columns."),
      ]),
    sink(
      "pgvector",
      [
        ConfigField("table", .string, required: true, "Where to."),
        ConfigField("key", .string, required: true, "What makes a row the same."),
        ConfigField("vector", .string, required: true, "Which field."),
        ConfigField("metadata", .list(.string), default: "[]", "What else."),
      ]),
  ]

  private static func sink(_ type: String, _ fields: [ConfigField], live: Bool = false) -> SinkType {
    SinkType(Descriptor(type: type, summary: "Writes to \(type).", fields: fields)) { config, connection, schema in
      if let key = config.string("key") { _ = try field(key, "key", config, schema) }
      if type == "postgres" || type == "pgvector", connection?.string("url") == nil { throw CannotRun() }
      return PlannedSink(delivery: live ? .live : .exactlyOnce { throw CannotRun() }) { throw CannotRun() }
    }
  }
}
