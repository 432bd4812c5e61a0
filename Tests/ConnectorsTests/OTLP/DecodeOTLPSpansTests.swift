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
      #","parentSpanId":"A4424F20BFFEE416","name":"HTTP \"GET\"","kind":2,"status":{"code":2,"message":"time out"},"attributes":[{"key":"a","value":{"intValue":"1"}}],"events":[{"name":"e"}],"links":[],"traceState":"a=b","flags":257,"droppedAttributesCount":0,"droppedLinksCount":3"#
    )
    let run = try OTLPRun(traces: true).feed(Self.request(record))
    #expect(
      run.rows == [
        [
          "event_id": "\(Self.trace):\(Self.span)", "trace_id": Self.trace, "span_id": Self.span, "parent_span_id": "a4424f20bffee416",
          "name": "HTTP \"GET\"", "kind": "SERVER", "service": "gate", "environment": "unknown", "status_code": "ERROR",
          "status_message": "time out", "attributes": #"{"service.name":"gate","a":1}"#, "start": "1674981768697000000",
          "end": "1674981769015316530", "time": "1674981768697000000", "events": #"[{"name":"e"}]"#, "trace_state": "a=b", "flags": "257",
          "dropped": #"{"links":3}"#, "resource": #"{"service.name":"gate"}"#, "#time": "1674981768697000000", "#ordinal": "0",
          "#offset": "0",
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

  @Test("what is known of resource and scope stands with every span, wherever the schemas' URLs stand")
  func context() throws {
    let resource =
      #""resource":{"attributes":[{"key":"a","value":{"intValue":"7"}},{"key":"b","value":{"stringValue":"out"}}],"droppedAttributesCount":2}"#
    let scope = #""scope":{"name":"lib","version":"2","attributes":[{"key":"b","value":{"stringValue":"in"}}]}"#
    let spans = #""spans":[\#(Self.span()),\#(Self.span(span: "00000000000000aa"))]"#
    let (outer, inner) = (#""schemaUrl":"https://r""#, #""schemaUrl":"https://s""#)
    for text in [
      "{\(resource),\(outer),\"scopeSpans\":[{\(scope),\(inner),\(spans)}]}",
      "{\(resource),\"scopeSpans\":[{\(scope),\(spans),\(inner)}],\(outer)}",
      "{\(outer),\"scopeSpans\":[{\(spans),\(inner),\(scope)}],\(resource)}",
    ] {
      let rows = try OTLPRun(traces: true).feed("{\"resourceSpans\":[\(text)]}").rows
      #expect(rows.count == 2)
      for row in rows {
        #expect(row["resource"] == #"{"a":7,"b":"out"}"# && row["scope_name"] == "lib" && row["scope_version"] == "2")
        #expect(row["attributes"] == #"{"a":7,"b":"in"}"#)
        let parts = [
          #""droppedAttributesCount":2"#, #""schemaUrl":"https://r""#, #""attributes":[{"key":"b","value":{"stringValue":"in"}}]"#,
          #""schemaUrl":"https://s""#,
        ]
        for part in parts { #expect(row["context"]?.contains(part) == true, "\(part) in \(row["context"] ?? "null")") }
      }
    }
  }

  @Test("attributes of values that grow in plain JSON, or that share keys with the resource, are whole")
  func attributes() throws {
    let empty = String(repeating: "{},", count: 300) + "{}"
    let nulls = String(repeating: "null,", count: 300) + "null"
    let list = #"{"key":"l","value":{"arrayValue":{"values":[\#(empty)]}}}"#
    let other = #"{"key":"service.name","value":{"stringValue":"own"}}"#
    let rows = try OTLPRun(traces: true).feed(
      Self.request(
        Self.span(#","attributes":[\#(list),{"key":"z"}]"#) + "," + Self.span(#","attributes":[\#(list),\#(other)]"#) + ","
          + Self.span(#","attributes":[{"key":"d","value":{"doubleValue":0.5}},{"key":"i","value":{"intValue":"007"}}]"#))
    ).rows
    #expect(rows[0]["attributes"] == #"{"service.name":"gate","l":[\#(nulls)],"z":null}"#)
    #expect(rows[1]["attributes"] == #"{"l":[\#(nulls)],"service.name":"own"}"#)
    #expect(rows[2]["attributes"] == #"{"service.name":"gate","d":0.5,"i":"007"}"#)
  }

  @Test("a row that was refused leaves nothing in the next one")
  func reused() throws {
    let refused = Self.span(#","name":"x","flags":1,"traceState":"t","events":[{}],"links":[{}],"status":{"message":"m"},"kind":{}"#)
    let run = try OTLPRun(traces: true).feed(Self.request(refused + "," + Self.span()))
    #expect(run.errors.count == 1)
    for name in ["name", "flags", "trace_state", "events", "links", "status_message"] { #expect(run.rows[0][name] == nil, "\(name)") }
  }
}
