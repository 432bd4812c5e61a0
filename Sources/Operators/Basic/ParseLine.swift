public import Dataflow

/// Splits an ordinary log line into time, severity, service and message.
///
/// - Input: a bytes field with one line (`line`); splits in their order (not behind a rebalance).
/// - Output: `event_id` (`<split>:<offset>`), `service`, `environment`, `severity` (DEBUG, INFO, WARN, ERROR, FATAL), `message`, `time`,
///   and the input's other fields. The records' event time is set. Blank lines count as `filtered`.
/// - State: per split the last time a line stated; about 50 bytes and the split's name.
/// - Guarantees: same output on replay. A line without a time gets that of the last line before it in its split that had one; the lines
///   before the first such line get its time, as far as they are read in one batch; in a file that never says a time, the
///   moment at which the job first saw the file.
/// - Errors: `null-line`; with `unknownTime: error` also `unknown-time`.
/// - Complexity: O(line start); allocates only the ids.
public enum ParseLine {
  /// The catalog entry `parse-line`.
  public static let type = OperatorType(
    Descriptor(
      type: "parse-line",
      summary: "Splits an ordinary log line (syslog, dpkg, web server, Postgres …) into time, severity, service and message.",
      fields: [
        ConfigField("field", .string, default: "line", "The field that holds the line."),
        ConfigField("environment", .string, default: "local", "What the field environment says."),
        ConfigField(
          "service", .string, example: "billing", "The service of all lines; by default it is read from the line or from the file's name."),
        ConfigField("utcOffset", .string, default: "+00:00", example: "+02:00", "The zone of times that name none."),
        ConfigField(
          "unknownTime", .choice(["previous", "error"]), default: "previous",
          "What a line without a time gets: the time of the line before it, or it is refused."),
        ConfigField(
          "referenceTime", .string, example: "2026-01-31T12:00:00Z",
          "What times without a year are near to; by default the moment at which a file is first seen."),
      ],
      example: "environment: prod")
  ) { config, schema in
    let options = try Options(config, schema)
    return PlannedOperator(schema: options.output) { ParseLineOperator(options) }
  }

  struct Options: Sendable {
    let line: Field
    let output: Schema
    let eventID: Field
    let service: Field
    let environment: Field
    let severity: Field
    let message: Field
    let time: Field
    let environmentName: String
    let serviceName: String?
    let utcOffset: Int64
    let refusesUnknownTime: Bool
    let referenceTime: Int64?

    init(_ config: Config, _ input: Schema) throws {
      let name = config.string("field") ?? "line"
      line = try FieldLookup(schema: input).bytes(name, at: config.places["field"])
      var schema = input.selecting(input.fields.filter { $0.name != name }.map { ($0, $0.name) })
      eventID = schema.append("event_id", .bytes)
      service = schema.append("service", .bytes)
      environment = schema.append("environment", .bytes)
      severity = schema.append("severity", .bytes)
      message = schema.append("message", .bytes)
      time = schema.append("time", .time)
      output = schema
      environmentName = config.string("environment") ?? "local"
      serviceName = config.string("service")
      refusesUnknownTime = config.string("unknownTime") == "error"
      guard let offset = Self.offset(config.string("utcOffset") ?? "+00:00") else {
        throw config.diagnostic(
          "utcOffset", code: DiagnosticCode.outOfRange.rawValue, "the zone is not an offset from UTC", hint: "write +02:00")
      }
      utcOffset = offset
      referenceTime = try config.string("referenceTime").map { text in
        guard let time = Timestamp.rfc3339(text) else {
          throw config.diagnostic(
            "referenceTime", code: DiagnosticCode.outOfRange.rawValue, "this is no RFC 3339 time", hint: "write 2026-01-31T12:00:00Z")
        }
        return time
      }
    }

    private static func offset(_ text: String) -> Int64? {
      var text = text
      return text.withUTF8 { bytes in
        guard let base = bytes.baseAddress else { return nil }
        let line = LineText(base: base, count: bytes.count)
        var i = 0
        guard let offset = Timestamp.zone(line, &i), i == line.count else { return nil }
        return offset
      }
    }
  }
}
