internal import SLO

/// One request that was answered, as a span of OpenTelemetry.
package struct RequestSpan: Sendable {
  /// What a request says about the trace that it belongs to.
  package struct Parent: Sendable, Equatable {
    package var trace: String
    package var span: String

    /// From W3C's `traceparent`; nil for none, for what is no such header, and for a trace that nobody records.
    package init?(_ header: String?) {
      let parts = (header ?? "").split(separator: "-", omittingEmptySubsequences: false).map(String.init)
      guard parts.count >= 4, parts[0] == "00", Self.isID(parts[1], 32), Self.isID(parts[2], 16), let flags = UInt8(parts[3], radix: 16),
        flags & 1 == 1
      else { return nil }
      (trace, span) = (parts[1], parts[2])
    }

    private static func isID(_ text: String, _ count: Int) -> Bool {
      text.utf8.count == count && text.contains { $0 != "0" } && text.allSatisfy { "0123456789abcdef".contains($0) }
    }
  }

  var method: String
  /// As the table of routes has it: `/api/v1/jobs/{name}`.
  var route: String
  var status: Int
  /// Nanoseconds since 1970.
  var start: Int64
  var end: Int64
  var parent: Parent?
  var trace: String
  var id: String

  /// OTLP/JSON, an element of `spans`.
  var document: StructuredValue {
    var members: [StructuredValue.Member] = [.init("traceId", .text(trace)), .init("spanId", .text(id))]
    if let parent { members.append(.init("parentSpanId", .text(parent.span))) }
    members += [
      .init("name", .text("\(method) \(route)")), .init("kind", 2), .init("startTimeUnixNano", .text("\(start)")),
      .init("endTimeUnixNano", .text("\(end)")),
      .init(
        "attributes",
        [
          Self.attribute("http.request.method", ["stringValue": .text(method)]),
          Self.attribute("http.route", ["stringValue": .text(route)]),
          Self.attribute("http.response.status_code", ["intValue": .text("\(status)")]),
        ]),
      // What a client did wrong is no error of the server's.
      .init("status", ["code": .int(status >= 500 ? 2 : 0)]),
    ]
    return .map(members)
  }

  /// A request of OTLP with all of them.
  static func request(_ spans: [RequestSpan]) -> StructuredValue {
    let resource: StructuredValue = [
      "attributes": [
        attribute("service.name", ["stringValue": "sloscout"]), attribute("service.version", ["stringValue": .text(ServerVersion.text)]),
      ]
    ]
    return [
      "resourceSpans": [
        ["resource": resource, "scopeSpans": [["scope": ["name": "sloscout.server"], "spans": .list(spans.map(\.document))]]]
      ]
    ]
  }

  private static func attribute(_ key: String, _ value: StructuredValue) -> StructuredValue { ["key": .text(key), "value": value] }
}
