internal import Dataflow

/// Reads the spans and log records of OTLP requests in JSON, one request a line, without a batch between: for analyses of whole files.
///
/// Nothing is copied; what a handler gets is valid during its call. A line that is no JSON or no request is counted and skipped, a record
/// that cannot be (no ids, no time) is counted and skipped.
package final class TelemetryReader {
  /// What could not be read.
  package struct Refused: Sendable, Equatable {
    package var lines = 0
    package var records = 0
  }

  package private(set) var refused = Refused()
  /// Requests that hold metrics or profiles, which this does not read.
  package private(set) var otherLines = 0
  /// Goes up with each resource: what was made of `service` and `environment` holds as long as it stays.
  package private(set) var resource = 0
  /// `service.name` of the present resource. Empty where it has none. Valid during a call of a handler.
  package private(set) var service = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
  /// `deployment.environment.name`, or its older name. Empty where it has none.
  package private(set) var environment = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
  /// Links of the present span.
  package private(set) var links: [TelemetryLink] = []

  private static let kinds: [StaticString] = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
  private static let codes: [StaticString] = ["UNSET", "OK", "ERROR"]

  private let text = OTLPText()
  private let keys = TelemetryKeyTable()
  private var attributes = OTLPAttributes()
  /// Where the values of the present span's attributes stand, or -1.
  private var values = [Int](repeating: -1, count: TelemetryKey.allCases.count)
  private var ages = [Int](repeating: 0, count: TelemetryKey.allCases.count)
  private var hasValues = false
  private var scratch: [UnsafeMutableBufferPointer<UInt8>] = []

  /// A reader; for one thread.
  package init() {}

  deinit { releaseScratch() }

  /// Reads one line; 64 bytes behind it must be readable.
  ///
  /// - Throws: what a handler throws.
  package func read(
    _ line: UnsafeBufferPointer<UInt8>, span: (TelemetrySpan) throws -> Void, log: (TelemetryLog) throws -> Void
  ) rethrows {
    guard text.load(line) == nil, var index = text.object(text.root) else {
      refused.lines += 1
      return
    }
    var isKnown = false
    var isOther = false
    while let member = text.next(&index) {
      if member.is("resourceSpans", "resource_spans") {
        isKnown = true
        try forEachItem(&index, member.value) {
          try resource(&$0, ("scopeSpans", "scope_spans"), ("spans", "spans")) { try readSpan(&$0, span) }
        }
      } else if member.is("resourceLogs", "resource_logs") {
        isKnown = true
        try forEachItem(&index, member.value) {
          try resource(&$0, ("scopeLogs", "scope_logs"), ("logRecords", "log_records")) { try readLog(&$0, log) }
        }
      } else {
        isOther = isOther || member.is("resourceMetrics", "resource_metrics") || member.is("resourceProfiles", "resource_profiles")
        index = text.end(of: member.value)
      }
    }
    if isKnown { return }
    if isOther { otherLines += 1 } else { refused.lines += 1 }
  }

  // MARK: Attributes of the present span

  /// The text of an attribute; nil where there is none, or it is no text. Valid during the call of the handler.
  package func string(_ key: TelemetryKey) -> UnsafeBufferPointer<UInt8>? {
    guard hasValues, values[key.rawValue] >= 0, let (kind, inner) = text.wrapped(values[key.rawValue]), kind == .string else { return nil }
    return plain(inner)
  }

  /// The whole number of an attribute, also where it is written as text.
  package func integer(_ key: TelemetryKey) -> Int64? {
    guard hasValues, values[key.rawValue] >= 0, let (kind, inner) = text.wrapped(values[key.rawValue]), kind == .string || kind == .integer
    else { return nil }
    return text.integer(inner)
  }

  /// The text of an attribute of the present resource. Valid during a call of a handler.
  package func resourceText(_ name: StaticString) -> String? {
    attributes.string(name, text).flatMap { plain($0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  // MARK: The three levels

  private func forEachItem(_ index: inout Int, _ list: Int, _ body: (inout Int) throws -> Void) rethrows {
    guard let start = text.array(list) else {
      index = text.end(of: list)
      return
    }
    index = start
    while text.nextItem(&index) != nil { try body(&index) }
  }

  private func resource(
    _ index: inout Int, _ scopes: (StaticString, StaticString), _ records: (StaticString, StaticString),
    _ record: (inout Int) throws -> Void
  ) rethrows {
    guard text.object(index) != nil else {
      refused.records += 1
      index = text.end(of: index)
      return
    }
    loadResource(text.find("resource", in: index))
    try members(&index, scopes) { scope in try members(&scope, records, record) }
  }

  /// Walks the items of a member of the object at `index`, which it leaves behind the object.
  private func members(_ index: inout Int, _ name: (StaticString, StaticString), _ body: (inout Int) throws -> Void) rethrows {
    guard let start = text.object(index) else {
      refused.records += 1
      index = text.end(of: index)
      return
    }
    index = start
    while let member = text.next(&index) {
      if member.is(name.0, name.1) { try forEachItem(&index, member.value, body) } else { index = text.end(of: member.value) }
    }
  }

  private func loadResource(_ value: Int?) {
    releaseScratch()
    resource += 1
    service = .init(start: nil, count: 0)
    environment = .init(start: nil, count: 0)
    attributes.removeAll()
    guard let value, var list = text.find("attributes", in: value), attributes.load(text, &list) else { return }
    if let inner = attributes.string("service.name", text) { service = plain(inner) ?? service }
    for name in ["deployment.environment.name", "deployment.environment"] as [StaticString] where environment.isEmpty {
      if let inner = attributes.string(name, text) { environment = plain(inner) ?? environment }
    }
  }

  // MARK: Records

  private func readSpan(_ index: inout Int, _ handler: (TelemetrySpan) throws -> Void) rethrows {
    guard let start = text.object(index) else {
      refused.records += 1
      index = text.end(of: index)
      return
    }
    index = start
    var span = TelemetrySpan()
    var isGood = true
    forget()
    while let member = text.next(&index) {
      let value = member.value
      if member.is("traceId", "trace_id") {
        isGood = text.trace(value, &span.traceHigh, &span.traceLow) && isGood
      } else if member.is("spanId", "span_id") {
        span.id = text.identifier(value) ?? 0
      } else if member.is("parentSpanId", "parent_span_id") {
        span.parent = text.identifier(value) ?? 0
      } else if member.is("name") {
        span.name = plain(value) ?? span.name
      } else if member.is("startTimeUnixNano", "start_time_unix_nano") {
        span.start = text.integer(value) ?? 0
      } else if member.is("endTimeUnixNano", "end_time_unix_nano") {
        span.end = text.integer(value) ?? 0
      } else if member.is("kind") {
        span.kind = word(value, Self.kinds, "span_kind_")
      } else if member.is("status") {
        if let code = text.find("code", in: value) { span.status = word(code, Self.codes, "status_code_") }
      } else if member.is("attributes") {
        load(value)
      } else if member.is("links") {
        load(links: value)
      } else if member.is("traceState", "trace_state") {
        span.traceState = plain(value) ?? span.traceState
      }
      index = text.end(of: value)
    }
    guard isGood, span.traceHigh | span.traceLow != 0, span.id != 0, TimePolicy.defaultPlausible.contains(span.start) else {
      refused.records += 1
      return
    }
    if !TimePolicy.defaultPlausible.contains(span.end) || span.end < span.start { span.end = span.start }
    try handler(span)
  }

  private func readLog(_ index: inout Int, _ handler: (TelemetryLog) throws -> Void) rethrows {
    guard let start = text.object(index) else {
      refused.records += 1
      index = text.end(of: index)
      return
    }
    index = start
    var log = TelemetryLog()
    var (observed, body, severity, number): (Int64, Int?, Int?, Int?) = (0, nil, nil, nil)
    while let member = text.next(&index) {
      let value = member.value
      if member.is("timeUnixNano", "time_unix_nano") {
        log.time = text.integer(value) ?? 0
      } else if member.is("observedTimeUnixNano", "observed_time_unix_nano") {
        observed = text.integer(value) ?? 0
      } else if member.is("traceId", "trace_id") {
        _ = text.trace(value, &log.traceHigh, &log.traceLow)
      } else if member.is("spanId", "span_id") {
        log.span = text.identifier(value) ?? 0
      } else if member.is("body") {
        body = value
      } else if member.is("severityText", "severity_text") {
        severity = value
      } else if member.is("severityNumber", "severity_number") {
        number = value
      }
      index = text.end(of: value)
    }
    if log.time == 0 { log.time = observed }
    guard TimePolicy.defaultPlausible.contains(log.time) else {
      refused.records += 1
      return
    }
    log.isError = self.severity(severity, number, body).rawValue >= OTLPSeverity.error.rawValue
    if let body, let (kind, inner) = text.wrapped(body), kind == .string { log.message = plain(inner) ?? log.message }
    try handler(log)
  }

  /// As the source `otlp-file` reads it: the text, else the number, else the message.
  private func severity(_ textValue: Int?, _ number: Int?, _ body: Int?) -> OTLPSeverity {
    if let textValue, let content = text.content(textValue)?.bytes, let known = OTLPSeverity(text: content) { return known }
    if let number {
      if let value = text.integer(number), let known = OTLPSeverity(number: value) { return known }
      if let content = text.content(number)?.bytes, let known = OTLPSeverity(text: content), known != .unset { return known }
    }
    guard let body, let (kind, inner) = text.wrapped(body), kind == .string, let content = text.content(inner)?.bytes else { return .unset }
    return OTLPSeverity(message: content)
  }

  // MARK: Values

  private func forget() {
    links.removeAll(keepingCapacity: true)
    guard hasValues else { return }
    for index in values.indices { values[index] = -1 }
    hasValues = false
  }

  private func load(_ list: Int) {
    guard var index = text.array(list) else { return }
    while let item = text.nextItem(&index) {
      var end = 0
      if let entry = text.keyValue(item, end: &end), let value = entry.value {
        let name = UnsafeBufferPointer(rebasing: entry.rawKey[1..<entry.rawKey.count - 1])
        if let (key, age) = keys.find(name), values[key.rawValue] < 0 || age < ages[key.rawValue] {
          values[key.rawValue] = value
          ages[key.rawValue] = age
          hasValues = true
        }
      }
      index = text.end(of: item)
    }
  }

  private func load(links list: Int) {
    guard var index = text.array(list) else { return }
    while let item = text.nextItem(&index) {
      if let link = text.link(item) { links.append(link) }
      index = text.end(of: item)
    }
  }

  /// The characters of a string; nil when the value is none.
  private func plain(_ value: Int) -> UnsafeBufferPointer<UInt8>? {
    guard let content = text.content(value) else { return nil }
    guard content.isEscaped else { return content.bytes }
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: content.bytes.count)
    scratch.append(copy)
    guard let base = copy.baseAddress else { return nil }
    return UnsafeBufferPointer(start: base, count: text.unescape(content.bytes, into: base))
  }

  /// What was unescaped lives until the next resource.
  private func releaseScratch() {
    for block in scratch { block.deallocate() }
    scratch.removeAll(keepingCapacity: true)
  }

  /// The number of an enumeration, that may be written by name.
  private func word(_ value: Int, _ names: [StaticString], _ prefix: StaticString) -> UInt8 {
    if let number = text.integer(value) { return (0..<Int64(names.count)).contains(number) ? UInt8(number) : 0 }
    guard let content = text.content(value)?.bytes else { return 0 }
    let word = OTLPWord.dropping(prefix, content)
    return UInt8(names.firstIndex { OTLPWord.matches(word, $0) } ?? 0)
  }
}
