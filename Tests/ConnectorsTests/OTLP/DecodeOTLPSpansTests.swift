import Connectors
import Dataflow
import Testing

@Suite struct DecodeOTLPSpansTests {
  static let trace = "b0103bb0161ad7fa352fe1828eeb643a"
  static let span = "520b067330e3ede5"

  static func request(_ spans: String) -> String {
    #"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"gate"}}]},"scopeSpans":[{"scope":{},"spans":[\#(spans)]}]}]}"#
  }

  static func span(_ members: String = "", trace: String = trace, span: String = span) -> String {
    #"{"traceId":"\#(trace)","spanId":"\#(span)","startTimeUnixNano":"1674981768697000000","endTimeUnixNano":"1674981769015316530"\#(members)}"#
  }

  @Test("spans become rows with ids, names, kind, status, times and attributes")
  func rows() throws {
    let record = Self.span(
      #","parentSpanId":"A4424F20BFFEE416","name":"HTTP \"GET\"","kind":2,"status":{"code":2,"message":"time out"},"attributes":[{"key":"a","value":{"intValue":"1"}}],"events":[{"name":"e"}],"links":[]"#
    )
    let run = try OTLPRun(traces: true).feed(Self.request(record))
    #expect(
      run.rows == [
        [
          "event_id": "\(Self.trace):\(Self.span)", "trace_id": Self.trace, "span_id": Self.span, "parent_span_id": "a4424f20bffee416",
          "name": "HTTP \"GET\"", "kind": "SERVER", "service": "gate", "environment": "unknown", "status_code": "ERROR",
          "status_message": "time out", "attributes": #"{"service.name":"gate","a":1}"#, "start": "1674981768697000000",
          "end": "1674981769015316530", "time": "1674981768697000000", "#time": "1674981768697000000", "#ordinal": "0", "#offset": "0",
          "#raw": record,
        ]
      ])
  }

  @Test("what a span leaves out is unset, and enumerations may be spelled out")
  func defaults() throws {
    let rows = try OTLPRun(traces: true).feed(
      Self.request(
        "\(Self.span(#","parentSpanId":"""#)),\(Self.span(#","kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_OK"}"#)),\(Self.span(#","kind":77,"status":{}"#))"
      )
    ).rows
    #expect(rows.map { $0["kind"] } == ["UNSPECIFIED", "CLIENT", "UNSPECIFIED"])
    #expect(rows.map { $0["status_code"] } == ["UNSET", "OK", "UNSET"])
    #expect(rows.allSatisfy { $0["parent_span_id"] == nil && $0["name"] == nil && $0["status_message"] == nil })
  }

  @Test("a span without ids, with broken ones or with an impossible time is an error")
  func refusals() throws {
    for (span, reason) in [
      (Self.span(trace: ""), "wrong-type"), (Self.span(span: "0000000000000000"), "wrong-type"), (Self.span(trace: "xyz"), "wrong-type"),
      (Self.span(#","parentSpanId":"1""#), "wrong-type"), (Self.span(#","kind":"BROKER""#), "wrong-type"), ("{}", "wrong-type"),
      (Self.span(#","kind":{}"#), "wrong-type"), (Self.span(#","startTimeUnixNano":"0""#), "impossible-time"),
      (Self.span(#","endTimeUnixNano":"12""#), "impossible-time"), (Self.span(#","endTimeUnixNano":"""#), "wrong-type"),
    ] {
      let run = try OTLPRun(traces: true).feed(Self.request("\(Self.span()),\(span)"))
      #expect(run.rows.count == 1 && run.errors.count == 1, "\(span)")
      #expect(run.errors.first?.hasPrefix("\(reason): ") == true, "\(span): \(run.errors)")
    }
  }
}
