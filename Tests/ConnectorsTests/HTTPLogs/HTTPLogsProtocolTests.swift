import Connectors
import Gzip
import Testing

@Suite("logs over HTTP")
struct HTTPLogsProtocolTests {
  private let http = HTTPLogsProtocol()

  private func row(_ record: String) throws -> [String: String] {
    let logs = try PushedLogs(http, record)
    #expect(logs.body == #"{"accepted":1,"rejected":0,"errors":[]}"# && logs.errors == [], "\(record)")
    return try #require(logs.rows.first)
  }

  @Test("the usual names are understood, the rest are attributes, with their types")
  func names() throws {
    let first = try row(
      #"""
      {"@timestamp":"2026-01-02T03:04:05.5Z","level":"Warning","service":{"name":"shop","version":"2"},"env":"prod","msg":"slow \"q\"",
       "traceId":"5B8EFFF798038103D269B633813FC60C","span_id":"eee19b7ec3c1b174","event_id":"e-1","took":12,"ratio":0.5,"ok":true,"none":null,
       "tags":["a",{"b":1}],"attributes":{"inner":"x"}}
      """#)
    #expect(first["time"] == "1767323045500000000" && first["severity"] == "WARN" && first["service"] == "shop")
    #expect(first["environment"] == "prod" && first["message"] == "slow \"q\"" && first["event_id"] == "e-1")
    #expect(first["trace_id"] == "5b8efff798038103d269b633813fc60c" && first["span_id"] == "eee19b7ec3c1b174")
    #expect(
      first["attributes"]
        == #"{"service.name":"shop","deployment.environment.name":"prod","event.id":"e-1","service":{"name":"shop","version":"2"},"took":12,"#
        + #""ratio":0.5,"ok":true,"none":null,"tags":["a",{"b":1}],"inner":"x"}"#)
    let second = try row(#"{"time":1767323045,"severity":"ERR","service.name":"a","app":"b","log":"x","body":{"y":1},"trace_id":"short"}"#)
    #expect(second["severity"] == "ERROR" && second["service"] == "a" && second["message"] == "x" && second["trace_id"] == nil)
    #expect(second["attributes"] == #"{"service.name":"a","app":"b","body":{"y":1},"trace_id":"short"}"#)
    #expect(try row(#"{"msg":"x","level":50}"#)["severity"] == "ERROR")
    #expect(try row(#"{"message":{"a":[1]}}"#)["message"] == #"{"a":[1]}"#)
  }

  @Test("times are read as loggers write them; a record without one has that of its arrival")
  func times() throws {
    let time = "1767323045000000000"
    for text in [
      #""2026-01-02T03:04:05Z""#, #""2026-01-02T04:04:05+01:00""#, #""2026-01-02T04:04:05+0100""#, #""2026-01-02 03:04:05,000""#,
      #""2026-01-02T03:04:05""#, "1767323045", "1767323045.0", "1767323045000", "1767323045000000", "1767323045000000000", "1.767323045e9",
      #""1767323045""#, #""1767323045000""#,
    ] {
      #expect(try row(#"{"ts":\#(text),"msg":"x"}"#)["time"] == time, "\(text)")
    }
    #expect(try row(#"{"ts":1767323045.25,"msg":"x"}"#)["time"] == "1767323045250000000")
    #expect(try row(#"{"msg":"x"}"#)["time"] == "\(PushedLogs.received)")
    #expect(try row(#"{"ts":null,"msg":"x"}"#)["time"] == "\(PushedLogs.received)")
  }

  @Test("each record has its own verdict: 200 for all, 207 for some, 400 for none")
  func verdicts() throws {
    let some = try PushedLogs(
      http, #"[{"msg":"a"},1,{"a":2},{"msg":"b","ts":"x"},{"msg":"c","ts":1},{"msg":"d","ts":"2262-01-01T00:00:00Z"},{"msg":"e"}]"#)
    #expect(some.answer.status == 207 && some.rows.map { $0["message"] } == ["a", "e"] && some.errors == [])
    #expect(some.body.hasPrefix(#"{"accepted":2,"rejected":5,"errors":[{"index":1,"reason":"wrong-type","detail":"#))
    for part in [
      #"{"index":2,"reason":"missing-field""#, #"{"index":3,"reason":"wrong-type""#, #"{"index":4,"reason":"impossible-time""#,
      #"{"index":5,"reason":"impossible-time""#,
    ] { #expect(some.body.contains(part), "\(part)") }
    let none = try PushedLogs(http, "[1,2]")
    #expect(none.answer.status == 400 && none.rows.isEmpty)
    #expect(try PushedLogs(http, "[]").answer.status == 200)
    let many = try PushedLogs(http, "[" + (0..<150).map { "\($0)" }.joined(separator: ",") + "]")
    #expect(many.body.hasSuffix(#"],"errorsOmitted":50}"#) && many.body.contains(#""rejected":150"#))
  }

  @Test("a record a line: broken lines are told by their number, empty ones do not count")
  func lines() throws {
    let logs = try PushedLogs(http, "{\"msg\":\"a\"}\r\n\n{\"msg\":\n{\"msg\":\"b\"}\n  {\"msg\":\"c\"} ", type: "application/x-ndjson")
    #expect(logs.answer.status == 207 && logs.rows.map { $0["message"] } == ["a", "b", "c"])
    #expect(logs.body.contains(#"{"index":1,"reason":"malformed-json""#) && logs.body.contains(#""rejected":1"#))
  }

  @Test("a body that is not what its type says is refused as a whole")
  func malformed() {
    for body in ["", "  \n", "[{", "[{\"msg\":1},", "[1] [2]"] {
      #expect(PushedLogs.rejection(http, Array(body.utf8))?.kind == .badRequest, "\(body)")
    }
    for type in ["text/plain", "application/x-www-form-urlencoded", "application/x-protobuf"] {
      #expect(PushedLogs.rejection(http, Array(#"{"msg":"x"}"#.utf8), type: type)?.kind == .unsupported, "\(type)")
    }
    let answer = http.answer(PushRejection(.badRequest, "no \"JSON\""), contentType: nil)
    #expect(String(decoding: answer.body, as: UTF8.self) == #"{"error":"no \"JSON\""}"#)
  }

  @Test("deep nesting stays inside of its record: kept as text, or refused; text that is not UTF-8 is repaired")
  func hostile() throws {
    for depth in [1, 10, 12, 13, 40, 61] {
      let deep = String(repeating: #"{"a":["#, count: depth / 2) + "1" + String(repeating: "]}", count: depth / 2)
      let logs = try PushedLogs(http, #"[{"msg":"a","deep":\#(deep)},{"msg":"b"}]"#)
      #expect(logs.rows.map { $0["message"] } == ["a", "b"] && logs.errors == [], "\(depth)")
    }
    let far = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
    let logs = try PushedLogs(http, "{\"msg\":\"a\"}\n{\"msg\":\"b\",\"x\":\(far)}\n", type: "application/x-ndjson")
    #expect(logs.rows.map { $0["message"] } == ["a"] && logs.answer.status == 207)
    let bytes = Array(#"{"msg":"a?b","k?":"?"}"#.utf8).map { $0 == UInt8(ascii: "?") ? 0xC3 : $0 }
    let repaired = try PushedLogs(http, bytes)
    #expect(repaired.rows[0]["message"] == "a\u{FFFD}b" && repaired.rows[0]["attributes"] == "{\"k\u{FFFD}\":\"\u{FFFD}\"}")
  }

  @Test("a record that is sent twice is there twice, under one id: what `deduplicate` needs")
  func duplicates() throws {
    let logs = try PushedLogs(http, #"[{"msg":"a","event_id":"1"},{"msg":"a","event_id":"1"}]"#)
    #expect(logs.rows.map { $0["event_id"] } == ["1", "1"])
  }

  @Test("whatever comes is taken or refused, and what is taken decodes without loss", arguments: [1, 2, 3, 4] as [UInt64])
  func mutated(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let whole = Array(
      #"[{"ts":"2026-01-02T03:04:05Z","msg":"a \"b\" é","level":"info","x":{"y":[1,2.5e3,null,true]}},{"message":"c"}]"#.utf8)
    for _ in 0..<2_000 {
      var bytes = whole
      for _ in 0...random.int(0...3) { bytes[random.int(0...bytes.count - 1)] = UInt8.random(in: 0...255, using: &random) }
      guard let logs = try? PushedLogs(http, bytes) else { continue }
      #expect(
        logs.errors == [] && logs.body.hasPrefix(#"{"accepted":\#(logs.rows.count),"#),
        "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
    }
  }
}
