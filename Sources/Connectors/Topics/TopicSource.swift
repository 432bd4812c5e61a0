public import Dataflow
internal import Logging

/// The source type `topic`: the records of topics, once to their present end or as they come.
///
/// - Output: `key`, `value`, `timestamp`, `headers` (a JSON object). The event time is the record's timestamp.
/// - Splits: one a partition, named `topic/partition`. Partitions that are added later are found and read from their beginning.
/// - Guarantees: exactly once per record. Offsets stand in the checkpoint.
public enum TopicSource {
  /// The entry for the catalog.
  public static let type = SourceType(descriptor, plan: plan)

  /// What the source is called and which options it takes.
  public static let descriptor = Descriptor(
    type: "topic", summary: "Reads the records of topics, once or as they come.",
    fields: [
      ConfigField("topics", .list(.string), required: true, example: "[raw-telemetry]", "The topics to read."),
      ConfigField(
        "mode", .choice(["once", "follow"]), default: "follow", "Read to the present end, or wait for more and for new partitions."),
      ConfigField("startFrom", .choice(["earliest", "latest"]), default: "earliest", "Where to start when there is no checkpoint."),
      ConfigField(
        "onGap", .choice(["fail", "earliest"]), default: "fail",
        "What to do when records were removed before they were read: stop, or go on with the oldest there is."),
      ConfigField("pollInterval", .duration, default: "10ms", "How often to look for more when there was nothing."),
      TopicFormat.sourceField,
    ],
    example: """
      topics: [raw-telemetry]
      startFrom: earliest
      format: { type: avro, schema: schemas/TelemetryEvent.avsc }
      """)

  /// Makes the plan.
  ///
  /// - Throws: `Diagnostic` for options that cannot be used.
  public static func plan(_ config: Config) throws -> PlannedSource {
    let client = try TopicConnections.client(config.object("connection"), for: config)
    var options = TopicSourceOptions(topics: try topics(config))
    options.isBounded = config.string("mode") == "once"
    options.startsAtEnd = config.string("startFrom") == "latest"
    options.skipsGaps = config.string("onGap") == "earliest"
    if let interval = config.duration("pollInterval") { options.pollInterval = max(1_000_000, interval) }
    let logger = Logger(label: "sloscout.topic-source")
    options.warn = { logger.warning("\($0)") }
    return plan(client, options, decoders: try TopicFormat.decoders(config))
  }

  package static func plan(
    _ client: any TopicClient, _ options: TopicSourceOptions, decoders: [PlannedOperator] = []
  ) -> PlannedSource {
    PlannedSource(schema: TopicColumns.schema, isReplayable: true, isBounded: options.isBounded, decoders: decoders) {
      TopicSourceReader(client, options)
    }
  }

  private static func topics(_ config: Config) throws -> [String] {
    let names = config.strings("topics") ?? []
    guard !names.isEmpty else {
      throw config.diagnostic("topics", code: "topic.name", "topics must name a topic", hint: "topics: [raw-telemetry]")
    }
    for (index, name) in names.enumerated() where names[..<index].contains(name) {
      throw config.diagnostic("topics", code: "topic.name", "the topic \"\(name)\" is named twice", hint: "name it once")
    }
    return try names.map { try TopicConnections.checked($0, "topics", config) }
  }
}

/// What a topic source was asked to read, and how.
package struct TopicSourceOptions: Sendable {
  package var topics: [String]
  package var isBounded = false
  package var startsAtEnd = false
  /// Whether to go on with the oldest record when retention was faster.
  package var skipsGaps = false
  /// Nanoseconds.
  package var pollInterval: Int64 = 10_000_000
  /// Told what a person should know and the job survives.
  package var warn: @Sendable (String) -> Void = { _ in }

  package init(topics: [String]) { self.topics = topics }
}
