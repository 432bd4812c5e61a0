internal import Dataflow

/// Log records to rows.
struct OTLPLogWriter: OTLPRecordWriter {
  static let resources: (StaticString, StaticString) = ("resourceLogs", "resource_logs")
  static let scopes: (StaticString, StaticString) = ("scopeLogs", "scope_logs")
  static let records: (StaticString, StaticString) = ("logRecords", "log_records")

  static let schema: Schema = {
    var schema = Schema()
    for name in ["event_id", "service", "environment", "severity", "message", "trace_id", "span_id", "attributes"] {
      schema.append(name, .bytes)
    }
    schema.append("time", .time)
    return schema
  }()
  private static let fields = schema.fields

  let splits: SplitTable
  private var prefixes = OTLPSplitNames()
  private var severities: [ByteView] = []
  private var attributes = OTLPAttributes()
  private var scratch: [UInt8] = []

  init(splits: SplitTable) { self.splits = splits }

  mutating func begin(_ batch: RecordBatch) {
    severities = OTLPSeverity.allCases.map { OTLPWord.copy($0.name, batch) }
  }

  /// Where the members of a record stand.
  private struct Parts {
    var time, observed, number, severity, body, trace, span: Int?
    var isListOfAttributes = true
  }

  mutating func write(
    _ index: inout Int, _ text: OTLPText, _ context: inout OTLPContext, _ row: Int, of batch: RecordBatch
  ) -> OTLPRefusal? {
    var parts = Parts()
    attributes.removeAll()
    index += 1
    while let member = text.next(&index) {
      let value = member.value
      if member.is("timeUnixNano", "time_unix_nano") {
        parts.time = value
      } else if member.is("body") {
        parts.body = value
      } else if member.is("traceId", "trace_id") {
        parts.trace = value
      } else if member.is("spanId", "span_id") {
        parts.span = value
      } else if member.is("attributes") {
        parts.isListOfAttributes = attributes.load(text, &index)
        continue
      } else if member.is("severityText", "severity_text") {
        parts.severity = value
      } else if member.is("severityNumber", "severity_number") {
        parts.number = value
      } else if member.is("observedTimeUnixNano", "observed_time_unix_nano") {
        parts.observed = value
      }
      index = text.end(of: value)
    }
    do {
      try fill(parts, text, &context, row, batch)
      return nil
    } catch { return error }
  }

  private mutating func fill(
    _ parts: Parts, _ text: OTLPText, _ context: inout OTLPContext, _ row: Int, _ batch: RecordBatch
  ) throws(OTLPRefusal) {
    guard parts.isListOfAttributes else { throw OTLPRefusal.attributes }
    let id = identifier(text, row, batch)
    let trace = try OTLPIdentifier.hex(parts.trace, 32, "traceId", text, batch)
    let span = try OTLPIdentifier.hex(parts.span, 16, "spanId", text, batch)
    let message = self.message(parts.body, text, batch)
    let severity = self.severity(parts, message, text)

    var time = try OTLPTime.nanoseconds(parts.time, "timeUnixNano", text) ?? 0
    var name: StaticString = "timeUnixNano"
    if time == 0, let observed = try OTLPTime.nanoseconds(parts.observed, "observedTimeUnixNano", text), observed != 0 {
      time = observed
      name = "observedTimeUnixNano"
    }
    try OTLPTime.check(time, name, of: id)

    let fields = Self.fields
    batch.bytes(fields[0])[row] = id
    batch.bytes(fields[1])[row] = context.service
    batch.bytes(fields[2])[row] = context.environment
    batch.bytes(fields[3])[row] = severities[severity.rawValue]
    batch.bytes(fields[4])[row] = message
    batch.bytes(fields[5])[row] = trace
    batch.bytes(fields[6])[row] = span
    batch.bytes(fields[7])[row] = context.joined(text, attributes, batch)
    batch.int64s(fields[8])[row] = time
    batch.nulls(fields[8])[row] = 0
    batch.times[row] = time
  }

  /// The id that the record brings along, else its place.
  private mutating func identifier(_ text: OTLPText, _ row: Int, _ batch: RecordBatch) -> ByteView {
    for name in ["event.id", "log.record.uid"] as [StaticString] {
      if let value = attributes.string(name, text) {
        let view = text.string(value, batch)
        if view.count > 0 { return view }
      }
    }
    return OTLPIdentifier.position(prefixes.name(batch.splits[row], splits), batch.offsets[row], batch.ordinals[row], batch)
  }

  /// A string body as it is, any other as JSON text; null where there is none.
  private mutating func message(_ body: Int?, _ text: OTLPText, _ batch: RecordBatch) -> ByteView {
    guard let body, let (kind, inner) = text.wrapped(body), !text.isNull(inner) else { return .null }
    if kind == .string, text.first(inner) == UInt8(ascii: "\"") { return text.string(inner, batch) }
    scratch.removeAll(keepingCapacity: true)
    text.appendPlain(body, to: &scratch)
    return scratch.withUnsafeBufferPointer { batch.copy($0) }
  }

  private func severity(_ parts: Parts, _ message: ByteView, _ text: OTLPText) -> OTLPSeverity {
    if let value = parts.severity, let content = text.content(value)?.bytes, let known = OTLPSeverity(text: content) { return known }
    if let value = parts.number {
      if let number = text.integer(value), let known = OTLPSeverity(number: number) { return known }
      if let content = text.content(value)?.bytes, let known = OTLPSeverity(text: content), known != .unset { return known }
    }
    return OTLPSeverity(message: message.buffer)
  }
}

/// The names of splits as bytes, asked for once each.
struct OTLPSplitNames {
  private var last: (split: UInt32, name: [UInt8])?

  mutating func name(_ split: UInt32, _ splits: SplitTable) -> [UInt8] {
    if let last, last.split == split { return last.name }
    let name = Array(splits.name(split).utf8)
    last = (split, name)
    return name
  }
}
