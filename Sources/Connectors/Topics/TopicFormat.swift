internal import Dataflow

/// What the value of a topic's record is.
enum TopicFormat {
  /// Error records as `sloscout dlq` reads them.
  private static let deadLetter = "dead-letter"

  private static let sinkOptions =
    [
      ConfigField(
        "type", .choice(["json", "raw", deadLetter, AvroFormat.name]), default: "json",
        "`json`: an object with all fields. `raw`: the bytes of the field `value`, or of the one that `field` names. `dead-letter`: the bytes of a record that a step refused, by whom and why in headers. `avro`: a record of `schema`."
      ),
      ConfigField("field", .string, default: "value", "For `raw`: the field whose bytes are the value."),
      ConfigField(
        "rawJSON", .list(.string), default: "[]", "For `json`: fields that hold JSON and are written as JSON rather than as text."),
    ] + AvroFormat.options + AvroFormat.sinkOptions

  private static let sourceOptions =
    [
      ConfigField(
        "type", .choice(["raw", AvroFormat.name]), default: "raw",
        "`raw`: the fields `key`, `value`, `timestamp` and `headers`. `avro`: the fields of `schema`, besides `key` and `headers`.")
    ] + AvroFormat.options + AvroFormat.sourceOptions

  /// The option `format` of a sink.
  static let sinkField = ConfigField("format", .object(sinkOptions), default: "{}", "What a row becomes.")

  /// The option `format` of a source.
  static let sourceField = ConfigField("format", .object(sourceOptions), default: "{}", "What a record's value is.")

  /// The operators behind a source for the format that the options name. Throws `Diagnostic`.
  static func decoders(_ config: Config) throws -> [PlannedOperator] {
    guard let format = config.object("format"), format.string("type") == AvroFormat.name else { return [] }
    return [try AvroFormat.decoder(format)]
  }

  /// Makes a sink's writer for the format that the options name. Throws `Diagnostic`.
  static func writer(_ config: Config, _ schema: Schema, _ layout: TopicSinkLayout) throws -> @Sendable () throws -> any Operator {
    let format = config.object("format") ?? Config()
    switch format.string("type") ?? "json" {
    case "raw":
      let field = try TopicSink.field(format.string("field") ?? "value", "field", format, schema)
      guard field.type == .bytes else {
        throw format.diagnostic(
          "field", code: "topic.field-type", "the field \"\(field.name)\" holds no bytes", hint: "use format: { type: json }")
      }
      return { TopicSinkWriter(layout, RawTopicEncoder(field: field)) }
    case deadLetter:
      guard let raw = ErrorRecords.schema.field("raw"), ErrorRecords.schema.fields.allSatisfy({ schema.field($0.name)?.type == $0.type })
      else {
        throw format.diagnostic(
          "type", code: "topic.no-errors", "these records are no dead letters",
          hint: "read from the errors output of a step: inputs: [<step>.errors]")
      }
      var layout = layout
      // Whoever looks at dead letters reads the topic itself.
      layout.oversized = nil
      let known = Set(layout.headers.map { String(decoding: $0.name, as: UTF8.self) })
      layout.headers += DeadLetter.headers.filter { !known.contains($0) }.compactMap { name in
        schema.field(name).map { (Array(name.utf8), $0) }
      }
      let (planned, field) = (layout, schema.field("raw") ?? raw)
      return { TopicSinkWriter(planned, RawTopicEncoder(field: field)) }
    case AvroFormat.name: return try AvroFormat.writer(format, schema, layout)
    default:
      let encoder = JSONRowEncoder(schema, rawJSON: try FileSink.rawFields(format, schema))
      return { TopicSinkWriter(layout, JSONTopicEncoder(encoder: encoder)) }
    }
  }
}
