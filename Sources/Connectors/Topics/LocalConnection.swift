public import Dataflow

/// The `local` connection of a job file: topics on this machine's disk, and how long they are kept.
public enum LocalConnection {
  private static let perTopic = [
    ConfigField(
      "partitions", .integer(1...1024), example: "8",
      "How many partitions a topic gets when it is made; one that exists is given more, never fewer. 4 unless given."),
    ConfigField(
      "retentionAge", .duration, example: "7d", "Segments whose youngest record is older than this are removed; kept unless given."),
    ConfigField(
      "retentionBytes", .byteCount, example: "10GiB",
      "The oldest segments are removed while a topic is larger than this; kept unless given."),
    ConfigField(
      "segmentBytes", .byteCount, example: "64MiB", "A file is closed at this size; files are removed as a whole. 64MiB unless given."),
    ConfigField(
      "sync", .choice(["always", "never"]),
      "Whether an append waits for the disk. With `never` records survive the end of the program, but not that of the machine. always unless given."
    ),
  ]

  /// What a `Connection` document of type `local` may say.
  public static let descriptor = Descriptor(
    type: "local",
    summary: "Topics as files on this machine's disk: no broker is needed.",
    fields: [ConfigField("path", .string, required: true, example: "data/topics", "The folder of the topics; it is made if it is missing.")]
      + perTopic + [OversizedValues.field, ConfigField("topics", .map(.object(perTopic)), "Other values for single topics, by name.")],
    example: """
      path: data/topics
      retentionAge: 7d
      topics:
        raw-telemetry: { partitions: 8, retentionBytes: 10GiB }
      """)

  /// The client for these options. Throws `Diagnostic`.
  static func client(_ config: Config) throws -> LocalTopicClient {
    guard let path = config.string("path"), !path.isEmpty else {
      throw config.diagnostic("path", code: "topic.path", "path must name a folder", hint: "path: data/topics")
    }
    let settings = try settings(config, over: LocalTopicSettings())
    var overrides: [String: LocalTopicSettings] = [:]
    for (name, value) in config.map("topics") ?? [] {
      if case .object(let options) = value { overrides[name] = try self.settings(options, over: settings) }
    }
    let root = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    var client = LocalTopicClient(root: root, settings: settings, overrides: overrides)
    client.oversized = try OversizedValues.option(config)
    return client
  }

  private static func settings(_ config: Config, over base: LocalTopicSettings) throws -> LocalTopicSettings {
    var settings = base
    if let partitions = config.int("partitions") { settings.partitions = partitions }
    if let age = config.duration("retentionAge") { settings.retentionAge = age }
    if let bytes = config.byteCount("retentionBytes") { settings.retentionBytes = Int64(bytes) }
    if let bytes = config.byteCount("segmentBytes") {
      guard bytes >= 1 << 20 else {
        throw config.diagnostic(
          "segmentBytes", code: "topic.segment-bytes", "segmentBytes must be at least 1MiB", hint: "64MiB suits most topics")
      }
      settings.segmentBytes = Int64(bytes)
    }
    if let sync = config.string("sync") { settings.isDurable = sync == "always" }
    return settings
  }
}
