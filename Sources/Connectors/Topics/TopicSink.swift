public import Dataflow

/// The sink type `topic`: rows as records of a topic, each exactly once.
///
/// - Input: any schema; `format` says what a row becomes.
/// - Values that the connection keeps out of its topics (`oversized`) are stored before the record is staged.
/// - Guarantees: the records of a checkpoint appear together, with the ledger row that says so. Records with one key are in one partition, in order
///   as long as they come from one subtask.
public enum TopicSink {
  /// The entry for the catalog.
  public static let type = SinkType(descriptor) { config, connection, schema in try plan(config, connection, schema) }

  /// What the sink is called and which options it takes.
  public static let descriptor = Descriptor(
    type: "topic", summary: "Writes records into a topic, each exactly once, and makes the topic if there is none.",
    fields: [
      ConfigField("topic", .string, required: true, example: "capsule-events", "The topic to write into."),
      ConfigField(
        "key", .string, example: "service", "The field that is the record's key: records with one key stay in order. No key unless given."),
      ConfigField(
        "timestamp", .string, example: "window_start", "The time field that is the record's timestamp; the event time unless given."),
      ConfigField("headers", .list(.string), default: "[]", example: "[reason]", "Fields that are sent as headers, under their names."),
      TopicFormat.sinkField,
    ],
    example: """
      topic: capsule-events
      key: service
      format: { type: json }
      """)

  private static func plan(_ config: Config, _ connection: Config?, _ schema: Schema) throws -> PlannedSink {
    let client = try TopicConnections.client(connection, for: config)
    let topic = try TopicConnections.checked(config.string("topic") ?? "", "topic", config)
    return try plan(client, topic, config, schema)
  }

  package static func plan(_ client: any TopicClient, _ topic: String, _ config: Config, _ schema: Schema) throws -> PlannedSink {
    var layout = try layout(config, schema)
    layout.recordBytes = client.recordBytes
    layout.oversized = client.oversized
    return PlannedSink(
      delivery: .exactlyOnce { try client.makeCommitter(topic) }, make: try TopicFormat.writer(config, schema, layout))
  }

  private static func layout(_ config: Config, _ schema: Schema) throws -> TopicSinkLayout {
    var layout = TopicSinkLayout()
    layout.key = try config.string("key").map { try field($0, "key", config, schema) }
    if let key = layout.key, case .vector = key.type { throw wrongType(key, "key", "a key", config) }
    if let name = config.string("timestamp") {
      let field = try field(name, "timestamp", config, schema)
      guard field.type == .time else { throw wrongType(field, "timestamp", "a time", config) }
      layout.timestamp = field
    }
    layout.headers = try (config.strings("headers") ?? []).map { name in
      let field = try field(name, "headers", config, schema)
      if case .vector = field.type { throw wrongType(field, "headers", "a header", config) }
      return (Array(name.utf8), field)
    }
    let isErrors = ErrorRecords.schema.fields.allSatisfy { schema.field($0.name)?.type == $0.type }
    if isErrors { layout.splitName = schema.field("source") }
    return layout
  }

  /// The field of that name.
  ///
  /// - Throws: `Diagnostic` when the records have none.
  static func field(_ name: String, _ option: String, _ config: Config, _ schema: Schema) throws -> Field {
    guard let field = schema.field(name) else {
      throw config.diagnostic(
        option, code: "topic.unknown-field", "the records have no field \"\(name)\"",
        hint: "they have: \(schema.fields.map(\.name).joined(separator: ", "))")
    }
    return field
  }

  private static func wrongType(_ field: Field, _ option: String, _ what: String, _ config: Config) -> Diagnostic {
    config.diagnostic(
      option, code: "topic.field-type", "the field \"\(field.name)\" cannot be \(what)",
      hint: "name a field of another type, or leave \(option) out")
  }
}
