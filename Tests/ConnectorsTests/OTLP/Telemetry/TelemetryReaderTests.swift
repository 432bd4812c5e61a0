import Connectors
import Foundation
import Testing

@Suite("telemetry read for analyses")
struct TelemetryReaderTests {
  /// Reads lines; each handler gets the reader, to ask for attributes.
  private func read(
    _ lines: [String], span: (TelemetrySpan, TelemetryReader) -> Void = { _, _ in }, log: (TelemetryLog) -> Void = { _ in }
  ) -> TelemetryReader {
    let reader = TelemetryReader()
    for line in lines {
      var bytes = Array(line.utf8)
      let count = bytes.count
      bytes.append(contentsOf: [UInt8](repeating: 0, count: 64))
      bytes.withUnsafeBufferPointer { all in
        reader.read(UnsafeBufferPointer(rebasing: all[..<count]), span: { span($0, reader) }, log: log)
      }
    }
    return reader
  }

  private func text(_ bytes: UnsafeBufferPointer<UInt8>?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

  private static let ids = #""traceId":"0000000000000001000000000000000A","spanId":"00000000000000ff""#

  private func spans(_ spans: String) -> String {
    #"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"w\u0065b"}}]},"scopeSpans":[{"spans":[\#(spans)]}]}]}"#
  }

  @Test("all fields of a span come as they are, names of enumerations and old names of attributes included")
  func span() {
    var seen = 0
    _ = read([
      spans(
        #"{\#(Self.ids),"parentSpanId":"","name":"a \"b\"","kind":"SPAN_KIND_SERVER","startTimeUnixNano":"1700000000000000001","endTimeUnixNano":1700000000000000005,"status":{"code":"STATUS_CODE_ERROR"},"traceState":"ot=th:8","links":[{"traceId":"00000000000000020000000000000003","spanId":"0000000000000004"},{"traceId":"x"}],"attributes":[{"key":"http.method","value":{"stringValue":"PUT"}},{"key":"http.status_code","value":{"intValue":"503"}},{"key":"http.request.method","value":{"stringValue":"GET"}},{"key":"http.route","value":{"boolValue":true}}]}"#
      )
    ]) { span, reader in
      seen += 1
      #expect(span.traceHigh == 1 && span.traceLow == 10 && span.id == 255 && span.parent == 0)
      #expect(span.start == 1_700_000_000_000_000_001 && span.end == 1_700_000_000_000_000_005)
      #expect(span.kind == 2 && span.status == 2 && text(span.name) == "a \"b\"" && text(span.traceState) == "ot=th:8")
      #expect(text(reader.string(.httpMethod)) == "GET" && reader.integer(.httpStatus) == 503)
      #expect(reader.string(.httpRoute) == nil && reader.string(.rpcMethod) == nil)
      #expect(reader.links.count == 1 && reader.links[0].traceHigh == 2 && reader.links[0].span == 4)
      #expect(text(reader.service) == "web" && reader.environment.isEmpty)
    }
    #expect(seen == 1)
  }

  @Test("attributes of one span are not those of the next; an end before the start is none")
  func forgets() {
    var statuses: [Int64?] = []
    _ = read([
      spans(
        #"{\#(Self.ids),"startTimeUnixNano":"1700000000000000009","attributes":[{"key":"http.status_code","value":{"intValue":200}}]},{\#(Self.ids),"startTimeUnixNano":"1700000000000000009","endTimeUnixNano":"1700000000000000001"}"#
      )
    ]) { span, reader in
      statuses.append(reader.integer(.httpStatus))
      #expect(span.end == span.start)
    }
    #expect(statuses == [200, nil])
  }

  @Test("what cannot be is counted and skipped, and the rest is read")
  func hostile() {
    var seen = 0
    let reader = read(
      [
        "", "{", "[]", "{}", #"{"resourceMetrics":[]}"#, #"{"resourceSpans":{}}"#,
        #"{"resourceSpans":[1,{"scopeSpans":[{"spans":["x"]}]}]}"#,
        spans(#"{"traceId":"00","spanId":"00000000000000ff","startTimeUnixNano":"1700000000000000001"}"#), spans(#"{\#(Self.ids)}"#),
        spans(#"{\#(Self.ids),"startTimeUnixNano":"1700000000000000001"}"#),
      ], span: { _, _ in seen += 1 })
    #expect(seen == 1)
    #expect(reader.refused.lines == 4 && reader.otherLines == 1 && reader.refused.records == 4)
  }

  @Test("severity of a log record is that of its text, its number, or the first word in capitals of its message")
  func logs() {
    var errors: [Bool] = []
    let line = { (record: String) in
      #"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1700000000000000001",\#(record)}]}]}]}"#
    }
    _ = read(
      [
        line(#""severityText":"Error""#), line(#""severityNumber":18"#), line(#""severityNumber":9"#),
        line(#""body":{"stringValue":"12:00 ERROR it broke"}"#), line(#""body":{"stringValue":"no error here"}"#),
      ], log: { errors.append($0.isError) })
    #expect(errors == [true, true, false, true, false])
  }

  @Test("lines come whole, whatever their length and ends; packed files are unpacked")
  func lines() throws {
    let path = FileManager.default.temporaryDirectory.path + "/lines-\(UInt64.random(in: 0 ... .max))"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let long = String(repeating: "x", count: 5_000_000)
    try "a\r\n\n\(long)\nb".write(toFile: path, atomically: true, encoding: .utf8)
    let lines = try TelemetryLines(path: path)
    var read: [String] = []
    while let line = try lines.next() { read.append(String(decoding: line, as: UTF8.self)) }
    #expect(read == ["a", long, "b"])
    #expect(try TelemetryFiles.find([path]) == [path])
    #expect(throws: (any Error).self) { try TelemetryFiles.find([path + "-not"]) }
  }
}
