internal import Dataflow

/// What the value of a topic's record is.
enum TopicFormat {
  private static let sinkOptions = [
    ConfigField(
      "type", .choice(["json", "raw"]), default: "json",
      "`json`: an object with all fields. `raw`: the bytes of the field `value`, or of the one that `field` names."),
    ConfigField("field", .string, default: "value", "For `raw`: the field whose bytes are the value."),
    ConfigField("rawJSON", .list(.string), default: "[]", "For `json`: fields that hold JSON and are written as JSON rather than as text."),
  ]

  /// The option `format` of a sink.
  static let sinkField = ConfigField("format", .object(sinkOptions), default: "{}", "What a row becomes.")

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
    default:
      let encoder = JSONRowEncoder(schema, rawJSON: try FileSink.rawFields(format, schema))
      return { TopicSinkWriter(layout, JSONTopicEncoder(encoder: encoder)) }
    }
  }
}
