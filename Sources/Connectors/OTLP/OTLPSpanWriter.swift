internal import Dataflow

/// Spans to rows.
struct OTLPSpanWriter: OTLPRecordWriter {
  static let resources: (StaticString, StaticString) = ("resourceSpans", "resource_spans")
  static let scopes: (StaticString, StaticString) = ("scopeSpans", "scope_spans")
  static let records: (StaticString, StaticString) = ("spans", "spans")

  static let schema: Schema = {
    var schema = Schema()
    for name in [
      "event_id", "trace_id", "span_id", "parent_span_id", "name", "kind", "service", "environment", "status_code", "status_message",
      "attributes",
    ] { schema.append(name, .bytes) }
    for name in ["start", "end", "time"] { schema.append(name, .time) }
    return schema
  }()
  private static let fields = schema.fields

  private static let kinds: [StaticString] = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
  private static let codes: [StaticString] = ["UNSET", "OK", "ERROR"]

  private var kinds: [ByteView] = []
  private var codes: [ByteView] = []
  private var attributes = OTLPAttributes()

  mutating func begin(_ batch: RecordBatch) {
    kinds = Self.kinds.map { Self.copy($0, batch) }
    codes = Self.codes.map { Self.copy($0, batch) }
  }

  private static func copy(_ name: StaticString, _ batch: RecordBatch) -> ByteView {
    batch.copy(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
  }

  /// Where the members of a span stand.
  private struct Parts {
    var trace, span, parent, name, kind, start, end, status, attributes: Int?
  }

  mutating func write(
    _ index: inout Int, _ text: OTLPText, _ context: inout OTLPContext, _ row: Int, of batch: RecordBatch
  ) -> OTLPRefusal? {
    var parts = Parts()
    index += 1
    while let member = text.next(&index) {
      let value = member.value
      if member.is("traceId", "trace_id") {
        parts.trace = value
      } else if member.is("spanId", "span_id") {
        parts.span = value
      } else if member.is("parentSpanId", "parent_span_id") {
        parts.parent = value
      } else if member.is("name") {
        parts.name = value
      } else if member.is("kind") {
        parts.kind = value
      } else if member.is("startTimeUnixNano", "start_time_unix_nano") {
        parts.start = value
      } else if member.is("endTimeUnixNano", "end_time_unix_nano") {
        parts.end = value
      } else if member.is("status") {
        parts.status = value
      } else if member.is("attributes") {
        parts.attributes = value
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
    attributes.removeAll()
    if let list = parts.attributes, !attributes.load(text, list) {
      throw OTLPRefusal(reason: "wrong-type", detail: "attributes is not a list of keys and values")
    }
    let trace = try OTLPIdentifier.hex(parts.trace, 32, "traceId", text, batch)
    let span = try OTLPIdentifier.hex(parts.span, 16, "spanId", text, batch)
    guard !trace.isNull, !span.isNull else {
      throw OTLPRefusal(reason: "wrong-type", detail: "\(trace.isNull ? "traceId" : "spanId") is missing: a span has both ids")
    }
    let parent = try OTLPIdentifier.hex(parts.parent, 16, "parentSpanId", text, batch)
    let id = OTLPIdentifier.joined(trace, span, batch)
    let kind = try Self.word(parts.kind, kinds, Self.kinds, "span_kind_", "kind", text)
    let code = try Self.word(parts.status.flatMap { text.find("code", in: $0) }, codes, Self.codes, "status_code_", "status.code", text)
    let start = try OTLPTime.nanoseconds(parts.start, "startTimeUnixNano", text) ?? 0
    let end = try OTLPTime.nanoseconds(parts.end, "endTimeUnixNano", text) ?? 0
    try OTLPTime.check(start, "startTimeUnixNano", of: id)
    try OTLPTime.check(end, "endTimeUnixNano", of: id)

    let values = [
      id, trace, span, parent, parts.name.map { text.string($0, batch) } ?? .null, kind, context.service, context.environment, code,
      parts.status.flatMap { text.find("message", in: $0) }.map { text.string($0, batch) } ?? .null,
      context.joined(text, attributes, batch),
    ]
    let fields = Self.fields
    for (index, value) in values.enumerated() { batch.bytes(fields[index])[row] = value }
    for (field, time) in zip(fields[values.count...], [start, end, start]) {
      batch.int64s(field)[row] = time
      batch.nulls(field)[row] = 0
    }
    batch.times[row] = start
  }

  /// An enumeration: its number, or its name with or without the prefix. Absent is the first.
  private static func word(
    _ value: Int?, _ words: [ByteView], _ names: [StaticString], _ prefix: StaticString, _ field: StaticString, _ text: OTLPText
  ) throws(OTLPRefusal) -> ByteView {
    guard let value, !text.isNull(value) else { return words[0] }
    if let number = text.integer(value) {
      // A number that a later version of OTLP adds is not an error.
      return (0..<Int64(words.count)).contains(number) ? words[Int(number)] : words[0]
    }
    if let content = text.content(value)?.bytes {
      let word = OTLPWord.dropping(prefix, content)
      for (index, name) in names.enumerated() where OTLPWord.matches(word, name) { return words[index] }
    }
    throw OTLPRefusal(reason: "wrong-type", detail: "\(field) expects a number or a name")
  }
}
