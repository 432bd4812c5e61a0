import Connectors
import Dataflow
import DataflowTesting
import Testing

@Suite("scraping Prometheus' text formats")
struct ScrapeTests {
  private let time: Int64 = 1_767_225_600_000

  private func rows(_ text: String, openMetrics: Bool = false, errors: Int = 0) throws -> [[String: String]] {
    var record = ScrapeRecord(job: "shop", instance: "a:1", time: time)
    try record.add(Array(text.utf8), isOpenMetrics: openMetrics)
    let run = try MetricRun.remoteWrite().feed([record.kept(isUp: true, seconds: 0.25)])
    #expect(run.errors.count == errors)
    return run.rows
  }

  @Test("a text of 0.0.4: help, types, escapes, times, every kind of number, and the three samples of the scrape itself")
  func plain() throws {
    let rows = try rows(
      #"""
      # HELP http_requests_total All \\ requests\nof "all"
      # TYPE http_requests_total counter
      http_requests_total{path="C:\\DIR\n\"x\"",code="200",} 1027 1767225500000
        http_requests_total { code = "400" }  +Inf
      # a comment
      #
      up2 NaN
      small 5e-324
      neg -.5
      {"http.überall",job="own",empty=""} 1
      """# + "\r\n")
    #expect(
      rows.map { $0["name"] ?? "" }.prefix(6) == ["http_requests_total", "http_requests_total", "up2", "small", "neg", "http.überall"])
    #expect(rows.map { $0["value"] ?? "" }.prefix(6) == ["1027.0", "inf", "nan", "5e-324", "-0.5", "1.0"])
    #expect(rows[0]["attributes"] == #"{"code":"200","instance":"a:1","job":"shop","path":"C:\\DIR\n\"x\""}"#)
    #expect(rows[0]["time"] == "1767225500000000000" && rows[1]["time"] == "1767225600000000000")
    #expect(rows[0]["type"] == "sum" && rows[0]["description"] == "All \\ requests\nof \"all\"")
    #expect(rows[5]["attributes"] == #"{"exported_job":"own","instance":"a:1","job":"shop"}"#)
    #expect(rows.suffix(3).map { $0["name"] } == ["up", "scrape_duration_seconds", "scrape_samples_scraped"])
    #expect(rows.suffix(3).map { $0["value"] } == ["1.0", "0.25", "6.0"])
  }

  @Test("OpenMetrics: units, exemplars, times in seconds, and the end that must be there")
  func openMetrics() throws {
    let text = #"""
      # TYPE latency_seconds histogram
      # UNIT latency_seconds seconds
      # HELP latency_seconds How \"long\"
      latency_seconds_bucket{le="0.5"} 3 1767225500.5 # {trace_id="ab"} 0.43 1767225499.25
      latency_seconds_count 3
      # EOF
      """#
    let rows = try rows(text, openMetrics: true)
    #expect(rows[0]["type"] == "histogram" && rows[0]["unit"] == "seconds" && rows[0]["description"] == "How \"long\"")
    #expect(rows[0]["time"] == "1767225500500000000")
    #expect(rows[0]["exemplars"] == #"[{"timeUnixNano":"1767225499250000000","asDouble":0.43,"traceId":"ab"}]"#)
    #expect(throws: ExpositionParser.Malformed.self) { try self.rows(String(text.dropLast(6)), openMetrics: true) }
    #expect(throws: ExpositionParser.Malformed.self) { try self.rows(text + "\nmore 1", openMetrics: true) }
  }

  @Test("a line that is wrong is named by its number")
  func wrong() throws {
    for line in [
      "a", "a x", "a{b=\"c\" 1", "a{b=\"c} 1", "a{b=c} 1", "a{=\"c\"} 1", "a{b} 1", "{} 1", "a 1 x", "a 1 2 3", "a 0x1p3", "# HELP",
      "a 1 1.5",
    ] {
      var parser = ExpositionParser(isOpenMetrics: false)
      do {
        try parser.parse(Array("ok 1\n\(line)\n".utf8)) { _ in }
        Issue.record("\(line) was taken")
      } catch { #expect("\(error)".hasPrefix("line 2: "), "\(line): \(error)") }
    }
  }

  @Test("noise is refused or read, and never harms", arguments: 0..<200)
  func noise(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    var bytes = Array("# TYPE a counter\n# HELP a b\\n\na{b=\"c\\\"\",d=\"\"} 1.5 17 # {x=\"y\"} 1\n{\"q\"} 2\n# EOF\n".utf8)
    for _ in 0..<random.int(1...8) { bytes[random.int(0...bytes.count - 1)] = UInt8(random.int(0...255)) }
    for isOpenMetrics in [false, true] {
      var record = ScrapeRecord(job: "j", instance: "i", time: time)
      do { try record.add(bytes, isOpenMetrics: isOpenMetrics) } catch is ExpositionParser.Malformed {}
      try MetricRun.remoteWrite().feed([record.kept(isUp: false, seconds: 0)])
    }
  }

  @Test("targets are hosts or URLs, and options that cannot be used are refused")
  func targets() {
    #expect(Scraper.Target("a:1").url == "http://a:1/metrics" && Scraper.Target("a:1").instance == "a:1")
    #expect(Scraper.Target("https://a/x?y=1").url == "https://a/x?y=1" && Scraper.Target("https://a/x?y=1").instance == "a")
    #expect(ScrapeSource.descriptor.type == "prometheus-scrape" && RemoteWriteSource.descriptor.type == "prometheus-remote-write")
    #expect(throws: Diagnostic.self) { try ScrapeSource.plan(Config(["targets": .list([])])) }
    #expect(throws: Diagnostic.self) {
      try ScrapeSource.plan(Config(["targets": .list([.string("a:1")]), "interval": .duration(1_000_000_000)]))
    }
  }
}
