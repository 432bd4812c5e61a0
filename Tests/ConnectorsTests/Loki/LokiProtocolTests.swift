import Connectors
import Gzip
import Testing

#if Snappy
import Snappy
#endif

@Suite("pushes of Loki")
struct LokiProtocolTests {
  private let loki = LokiProtocol()
  private let time = "1767323045000000001"

  private func push(_ entries: String, labels: String = #"{"app":"shop","env":"prod","level":"warn"}"#) -> String {
    #"{"streams":[{"stream":\#(labels),"values":[\#(entries)]}]}"#
  }

  @Test("labels and structured metadata are attributes; service, environment, severity, ids and time are found in them")
  func json() throws {
    let trace = "5b8efff798038103d269b633813fc60c"
    let entries = #"""
      ["\#(time)","card \"4242\" refused\n",{"trace_id":"\#(trace)","span_id":"eee19b7ec3c1b174","level":"error","user":"naïve ✓"}],
      ["1767323045000000002",""]
      """#
    let logs = try PushedLogs(loki, push(entries))
    #expect(logs.answer == HTTPAnswer(204))
    #expect(logs.errors == [] && logs.rows.count == 2)
    var first = try #require(logs.rows.first)
    first["#raw"] = nil
    #expect(
      first
        == [
          "event_id": "telemetry.jsonl:0:0", "service": "shop", "environment": "prod", "severity": "ERROR",
          "message": "card \"4242\" refused\n",
          "trace_id": trace, "span_id": "eee19b7ec3c1b174", "time": time, "#time": time, "#ordinal": "0", "#offset": "0",
          "attributes": #"{"app":"shop","env":"prod","level":"error","service.name":"shop","deployment.environment.name":"prod","#
            + #""trace_id":"\#(trace)","span_id":"eee19b7ec3c1b174","user":"naïve ✓"}"#,
        ].mapValues { $0 }.merging(["attributes": first["attributes"] ?? ""]) { _, new in new })
    for part in [#""app":"shop""#, #""level":"error""#, #""user":"naïve ✓""#, #""service.name":"shop""#] {
      #expect(first["attributes"]?.contains(part) == true, "\(part)")
    }
    #expect(logs.rows[1]["severity"] == "WARN" && logs.rows[1]["message"] == "")
  }

  @Test("a service is the first of the labels that Loki looks at")
  func services() throws {
    for (labels, service) in [
      (#"{"service_name":"a","app":"b","job":"c"}"#, "a"), (#"{"job":"c","container":"d"}"#, "d"), (#"{"job":"c"}"#, "c"),
      ("{}", "unknown"),
    ] {
      #expect(try PushedLogs(loki, push(#"["\#(time)","x"]"#, labels: labels)).rows[0]["service"] == service)
    }
  }

  @Test("what is no push is refused as a whole, and says what is wrong; an empty one is taken")
  func malformed() throws {
    let bad = [
      "", "{", "[]", "{}", #"{"streams":{}}"#, #"{"streams":[1]}"#, #"{"streams":[{"stream":{},"values":1}]}"#,
      #"{"streams":[{"stream":{"a":1},"values":[]}]}"#, push(#"[1,"x"]"#), push(#"["x","x"]"#), push(#"["1"]"#), push(#"["1",2]"#),
      push(#"["1","x",{"a":1}]"#), push(#"["1","x",{},1]"#), push(#"{"a":1}"#),
    ]
    for body in bad {
      let rejection = PushedLogs.rejection(loki, Array(body.utf8))
      #expect(rejection?.kind == .badRequest, "\(body)")
    }
    for body in [#"{"streams":[]}"#, push("")] { #expect(try PushedLogs(loki, body).rows.isEmpty) }
    let mixed = #"{"streams":[{"stream":{"app":"a"},"values":[]},{"stream":{"app":"b"},"values":[["\#(time)","x"]]}]}"#
    #expect(try PushedLogs(loki, mixed).rows.map { $0["service"] } == ["b"])
    #expect(PushedLogs.rejection(loki, [], type: "text/plain")?.kind == .unsupported)
  }

  @Test("a clock in 1970 or 2262 is an error of its record, not of the others")
  func clocks() throws {
    let logs = try PushedLogs(loki, push(#"["0","a"],["9223372036854775807","b"],["99999999999999999999","c"],["\#(time)","d"]"#))
    #expect(logs.rows.map { $0["message"] } == ["d"])
    #expect(logs.errors.count == 3 && logs.errors.allSatisfy { $0.hasPrefix("impossible-time") })
  }

  @Test("text that is not UTF-8 is repaired, and deep nesting is refused")
  func hostile() throws {
    let body = Array(push(#"["\#(time)","a?b"]"#).utf8).map { $0 == UInt8(ascii: "?") ? 0xFF : $0 }
    #expect(try PushedLogs(loki, body).rows[0]["message"] == "a\u{FFFD}b")
    let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    #expect(PushedLogs.rejection(loki, Array(#"{"streams":\#(deep)}"#.utf8))?.kind == .badRequest)
  }

  @Test("a rejection is a line of text")
  func rejections() {
    let answer = loki.answer(PushRejection(.busy, "later"), contentType: nil)
    #expect(answer.status == 429 && String(decoding: answer.body, as: UTF8.self) == "later\n")
  }

  #if Snappy
  private func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    precondition(bytes.count < 128)
    return [number << 3 | 2, UInt8(bytes.count)] + bytes
  }

  private func varint(_ value: UInt64) -> [UInt8] { value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7) }

  private func protobuf(labels: String, line: String, seconds: UInt64 = 1_767_323_045) -> [UInt8] {
    let pair = field(1, Array("user".utf8)) + field(2, Array("u 1".utf8))
    let entry = field(1, [0x08] + varint(seconds) + [0x10, 0x07]) + field(2, Array(line.utf8)) + field(3, pair)
    // The entries before the labels, which may be.
    return field(1, field(2, entry) + field(1, Array(labels.utf8)))
  }

  @Test("protobuf with snappy gives the same as JSON, with or without a header that says so")
  func protobufPush() throws {
    let body = SnappyBlock.compress(protobuf(labels: #"{app="shop", path="C:\\t\u00e9\x41\101\n\""}"#, line: "x ✓"))
    for compression in [nil, "snappy"] {
      for type in ["application/x-protobuf", nil] {
        let logs = try PushedLogs(loki, body, type: type, compression: compression)
        #expect(logs.rows.count == 1)
        #expect(logs.rows[0]["message"] == "x ✓" && logs.rows[0]["service"] == "shop" && logs.rows[0]["time"] == "1767323045000000007")
        #expect(logs.rows[0]["attributes"] == #"{"app":"shop","path":"C:\\téAA\n\"","service.name":"shop","user":"u 1"}"#)
      }
    }
  }

  @Test("broken snappy, broken protobuf and broken labels are refused, at any length")
  func brokenProtobuf() throws {
    let type = "application/x-protobuf"
    let whole = protobuf(labels: #"{app="shop"}"#, line: "x")
    for length in 1..<whole.count {
      #expect(PushedLogs.rejection(loki, SnappyBlock.compress(Array(whole[..<length])), type: type)?.kind == .badRequest, "\(length)")
    }
    let block = SnappyBlock.compress(whole)
    for length in 0..<block.count {
      #expect(PushedLogs.rejection(loki, Array(block[..<length]), type: type)?.kind == .badRequest, "\(length)")
    }
    for labels in ["", "app", "{", "{app}", "{app=}", "{app=\"", "{app=\"x\"", "{app=\"x\" y}", "{app=\"\\q\"}", "{app=\"\\u12\"}", "{}x"] {
      let body = SnappyBlock.compress(protobuf(labels: labels, line: "x"))
      #expect(PushedLogs.rejection(loki, body, type: type)?.kind == .badRequest, "\(labels)")
    }
    let far = try PushedLogs(loki, SnappyBlock.compress(protobuf(labels: "{}", line: "x", seconds: 9_223_372_037)), type: type)
    #expect(far.rows.isEmpty && far.errors.count == 1)
  }
  #endif
}
