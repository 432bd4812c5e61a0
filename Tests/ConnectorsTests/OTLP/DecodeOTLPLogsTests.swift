import Connectors
import Dataflow
import Foundation
import Testing

@Suite struct DecodeOTLPLogsTests {
  static func request(_ records: String, resource: String = #"{"attributes":[{"key":"service.name","value":{"stringValue":"pay"}}]}"#)
    -> String
  {
    #"{"resourceLogs":[{"resource":\#(resource),"scopeLogs":[{"logRecords":[\#(records)]}]}]}"#
  }

  static let time = "1700000000000000001"

  @Test("a request of the collector becomes one row a record, with resource and scope joined in")
  func collectorExport() throws {
    // As the file exporter writes it: strings for 64-bit numbers, a scope with attributes, a schema URL.
    let record = #"""
      {"timeUnixNano":"1700000000000000001","observedTimeUnixNano":"1700000000500000000","severityNumber":13,"severityText":"Warning",
      "body":{"stringValue":"card \"4242\" refused\n"},"attributes":[{"key":"http.status","value":{"intValue":"402"}},
      {"key":"k8s.pod","value":{"stringValue":"pay-1"}},{"key":"ok","value":{"boolValue":false}},{"key":"ratio","value":{"doubleValue":0.5}}],
      "droppedAttributesCount":1,"flags":1,"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174"}
      """#
    let line = #"""
      {"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"pay"}},
      {"key":"deployment.environment","value":{"stringValue":"staging"}},{"key":"k8s.pod","value":{"stringValue":"outer"}}]},
      "scopeLogs":[{"scope":{"name":"lib","version":"1","attributes":[{"key":"lib","value":{"arrayValue":{"values":[{"intValue":1},{}]}}}]},
      "logRecords":[\#(record)],"schemaUrl":"x"}],"schemaUrl":"https://opentelemetry.io/schemas/1.24.0"}]}
      """#
    let run = try OTLPRun().feed(["{}", line])
    #expect(run.errors == [])
    #expect(
      run.rows == [
        [
          "event_id": "telemetry.jsonl:3:0", "service": "pay", "environment": "staging", "severity": "WARN",
          "message": "card \"4242\" refused\n", "trace_id": "5b8efff798038103d269b633813fc60c", "span_id": "eee19b7ec3c1b174",
          "attributes":
            #"{"service.name":"pay","deployment.environment":"staging","lib":[1,null],"http.status":402,"k8s.pod":"pay-1","ok":false,"ratio":0.5}"#,
          "time": Self.time, "#time": Self.time, "#ordinal": "0", "#offset": "3", "#raw": record,
        ]
      ])
    #expect(run.counters.filtered == 1)  // The empty request.
  }

  @Test("keys in the spelling of the protocol's definition are read as well, and their order does not matter")
  func spellings() throws {
    let line = #"""
      {"resource_logs":[{"scope_logs":[{"log_records":[{"time_unix_nano":1700000000000000001,"severity_number":"SEVERITY_NUMBER_ERROR2",
      "trace_id":"","span_id":null,"body":{"string_value":"x"},"new_field":[{"a":{}}]}],"scope":{"attributes":[{"key":"s","value":{"intValue":"1"}}]}}],
      "resource":{"attributes":[{"key":"service.name","value":{"string_value":"late"}},
      {"key":"deployment.environment.name","value":{"stringValue":"prod"}}]}}]}
      """#
    let rows = try OTLPRun().feed(line).rows
    #expect(rows.count == 1)
    #expect(rows[0]["service"] == "late" && rows[0]["environment"] == "prod" && rows[0]["severity"] == "ERROR" && rows[0]["message"] == "x")
    #expect(rows[0]["trace_id"] == nil && rows[0]["span_id"] == nil)
    #expect(rows[0]["attributes"] == #"{"service.name":"late","deployment.environment.name":"prod","s":1}"#)
  }

  @Test("a record without names has unknown ones, and an escaped key is the same key")
  func unknowns() throws {
    let record = #"{"timeUnixN\u0061no":"\#(Self.time)"}"#
    let rows = try OTLPRun().feed(
      #"{"resourceLogs":[{"resource":null,"scopeLogs":[{"logRecords":[\#(record)]}]},{"scopeLogs":[{"logRecords":[\#(record)]}]}]}"#
    ).rows
    #expect(rows.count == 2)
    for row in rows {
      #expect(row["service"] == "unknown" && row["environment"] == "unknown" && row["severity"] == "UNSET" && row["attributes"] == "{}")
      #expect(row["message"] == nil && row["time"] == Self.time)
    }
    #expect(rows.map { $0["#ordinal"] } == ["0", "1"])
  }

  @Test("the severity is the text's, else the number's, else the first word of the message that names one")
  func severities() throws {
    let cases: [(String, String)] = [
      (#""severityText":"information","severityNumber":17"#, "INFO"), (#""severityText":"ERR""#, "ERROR"),
      (#""severityText":"crit""#, "FATAL"),
      (#""severityText":"AUDIT","severityNumber":9"#, "INFO"), (#""severityNumber":1"#, "TRACE"), (#""severityNumber":8"#, "DEBUG"),
      (#""severityNumber":"24""#, "FATAL"), (#""severityNumber":25,"body":{"stringValue":"WARN x"}"#, "WARN"),
      (#""severityNumber":0,"body":{"stringValue":"at INFORMATION desk: WARNING"}"#, "WARN"),
      (#""body":{"stringValue":"12:00 error ERRORS _ERROR DEBUG2 é\#("INFO") CRITICAL"}"#, "FATAL"),
      (#""body":{"stringValue":"[TRACE]"}"#, "TRACE"), (#""body":{"stringValue":"\#(String(repeating: ".", count: 60))WARN"}"#, "WARN"),
      (#""body":{"stringValue":"\#(String(repeating: ".", count: 60))WARNING"}"#, "UNSET"),
      (#""body":{"stringValue":"\#(String(repeating: ".", count: 61))WARN"}"#, "UNSET"), (#""body":{"stringValue":"INFO"}"#, "INFO"),
      (#""body":{"stringValue":""}"#, "UNSET"), (#""severityText":"","body":{"stringValue":"FATAL"}"#, "FATAL"),
    ]
    for (members, expected) in cases {
      let rows = try OTLPRun().feed(Self.request(#"{"timeUnixNano":"\#(Self.time)",\#(members)}"#)).rows
      #expect(rows.first?["severity"] == expected, "\(members)")
    }
  }

  @Test("a body that is no string becomes plain JSON")
  func bodies() throws {
    let cases: [(String, String?)] = [
      (
        #"{"kvlistValue":{"values":[{"key":"a\n","value":{"intValue":"-7"}},{"key":"b","value":{"arrayValue":{"values":[{"stringValue":"x\ty"},{"boolValue":true}]}}},{"key":"c"}]}}"#,
        #"{"a\n":-7,"b":["x\ty",true],"c":null}"#
      ),
      (#"{"arrayValue":{}}"#, "[]"), (#"{"kvlistValue":{"values":[]}}"#, "{}"), (#"{"intValue":"12"}"#, "12"),
      (#"{"intValue":"-012"}"#, #""-012""#),
      (#"{"intValue":"1x"}"#, #""1x""#), (#"{"doubleValue":"NaN"}"#, #""NaN""#), (#"{"doubleValue":1.5e3}"#, "1.5e3"),
      (#"{"bytesValue":"aGk="}"#, #""aGk=""#),
      (#"{"boolValue":true}"#, "true"), ("{}", nil), ("null", nil), (#"{"stringValue":null}"#, nil), (#"{"stringValue":5}"#, "5"),
      (#"{"other":{}}"#, nil),
    ]
    for (body, expected) in cases {
      let rows = try OTLPRun().feed(Self.request(#"{"timeUnixNano":"\#(Self.time)","body":\#(body)}"#)).rows
      #expect(rows.count == 1)
      #expect(rows.first?["message"] == expected, "\(body)")
    }
  }

  @Test("times that cannot be are errors that name the record")
  func times() throws {
    for time in ["0", "\"0\"", "-5", "\"-1\"", "\"631151999999999999\"", "\"4102444800000000001\"", "\"99999999999999999999\"", "null"] {
      let run = try OTLPRun().feed(Self.request(#"{"traceId":"","timeUnixNano":\#(time),"body":{"stringValue":"secret"}}"#))
      #expect(run.rows.count == 0 && run.errors.count == 1, "\(time)")
      #expect(run.errors.first?.hasPrefix("impossible-time: timeUnixNano of record telemetry.jsonl:0:0 is ") == true, "\(run.errors)")
      #expect(run.errorRaws.first?.hasPrefix("{\"traceId\"") == true)
    }
    let run = try OTLPRun().feed(
      Self.request(
        #"{"observedTimeUnixNano":"\#(Self.time)"},{"timeUnixNano":0,"observedTimeUnixNano":"\#(Self.time)"},{"observedTimeUnixNano":7}"#))
    #expect(run.rows.map { $0["time"] } == [Self.time, Self.time])
    #expect(run.errors == ["impossible-time: observedTimeUnixNano of record telemetry.jsonl:0:2 is 7"])
    for time in ["\"\"", "\"1.5\"", "true", "{}", "1.7e18", "\"-\""] {
      #expect(
        try OTLPRun().feed(Self.request(#"{"timeUnixNano":\#(time)}"#)).errors == ["wrong-type: timeUnixNano expects nanoseconds"],
        "\(time)")
    }
  }

  @Test("an id that the record brings along is used")
  func eventIDs() throws {
    for name in ["event.id", "log.record.uid"] {
      let rows = try OTLPRun().feed(
        Self.request(#"{"timeUnixNano":\#(Self.time),"attributes":[{"key":"\#(name)","value":{"stringValue":"a\u002d1"}}]}"#)
      ).rows
      #expect(rows.first?["event_id"] == "a-1")
    }
    let rows = try OTLPRun().feed(
      Self.request(#"{"timeUnixNano":\#(Self.time),"attributes":[{"key":"event.id","value":{"intValue":"1"}}]}"#)
    ).rows
    #expect(rows.first?["event_id"] == "telemetry.jsonl:0:0")
  }

  @Test("a record with a broken part is one error; the records beside it are not touched")
  func brokenRecords() throws {
    let good = #"{"timeUnixNano":"\#(Self.time)"}"#
    for bad in [
      #"{"timeUnixNano":"\#(Self.time)","traceId":"zz"}"#, #"{"timeUnixNano":"\#(Self.time)","spanId":"eee19b7ec3c1b17"}"#,
      #"{"timeUnixNano":"\#(Self.time)","spanId":5}"#, #"{"timeUnixNano":"\#(Self.time)","attributes":{}}"#,
      #"{"timeUnixNano":"\#(Self.time)","attributes":[1]}"#, "[]", "null", "7",
    ] {
      let run = try OTLPRun().feed(Self.request("\(good),\(bad),\(good)"))
      #expect(run.rows.count == 2 && run.errors.count == 1, "\(bad)")
      #expect(run.errors.first?.hasPrefix("wrong-type: ") == true)
      #expect(run.rows.map { $0["#ordinal"] } == ["0", "2"])
    }
  }

  @Test("a part that should hold records and does not is one error")
  func brokenLevels() throws {
    for line in [
      #"{"resourceLogs":{}}"#, #"{"resourceLogs":[1]}"#, #"{"resourceLogs":[{"scopeLogs":5}]}"#, #"{"resourceLogs":[{"scopeLogs":["x"]}]}"#,
      #"{"resourceLogs":[{"scopeLogs":[{"logRecords":"x"}]}]}"#, #"{"resourceLogs":[{"resource":[],"scopeLogs":[{"logRecords":[{}]}]}]}"#,
      #"{"resourceLogs":[{"scopeLogs":[{"scope":{"attributes":5},"logRecords":[{}]}]}]}"#, "[]", "5", "\"x\"", "null", #"{"foo":1}"#,
    ] {
      let run = try OTLPRun().feed(line)
      #expect(run.rows.isEmpty && run.errors.count == 1, "\(line)")
      #expect(run.errors.first?.hasPrefix("wrong-type: ") == true, "\(run.errors)")
      #expect(run.errorRaws == [line])
    }
  }

  @Test("requests without records of this signal are passed over and counted")
  func otherSignals() throws {
    let lines = [
      "{}", #"{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}"#, #"{"resourceMetrics":[]}"#, #"{"resourceLogs":[]}"#,
      #"{"resourceLogs":null}"#,
    ]
    let run = try OTLPRun().feed(lines)
    #expect(run.rows.isEmpty && run.errors.isEmpty && run.counters.filtered == lines.count)
  }

  @Test("a line cut at any byte is one error with its bytes, and none of its records is handed on")
  func truncation() throws {
    let line = Self.request(#"{"timeUnixNano":"\#(Self.time)","body":{"stringValue":"é\n"}},{"timeUnixNano":"\#(Self.time)"}"#)
    #expect(try OTLPRun().feed(line).rows.count == 2)
    let bytes = Array(line.utf8)
    for count in 1..<bytes.count {
      let batch = RecordBatch(schema: OTLPRun.lines)
      let row = batch.appendRow()
      // The rest of the line stands behind the cut.
      let whole = batch.copy(line)
      batch.bytes(OTLPRun.line)[row] = ByteView(base: whole.base, count: count)
      batch.raws[row] = batch.bytes(OTLPRun.line)[row]
      let run = try OTLPRun().feed(batch)
      #expect(run.rows.isEmpty && run.errors == ["malformed-json: at byte \(count)"])
      #expect(run.errorRaws == [String(decoding: bytes[..<count], as: UTF8.self)])
    }
    #expect(try OTLPRun().feed([nil]).errors == [#"missing-field: "line" is null"#])
  }

  @Test("thousands of records of one line fill several batches, each with what the records share")
  func manyRecords() throws {
    let records = (0..<2500).map { #"{"timeUnixNano":"\#(Self.time)","body":{"stringValue":"n \#($0)"}}"# }.joined(separator: ",")
    let resource = #"{"attributes":[{"key":"service.name","value":{"stringValue":"p\u0061y"}}]}"#
    let run = try OTLPRun().feed([Self.request(records, resource: resource), Self.request(records, resource: resource)])
    #expect(run.rows.count == 5000 && run.batches == 5)
    #expect(run.counters.received == 5000)
    for (index, row) in run.rows.enumerated() {
      #expect(row["service"] == "pay" && row["message"] == "n \(index % 2500)" && row["#ordinal"] == "\(index % 2500)")
    }
    #expect(Set(run.rows.map { $0["event_id"] }).count == 5000)
  }

  @Test("attributes are always JSON, whatever values they hold", arguments: [1, 2, 3] as [UInt64])
  func randomValues(seed: UInt64) throws {
    var random = OTLPRandom(seed)
    for _ in 0..<200 {
      let value = random.value(0)
      let run = try OTLPRun().feed(
        Self.request(#"{"timeUnixNano":"\#(Self.time)","body":\#(value.otlp),"attributes":[{"key":"k\"","value":\#(value.otlp)}]}"#))
      let row = try #require(run.rows.first, "seed \(seed): \(value.otlp)")
      let object = try JSONSerialization.jsonObject(with: Data((row["attributes"] ?? "").utf8)) as? [String: Any]
      let expected = try JSONSerialization.jsonObject(with: Data(value.plain.utf8), options: .fragmentsAllowed) as? NSObject
      #expect(object?["k\""] as? NSObject == expected, "seed \(seed): \(value.otlp)")
    }
  }

  @Test(
    "whatever a mutation makes of a request, the books balance and nothing is read that is not there", arguments: [1, 2, 3] as [UInt64])
  func mutations(seed: UInt64) throws {
    var random = OTLPRandom(seed)
    let line = Array(
      Self.request(
        #"{"timeUnixNano":"\#(Self.time)","body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}}]}},"traceId":"5b8efff798038103d269b633813fc60c"},{"observedTimeUnixNano":"\#(Self.time)","severityNumber":9,"attributes":[{"key":"a","value":{"arrayValue":{"values":[{"stringValue":"x"}]}}}]}"#
      ).utf8)
    let run = OTLPRun()
    for _ in 0..<1500 {
      var bytes = line
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[at] = Array("{}[]\",:\\ 0n".utf8).randomElement(using: &random)!
        case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...30, using: &random)))
        case 2: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + Int.random(in: 1...30, using: &random))], at: at)
        default: bytes.insert(Array("{}[]\",:\\ 0n".utf8).randomElement(using: &random)!, at: at)
        }
        if bytes.isEmpty { bytes = [0x7b] }
      }
      try run.feed(String(decoding: bytes, as: UTF8.self))
    }
    #expect(run.rows.count > 0 && run.errors.count > 0)
  }
}

/// Random OTLP values, with what they mean as plain JSON.
struct OTLPRandom: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }

  mutating func value(_ depth: Int) -> (otlp: String, plain: String) {
    switch Int.random(in: 0..<(depth > 4 ? 5 : 8), using: &self) {
    case 0:
      let text = [#""x""#, #""\u00e9\n\"""#, #""""#, #""漢""#].randomElement(using: &self)!
      return (#"{"stringValue":\#(text)}"#, text)
    case 1:
      let number = Int64.random(in: -1000...1000, using: &self)
      return Bool.random(using: &self) ? (#"{"intValue":"\#(number)"}"#, "\(number)") : (#"{ "intValue" : \#(number) }"#, "\(number)")
    case 2: return (#"{"boolValue":true}"#, "true")
    case 3: return (#"{"doubleValue":-2.5}"#, "-2.5")
    case 4: return ("{}", "null")
    case 5, 6:
      let items = (0..<Int.random(in: 0...3, using: &self)).map { _ in value(depth + 1) }
      return (
        #"{"arrayValue":{"values":[\#(items.map(\.otlp).joined(separator: " , "))]}}"#, "[\(items.map(\.plain).joined(separator: ","))]"
      )
    default:
      let items = (0..<Int.random(in: 0...3, using: &self)).map { (key: "k\($0)", value: value(depth + 1)) }
      return (
        #"{"kvlistValue":{"values":[\#(items.map { #"{"value":\#($0.value.otlp),"key":"\#($0.key)"}"# }.joined(separator: ","))]}}"#,
        "{\(items.map { "\"\($0.key)\":\($0.value.plain)" }.joined(separator: ","))}"
      )
    }
  }
}
