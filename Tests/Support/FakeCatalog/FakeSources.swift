internal import Dataflow

extension FakeCatalog {
  static let sources: [SourceType] = [
    SourceType(
      Descriptor(
        type: "file", summary: "Reads lines of files.",
        fields: [
          ConfigField("path", .string, required: true, example: "in.jsonl", "The file, or a pattern."),
          ConfigField("mode", .choice(["once", "follow"]), default: "once", "Whether to wait for more."),
          ConfigField("maxLine", .byteCount, default: "1MiB", "Longer lines are errors."),
          ConfigField("pause", .duration, default: "250ms", "Between two looks at a file that does not grow."),
          format,
        ])
    ) { config in
      PlannedSource(schema: telemetry, isReplayable: true, isBounded: config.string("mode") == "once") { throw CannotRun() }
    },
    SourceType(
      Descriptor(
        type: "generate", summary: "Makes up records.",
        fields: [
          ConfigField("seed", .integer(0...Int64.max), default: "42", "The same seed gives the same records."),
          ConfigField("records", .integer(1...1_000_000_000), required: true, example: "1000", "How many."),
          ConfigField("faults", .number, default: "0.01", "The share of broken records."),
          ConfigField("late", .bool, default: "true", "Whether some are late."),
        ])
    ) { _ in PlannedSource(schema: telemetry, isReplayable: true, isBounded: true) { throw CannotRun() } },
    SourceType(
      Descriptor(type: "socket", summary: "Listens.", fields: [ConfigField("listen", .string, default: "\"127.0.0.1:4318\"", "Where.")])
    ) { _ in PlannedSource(schema: telemetry, isReplayable: false, isBounded: false) { throw CannotRun() } },
    SourceType(
      Descriptor(
        type: "kafka", summary: "Reads topics.",
        fields: [
          ConfigField("topics", .list(.string), required: true, example: "[raw-telemetry]", "Which."),
          ConfigField("group", .string, required: true, example: "fingerprint", "Under what name."),
          ConfigField("startFrom", .choice(["earliest", "latest"]), default: "latest", "Where to begin."),
          format,
        ])
    ) { config in
      // A source sees the options of its connection.
      guard config.object("connection")?.strings("brokers")?.isEmpty == false else { throw CannotRun() }
      let schema = config.strings("topics")?.first == "capsule-events" ? capsules : telemetry
      return PlannedSource(schema: schema, isReplayable: true, isBounded: false) { throw CannotRun() }
    },
  ]
}
