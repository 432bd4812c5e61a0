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
    for name in ["trace_state", "events", "links", "dropped", "resource", "scope_name", "scope_version", "context"] {
      schema.append(name, .bytes)
    }
    schema.append("flags", .int64)
    return schema
  }()

  /// Where the columns of a batch begin.
  private struct Columns {
    let id, trace, span, parent, name, kind, service, environment, code, message, attributes: UnsafeMutablePointer<ByteView>
    let state, events, links, dropped, resource, scopeName, scopeVersion, context: UnsafeMutablePointer<ByteView>
    let start, end, time, flags: MetricColumns.Numbers<Int64>

    init(_ batch: RecordBatch) {
      var fields = OTLPSpanWriter.schema.fields.makeIterator()
      func next() -> Field {
        guard let field = fields.next() else { preconditionFailure("there are more columns than fields") }
        return field
      }
      func bytes() -> UnsafeMutablePointer<ByteView> { batch.bytes(next()) }
      func integers() -> MetricColumns.Numbers<Int64> {
        let field = next()
        return .init(values: batch.int64s(field), nulls: batch.nulls(field))
      }
      // In the order of the schema.
      (id, trace, span, parent, name, kind) = (bytes(), bytes(), bytes(), bytes(), bytes(), bytes())
      (service, environment, code, message, attributes) = (bytes(), bytes(), bytes(), bytes(), bytes())
      (start, end, time) = (integers(), integers(), integers())
      (state, events, links, dropped) = (bytes(), bytes(), bytes(), bytes())
      (resource, scopeName, scopeVersion, context) = (bytes(), bytes(), bytes(), bytes())
      flags = integers()
    }
  }

  private static let kinds: [StaticString] = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
  private static let codes: [StaticString] = ["UNSET", "OK", "ERROR"]

  private var kinds: [ByteView] = []
  private var codes: [ByteView] = []
  private var columns: Columns?
  private var attributes = OTLPAttributes()
  private var scratch: [UInt8] = []

  mutating func begin(_ batch: RecordBatch) {
    columns = Columns(batch)
    kinds = Self.kinds.map { OTLPWord.copy($0, batch) }
    codes = Self.codes.map { OTLPWord.copy($0, batch) }
  }

  /// Where the members of a span stand.
  private struct Parts {
    var trace, span, parent, name, kind, start, end, code, message: Int?
    var state, flags, events, links, droppedAttributes, droppedEvents, droppedLinks: Int?
    var isListOfAttributes = true
  }

  mutating func write(
    _ index: inout Int, _ text: OTLPText, _ context: inout OTLPContext, _ row: Int, of batch: RecordBatch
  ) -> OTLPRefusal? {
    var parts = Parts()
    attributes.removeAll()
    index += 1
    while let member = text.next(&index) {
      if member.is("attributes") {
        parts.isListOfAttributes = attributes.load(text, &index)
      } else if member.is("status") {
        Self.status(&index, text, &parts)
      } else {
        Self.place(member, &parts)
        index = text.end(of: member.value)
      }
    }
    do {
      try fill(parts, text, &context, row, batch)
      return nil
    } catch { return error }
  }

  /// By length, as no two names of one length are needed often: most keys are compared once.
  @inline(__always)
  private static func place(_ member: OTLPText.Member, _ parts: inout Parts) {
    let value = member.value
    switch member.key.count {
    case 4:
      if member.is("name") { parts.name = value } else if member.is("kind") { parts.kind = value }
    case 5:
      if member.is("flags") { parts.flags = value } else if member.is("links") { parts.links = value }
    case 6:
      if member.is("spanId") { parts.span = value } else if member.is("events") { parts.events = value }
    case 7:
      if member.is("traceId") { parts.trace = value } else if member.is("span_id") { parts.span = value }
    case 8: if member.is("trace_id") { parts.trace = value }
    case 12: if member.is("parentSpanId") { parts.parent = value }
    case 17: if member.is("startTimeUnixNano") { parts.start = value } else { placeRare(member, &parts) }
    case 15: if member.is("endTimeUnixNano") { parts.end = value } else { placeRare(member, &parts) }
    default: placeRare(member, &parts)
    }
  }

  private static func placeRare(_ member: OTLPText.Member, _ parts: inout Parts) {
    let value = member.value
    if member.is("traceState", "trace_state") {
      parts.state = value
    } else if member.is("parent_span_id") {
      parts.parent = value
    } else if member.is("start_time_unix_nano") {
      parts.start = value
    } else if member.is("end_time_unix_nano") {
      parts.end = value
    } else if member.is("droppedAttributesCount", "dropped_attributes_count") {
      parts.droppedAttributes = value
    } else if member.is("droppedEventsCount", "dropped_events_count") {
      parts.droppedEvents = value
    } else if member.is("droppedLinksCount", "dropped_links_count") {
      parts.droppedLinks = value
    }
  }

  /// The two members of a status, which `index` stands at and is left behind.
  private static func status(_ index: inout Int, _ text: OTLPText, _ parts: inout Parts) {
    guard var at = text.object(index) else {
      index = text.end(of: index)
      return
    }
    while let member = text.next(&at) {
      if member.is("code") { parts.code = member.value } else if member.is("message") { parts.message = member.value }
      at = text.end(of: member.value)
    }
    index = at
  }

  private mutating func fill(
    _ parts: Parts, _ text: OTLPText, _ context: inout OTLPContext, _ row: Int, _ batch: RecordBatch
  ) throws(OTLPRefusal) {
    guard let columns else { preconditionFailure("a batch begins before its rows") }
    guard parts.isListOfAttributes else { throw OTLPRefusal.attributes }
    let trace = try OTLPIdentifier.hex(parts.trace, 32, "traceId", text, batch)
    let span = try OTLPIdentifier.hex(parts.span, 16, "spanId", text, batch)
    guard !trace.isNull, !span.isNull else {
      throw OTLPRefusal(reason: "wrong-type", detail: "\(trace.isNull ? "traceId" : "spanId") is missing: a span has both ids")
    }
    let parent = try OTLPIdentifier.hex(parts.parent, 16, "parentSpanId", text, batch)
    let id = OTLPIdentifier.joined(trace, span, batch)
    let kind = kinds[try OTLPWord.index(parts.kind, of: Self.kinds, "span_kind_", "kind", text)]
    let code = codes[try OTLPWord.index(parts.code, of: Self.codes, "status_code_", "status.code", text)]
    let start = try OTLPTime.nanoseconds(parts.start, "startTimeUnixNano", text) ?? 0
    let end = try OTLPTime.nanoseconds(parts.end, "endTimeUnixNano", text) ?? 0
    try OTLPTime.check(start, "startTimeUnixNano", of: id)
    try OTLPTime.check(end, "endTimeUnixNano", of: id)

    columns.id[row] = id
    columns.trace[row] = trace
    columns.span[row] = span
    columns.parent[row] = parent
    if let name = parts.name { columns.name[row] = text.string(name, batch) }
    columns.kind[row] = kind
    columns.service[row] = context.service
    columns.environment[row] = context.environment
    columns.code[row] = code
    if let message = parts.message { columns.message[row] = text.string(message, batch) }
    columns.attributes[row] = context.joined(text, attributes, batch)
    if let state = parts.state { columns.state[row] = Self.filled(text.string(state, batch)) }
    if let events = parts.events { columns.events[row] = text.list(events) }
    if let links = parts.links { columns.links[row] = text.list(links) }
    columns.dropped[row] = dropped(parts, text, batch)
    columns.resource[row] = context.resourceAttributes
    columns.scopeName[row] = context.scopeName
    columns.scopeVersion[row] = context.scopeVersion
    columns.context[row] = context.rest
    columns.flags.set(row, parts.flags.flatMap { text.integer($0) })
    columns.start.set(row, start)
    columns.end.set(row, end)
    columns.time.set(row, start)
    batch.times[row] = start
  }

  private static func filled(_ text: ByteView) -> ByteView { text.count == 0 ? .null : text }

  /// How many attributes, events and links the sender left out, as a JSON object; null when it left out nothing.
  private mutating func dropped(_ parts: Parts, _ text: OTLPText, _ batch: RecordBatch) -> ByteView {
    if parts.droppedAttributes == nil, parts.droppedEvents == nil, parts.droppedLinks == nil { return .null }
    scratch.removeAll(keepingCapacity: true)
    for (name, value) in [("attributes", parts.droppedAttributes), ("events", parts.droppedEvents), ("links", parts.droppedLinks)] {
      guard let value, let number = text.integer(value), number != 0 else { continue }
      scratch.append(contentsOf: (scratch.isEmpty ? "{\"" : ",\"").utf8)
      scratch.append(contentsOf: name.utf8)
      scratch.append(contentsOf: "\":".utf8)
      TextWriter.append(number, to: &scratch)
    }
    if scratch.isEmpty { return .null }
    scratch.append(UInt8(ascii: "}"))
    return scratch.withUnsafeBufferPointer { batch.copy($0) }
  }
}
