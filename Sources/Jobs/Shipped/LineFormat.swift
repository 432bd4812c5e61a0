internal import Dataflow
internal import Operators

/// What the lines of a source mean. A format is a decoder behind the reader, so every source of lines (`file`, `generate`) offers all of them, and a
/// job that works on telemetry does not change with where the telemetry comes from.
///
/// All but `lines` give the fields of telemetry: `event_id`, `service`, `environment`, `severity`, `message`, `trace_id`, `span_id`.
enum LineFormat: String, CaseIterable {
  /// The line as it is, in the field `line`.
  case lines
  /// One JSON object a line.
  case json
  /// Ordinary log lines: syslog, dpkg, web servers, Postgres.
  case text

  static let field = ConfigField(
    "format", .choice(allCases.map(\.rawValue)), default: lines.rawValue, example: "json",
    "What a line means: `lines` gives the bare field `line`; `json` and `text` give the fields of telemetry.")

  /// The source type with the option `format` added, if it gives lines.
  static func offered(_ type: SourceType) -> SourceType {
    guard type.givesLines else { return type }
    var type = type
    let plan = type.plan
    type.descriptor.fields.append(field)
    type.plan = { config in
      var planned = try plan(config)
      let format = LineFormat(rawValue: config.string("format") ?? "") ?? .lines
      try format.extend(&planned)
      return planned
    }
    return type
  }

  private func extend(_ planned: inout PlannedSource) throws {
    let input = planned.decoders.last?.schema ?? planned.schema
    switch self {
    case .lines: break
    case .json:
      planned.decoders.append(try ParseJSON.type.plan(Self.telemetry, input))
      planned.timeField = ("timestamp", .milliseconds)
    case .text:
      let parsed = try ParseLine.type.plan(Config(["field": .string("line")]), input)
      planned.decoders += [parsed, Untraced.planned(parsed.schema)]
    }
  }

  /// The JSON lines that `sloscout generate` writes and most shippers can be told to write.
  private static let telemetry: Config = {
    func field(_ path: String, _ type: String = "string") -> Config.Value {
      .any(
        ConfigValue(
          .map([
            ConfigValue.Entry(key: "path", value: ConfigValue(.string(path))),
            ConfigValue.Entry(key: "type", value: ConfigValue(.string(type))),
          ])))
    }
    return Config([
      "field": .string("line"), "keep": .list([]), "onMissing": .string("null"),
      "fields": .map([
        ("event_id", field("event_id")), ("service", field("service_name")), ("environment", field("environment")),
        ("timestamp", field("timestamp", "int")), ("severity", field("severity")), ("message", field("message")),
        ("trace_id", field("trace_id")), ("span_id", field("span_id")),
      ]),
    ])
  }()
}
