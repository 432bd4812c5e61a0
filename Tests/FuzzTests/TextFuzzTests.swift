import Connectors
import Dataflow
import DataflowTesting
import Foundation
import Operators
import SLO
import Testing

/// Texts that people and programs write, damaged.
@Suite("damaged texts")
struct TextFuzzTests {
  @Test("JSON lines give a row or an error, and a row where Foundation can read the line too")
  func jsonLines() throws {
    let config = Config([
      "field": .string("value"),
      "fields": .map(
        [("message", "string"), ("n", "int"), ("x", "double"), ("user", "json"), ("ok", "bool")].map { (key: $0, value: .string($1)) }),
    ])
    let decoder = try DecoderRun(ParseJSON.type.plan(config, TopicColumns.schema))
    let texts = [
      #"{"message":"naïve \u2713 \"x\"\n","n":-12,"x":1.5e-3,"user":{"id":7,"tags":["a",{"b":null}]},"ok":true}"#, #"{"n":"7","x":null}"#,
      "{}",
    ]
    let tokens = [
      "{", "[", "[[[[", "\"", "\\u12", "\\ud83d", "1e999", "-", "00", "nul", "true", ",", ":", "\"n\":", "\u{0}", "9223372036854775808",
    ]
    try Fuzz("json-lines", texts: texts, tokens: tokens).run { input, _ in
      let result = try decoder.feed(input)
      guard result.rows + result.errors == 1 else { throw FuzzFailure("one line gave \(result)") }
      // Both refuse what is no JSON; where they differ on purpose says JSONReferenceTests.
      if result.rows == 1, (try? JSONSerialization.jsonObject(with: Data(input))) == nil, Self.isPlain(input) {
        throw FuzzFailure("Foundation refuses what gave a row")
      }
    }
  }

  /// Whether Foundation has no reason of its own to refuse a document: it is UTF-8, and has no halves of pairs and no very large numbers.
  private static func isPlain(_ input: [UInt8]) -> Bool {
    guard let text = String(validating: input, as: UTF8.self) else { return false }
    return !text.lowercased().contains("\\ud") && !text.contains(where: { "eE".contains($0) }) && !text.contains("\0")
      && !text.split(whereSeparator: { !$0.isNumber }).contains { $0.count > 15 }
  }

  @Test("log lines of every kind give a row or an error")
  func logLines() throws {
    let decoder = try DecoderRun(ParseLine.type.plan(Config(["field": .string("value")]), TopicColumns.schema))
    let texts = [
      "2026-01-02 03:04:05,123 ERROR [main] shop.Orders - card refused", "Jan  2 03:04:05 web1 sshd[4711]: Failed password for root",
      #"127.0.0.1 - - [02/Jan/2026:03:04:05 +0100] "GET /a?b=c HTTP/1.1" 500 12 "-" "curl/8""#,
      "2026-01-02 03:04:05 status installed libc6:amd64 2.36-9", "2026-01-02 03:04:05.123 UTC [77] ERROR:  relation \"x\" does not exist",
    ]
    let tokens = ["2026-", "99:99:99", "[", "]", "\"", ":", " ", "Feb 30", "+99:99", "\u{0}", "ERROR", "\t", "0000-00-00T", "é"]
    try Fuzz("log-lines", texts: texts, tokens: tokens).run { input, _ in
      let result = try decoder.feed(input)
      // A blank line is none.
      let isBlank = input.allSatisfy { $0 <= 0x20 }
      guard result.rows + result.errors == 1 || isBlank && result.rows + result.errors == 0 else {
        throw FuzzFailure("one line gave \(result)")
      }
    }
  }

  @Test("expressions of PromQL are refused, or print as what reads back as the same")
  func promQL() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../promtool/valid.promql")
    let texts = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    let tokens = [
      "(", ")", "[5m]", "[1h:1m]", " offset -5m", " @ end()", " by (a)", " group_left(b) ", "rate(", "sum", "-", "^", "{", "}", "=~", "\"",
      "0x1F",
      "NaN", "1e", " bool ", "1h30m", "((((((((", "\\", ",",
    ]
    try Fuzz("promql", texts: texts, tokens: tokens).run { input, _ in
      let text = String(decoding: input, as: UTF8.self)
      guard let expression = try? PromQL.checked(text) else { return }
      let printed = expression.description
      do {
        let again = try PromQL.checked(printed)
        guard again.description == printed else { throw FuzzFailure("\(printed) reads back as \(again)") }
        guard try PromQL.checked(expression.lines).description == printed else {
          throw FuzzFailure("\(expression.lines) is not \(printed)")
        }
      } catch let error as PromQL.Failure { throw FuzzFailure("\(printed) is refused: \(error)") }
    }
  }
}
