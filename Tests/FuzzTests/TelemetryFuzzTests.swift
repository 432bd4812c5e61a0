import Connectors
import Dataflow
import DataflowTesting
import Foundation
import Testing

/// What others push, damaged: an error or rows, and the books balanced.
@Suite("damaged telemetry")
struct TelemetryFuzzTests {
  /// Requests of all signals in protobuf, that another implementation encoded.
  private static func requests(_ signal: OTLPSignal) throws -> [[UInt8]] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../ConnectorsTests/OTLP/Protobuf/requests.jsonl")
    let requests = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line -> [UInt8]? in
      guard let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
        row["signal"] as? String == signal.rawValue,
        let digits = (row["protobuf"] as? String).map(Array.init)
      else { return nil }
      return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }
    try #require(!requests.isEmpty)
    return requests
  }

  @Test("OTLP in protobuf is refused, or becomes JSON that Foundation and the decoder can read", arguments: OTLPSignal.allCases)
  func otlpProtobuf(_ signal: OTLPSignal) throws {
    let decoder = try DecoderRun(signal.decoder(of: DecoderRun.value))
    try Fuzz("otlp-protobuf-\(signal)", seeds: Self.requests(signal)).run { input, _ in
      guard let json = try? OTLPBody(signal: signal, encoding: .protobuf).json(input) else { return }
      do { _ = try JSONSerialization.jsonObject(with: Data(json)) } catch {
        // Foundation has no number for what is beyond a double.
        throw FuzzFailure("Foundation cannot read the JSON: \(error)")
      }
      do { _ = try OTLPBody(signal: signal, encoding: .json).json(json) } catch { throw FuzzFailure("what was made is refused: \(error)") }
      let first = try decoder.feed(json)
      guard try decoder.feed(json) == first else { throw FuzzFailure("the same record gives other rows the second time") }
    }
  }

  @Test("OTLP in JSON is refused, or gives rows and errors", arguments: OTLPSignal.allCases)
  func otlpJSON(_ signal: OTLPSignal) throws {
    let decoder = try DecoderRun(signal.decoder(of: DecoderRun.value))
    let texts = try Self.requests(signal).map { try OTLPBody(signal: signal, encoding: .protobuf).json($0) }
    let tokens = [
      "null", "true", "{}", "[]", "[[", "{\"a\":", "\"\\u0000\"", "\"\\ud83d\"", "1e999", "-0", "18446744073709551616", "\"-1\"", "NaN",
      ",",
      "\"attributes\":", "\"kvlistValue\":{\"values\":[", "\"arrayValue\":{\"values\":[", "\\", "\u{FEFF}",
    ]
    try Fuzz("otlp-json-\(signal)", seeds: texts, tokens: tokens).run { input, _ in
      if let kept = try? OTLPBody(signal: signal, encoding: .json).json(input) {
        guard kept == input else { throw FuzzFailure("the body was changed") }
      }
      // A file may hold what no receiver would have kept.
      let first = try decoder.feed(input)
      guard try decoder.feed(input) == first else { throw FuzzFailure("the same record gives other rows the second time") }
    }
  }

  private static func pushed(_ spoken: any PushProtocol, _ body: [UInt8], _ type: String, _ compression: String? = nil) -> PushAcceptance? {
    try? spoken.take(
      PushRequest(path: spoken.paths[0], contentType: type, compression: compression, body: body, limits: BodyLimits(bytes: 1 << 20)))
  }

  private static let lokiText = #"""
    {"streams":[{"stream":{"app":"shop","level":"warn"},"values":[["1767323045000000001","card \"42\" ✓\n",{"trace_id":"5b8efff798038103d269b633813fc60c"}],["1767323045000000002",""]]}]}
    """#

  @Test("Loki's pushes and JSON over HTTP are refused, or what is kept is OTLP that the decoder can read")
  func logs() throws {
    let decoder = try DecoderRun(OTLPSignal.logs.decoder(of: DecoderRun.value))
    let posted = #"{"ts":1767323045.5,"level":"warn","service":"shop","msg":"naïve ✓","n":{"a":[1,null,true,-2.5e3]}}"#
    let tokens = ["[", "{", "\"", "null", "1e400", "\"9223372036854775808\"", "\\u00", "\n", "\"ts\":", "\"time\":", "1970", ":\"\"", ","]
    for (name, spoken, texts) in [
      ("loki", LokiProtocol() as any PushProtocol, [Self.lokiText]),
      ("http-logs", HTTPLogsProtocol(), [posted, "[\(posted),\(posted)]", posted + "\n" + posted]),
    ] {
      try Fuzz(name, texts: texts, tokens: tokens).run { input, _ in
        guard let kept = Self.pushed(spoken, input, "application/json")?.kept else { return }
        do { _ = try OTLPBody(signal: .logs, encoding: .json).json(kept) } catch { throw FuzzFailure("what is kept is no OTLP: \(error)") }
        _ = try decoder.feed(kept)
      }
    }
  }

  @Test("syslog messages, in frames of both kinds, give a row or an error each, however the stream is cut")
  func syslog() throws {
    let decoder = try DecoderRun(OTLPSignal.logs.decoder(of: DecoderRun.value))
    let texts = [
      #"<165>1 2026-01-02T03:04:05.003+01:00 web1 shop 8710 ID47 [ex@32473 iut="3" note="a \"b\" \\ \]"] card refused ✓"#,
      "<34>Jan  2 03:04:05 web1 sshd[4711]: Failed password for root\n<14>order\n", "21 <14>shop: order 7 paid<0>1 - - - - - -\n",
    ]
    let tokens = ["<", ">", "<999>", "[", "]", "=\"", "\\", "\n", "5 ", "99999999999999999999 ", "1 - ", "\u{FEFF}", "Feb 30 24:61:61 "]
    try Fuzz("syslog", texts: texts, tokens: tokens).run { input, random in
      /// The messages, when the stream comes in pieces that end here.
      func messages(_ cuts: [Int]) -> [[UInt8]] {
        var framing = SyslogFraming(limit: 200)
        var found: [[UInt8]] = []
        for (start, end) in zip([0] + cuts, cuts + [input.count]) {
          input[start..<end].withUnsafeBufferPointer { framing.read($0) { message, _ in found.append(Array(message)) } }
        }
        return found
      }
      let whole = messages([])
      let cuts = (0..<random.int(0...5)).map { _ in random.int(0...input.count) }.sorted()
      guard messages(cuts) == whole else { throw FuzzFailure("other messages when cut at \(cuts)") }
      guard whole.allSatisfy({ $0.count <= 200 }) else { throw FuzzFailure("a message is longer than the limit") }
      var records = SyslogRecords()
      for message in whole + [input] { message.withUnsafeBufferPointer { records.take($0, now: 1_767_323_045_000_000_000) } }
      guard let kept = records.end() else { return }
      let result = try decoder.feed(kept)
      // What is nothing but line ends and zeros is no message.
      let count = (whole + [input]).count { $0.contains { $0 != 0x0A && $0 != 0x0D && $0 != 0 } }
      // A time of another century is an error of its message.
      guard result.rows + result.errors == count else { throw FuzzFailure("\(count) messages gave \(result)") }
    }
  }

  /// A request of Prometheus in each version: labels, samples, an exemplar, a histogram.
  private static var remoteWrites: [[UInt8]] {
    var one = WireWriter()
    one.append(1) { series in
      for (name, value) in [("__name__", "up"), ("job", "köln")] {
        series.append(1) {
          $0.append(1, name)
          $0.append(2, value)
        }
      }
      for number in 0..<3 {
        series.append(2) {
          $0.append(1, double: Double(number))
          $0.append(2, varint: 1_767_225_600_123 + UInt64(number))
        }
      }
      series.append(4) {
        $0.append(1, varint: 7)
        $0.append(3, double: 12.5)
        $0.append(11) {
          $0.append(1, varint: 3)
          $0.append(2, varint: 2)
        }
        $0.append(12, packed: [6, 1])
        $0.append(15, varint: 1_767_225_600_123)
      }
    }
    one.append(3) {
      $0.append(1, varint: 1)
      $0.append(2, "up")
      $0.append(4, "Whether it runs")
    }
    var two = WireWriter()
    for symbol in ["", "__name__", "up", "job", "a"] { two.append(4, symbol) }
    two.append(5) { series in
      series.append(1, packed: [1, 2, 3, 4])
      series.append(2) {
        $0.append(1, double: 1)
        $0.append(2, varint: 1_767_225_600_123)
      }
      series.append(5) { $0.append(1, varint: 1) }
    }
    return [[1] + one.bytes, [2] + two.bytes]
  }

  @Test("requests of Prometheus remote write give rows or errors, the same ones every time")
  func remoteWrite() throws {
    try Fuzz("remote-write", seeds: Self.remoteWrites).run { input, _ in
      // A decoder remembers what families are: each gets one of its own.
      let results = try (0..<2).map { _ in try DecoderRun(DecodeRemoteWrite.planned(request: DecoderRun.value)).feed(input) }
      guard results[0] == results[1] else { throw FuzzFailure("the same record gives other rows the second time: \(results)") }
      _ = Self.pushed(RemoteWriteProtocol(), input, "application/x-protobuf", "snappy")
    }
  }

  @Test("texts of Prometheus' exposition formats are read or refused, and what was read can be decoded")
  func exposition() throws {
    let texts = [
      #"""
      # HELP http_requests_total All \\ requests\nof "all"
      # TYPE http_requests_total counter
      http_requests_total{path="C:\\DIR\n\"x\"",code="200",} 1027 1767225500000
      {"http.überall",job="own",empty=""} NaN
      """#,
      #"""
      # TYPE latency_seconds histogram
      # UNIT latency_seconds seconds
      latency_seconds_bucket{le="+Inf"} 3 1767225500.5 # {trace_id="ab"} 0.43 1767225499.25
      latency_seconds_count 3
      # EOF
      """# + "\n",
    ]
    let tokens = [
      "{", "}", "\"", "\\", "# TYPE ", "# ", "=", ",", "\n", "+Inf", "1e400", "-", "0x1p3", "_total", "\u{0}", "# EOF\n", " 9e99",
    ]
    try Fuzz("exposition", texts: texts, tokens: tokens).run { input, random in
      var record = ScrapeRecord(job: "shop", instance: "a:1", time: 1_767_225_600_000)
      let isRead = (try? record.add(input, isOpenMetrics: random.chance(0.5))) != nil
      _ = try DecoderRun(DecodeRemoteWrite.planned(request: DecoderRun.value)).feed(record.kept(isUp: isRead, seconds: 0.1))
    }
  }
}
