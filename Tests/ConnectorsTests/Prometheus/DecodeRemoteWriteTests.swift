import Connectors
import Dataflow
import DataflowTesting
import Testing

@Suite("decoding Prometheus remote write")
struct DecodeRemoteWriteTests {
  private let time = RemoteWriteFixture.time
  private let labels = [("__name__", "http_requests_total"), ("code", "200"), ("instance", "a:1"), ("job", "shop")]

  private func rows(_ fixture: RemoteWriteFixture) throws -> [[String: String]] {
    let run = try MetricRun.remoteWrite().feed([fixture.kept])
    #expect(run.errors.isEmpty)
    return run.rows
  }

  @Test("a sample of either version has its labels, value, time, type, unit and help", arguments: [1, 2] as [UInt8])
  func sample(version: UInt8) throws {
    var fixture = RemoteWriteFixture(version: version)
    // In 1.0 metadata comes separately, here behind the series it is about.
    fixture.series(labels, [(41.5, time)], metadata: version == 2 ? (1, "Requests \"all\"", "requests") : nil)
    if version == 1 { fixture.family("http_requests", type: 1, help: "Requests \"all\"", unit: "requests") }
    #expect(
      try rows(fixture) == [
        [
          "event_id": "spool:0:0", "name": "http_requests_total", "type": "sum", "unit": "requests", "description": "Requests \"all\"",
          "temporality": "cumulative", "is_monotonic": "true", "service": "shop", "environment": "unknown", "value": "41.5",
          "attributes": #"{"code":"200","instance":"a:1","job":"shop"}"#, "time": "1767225600123000000",
        ]
      ])
  }

  @Test("stale markers have no value and a flag; NaN and infinities are values")
  func special() throws {
    var fixture = RemoteWriteFixture(version: 1)
    for value in [RemoteWriteFixture.stale, .nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude] {
      fixture.series(labels, [(value, time)])
    }
    let rows = try rows(fixture)
    #expect(rows.map { $0["value"] } == [nil, "nan", "inf", "-inf", "-0.0", "5e-324"])
    #expect(rows.map { $0["flags"] } == ["1", nil, nil, nil, nil, nil])
  }

  @Test("native histograms keep all that they say", arguments: [1, 2] as [UInt8])
  func histograms(version: UInt8) throws {
    var fixture = RemoteWriteFixture(version: version)
    fixture.series(labels, [], histograms: [RemoteWriteFixture.histogram(), RemoteWriteFixture.histogram(sum: RemoteWriteFixture.stale)])
    let rows = try rows(fixture)
    #expect(rows.count == 2)
    #expect(rows[0]["type"] == "exponential_histogram" && rows[0]["count"] == "7" && rows[0]["sum"] == "12.5")
    #expect(
      rows[0]["buckets"]
        == #"{"schema":3,"zeroThreshold":0.001,"zeroCount":1,"positiveSpans":[{"offset":-2,"length":2}],"positiveDeltas":[3,-1]}"#)
    #expect(rows[1]["sum"] == nil && rows[1]["flags"] == "1")
  }

  @Test("exemplars stand with the last sample, or alone", arguments: [1, 2] as [UInt8])
  func exemplars(version: UInt8) throws {
    var fixture = RemoteWriteFixture(version: version)
    let exemplar = ([("trace_id", "ab12"), ("user", "a\"b")], 0.7, time)
    fixture.series(labels, [(1, time), (2, time + 1000)], exemplars: [exemplar])
    fixture.series(labels, [], exemplars: [exemplar], created: time)
    let text =
      #"[{"timeUnixNano":"1767225600123000000","asDouble":0.7,"traceId":"ab12","filteredAttributes":[{"key":"user","value":{"stringValue":"a\"b"}}]}]"#
    let rows = try rows(fixture)
    #expect(rows.map { $0["exemplars"] } == [nil, text, text])
    #expect(rows.map { $0["value"] } == ["1.0", "2.0", nil])
  }

  @Test("labels out of order are put in order; empty values are kept; the series keeps its name")
  func order() throws {
    var fixture = RemoteWriteFixture(version: 1)
    fixture.series([("job", "shop"), ("a", ""), ("__name__", "up")], [(1, time)])
    let rows = try rows(fixture)
    #expect(rows[0]["attributes"] == #"{"a":"","job":"shop"}"# && rows[0]["name"] == "up")
  }

  @Test("series that name none are errors one by one, and the others of the request are good")
  func unusable() throws {
    var fixture = RemoteWriteFixture(version: 1)
    fixture.series(labels, [(1, time)])
    fixture.series([("__name__", "a"), ("x", "1"), ("x", "2")], [(1, time)])
    fixture.series([("", "1"), ("__name__", "a")], [(1, time)])
    fixture.series([("job", "shop")], [(1, time)])
    fixture.series([("__name__", "")], [(1, time)])
    for at in [0, 1_000, 9_223_372_036_855, 9_223_372_036_854, Int64.max, Int64.min] { fixture.series(labels, [(1, at)]) }
    let run = try MetricRun.remoteWrite().feed([fixture.kept])
    #expect(run.rows.count == 1 && run.errors.count == 10)
    #expect(run.errors.prefix(4).allSatisfy { $0.hasPrefix("wrong-type: ") })
    #expect(run.errors.dropFirst(4).allSatisfy { $0.hasPrefix("impossible-time: a sample of \"http_requests_total\" is of ") })
  }

  @Test("more samples than a batch holds come whole, with their labels")
  func large() throws {
    var fixture = RemoteWriteFixture(version: 2)
    for number in 0..<5000 { fixture.series([("__name__", "m\(number % 7)"), ("n", "\(number)")], [(Double(number), time)]) }
    let rows = try rows(fixture)
    #expect(rows.map { $0["attributes"] } == (0..<5000).map { #"{"n":"\#($0)"}"# })
    #expect(rows.map { $0["name"] } == (0..<5000).map { "m\($0 % 7)" })
    #expect(rows.map { $0["event_id"] } == (0..<5000).map { "spool:0:\($0)" })
  }

  @Test("what metadata said survives a restart, and a request of metadata alone counts as filtered")
  func state() throws {
    let first = try MetricRun.remoteWrite()
    var metadata = RemoteWriteFixture(version: 1)
    metadata.family("http_requests", type: 1, help: "h")
    metadata.family("heap", type: 2, help: "g", unit: "bytes")
    try first.feed([metadata.kept])
    #expect(first.rows.isEmpty && first.counters.filtered == 1)
    var snapshot = SnapshotBuilder()
    try first.decoder.snapshot(&snapshot)
    let second = try MetricRun.remoteWrite()
    let sections = try TestSections.bytes(snapshot)
    try second.decoder.restore(StateReader(subtasks: [sections]))
    var fixture = RemoteWriteFixture(version: 1)
    fixture.series(labels, [(1, time)])
    fixture.series([("__name__", "heap")], [(1, time)])
    fixture.series([("__name__", "other")], [(1, time)])
    let rows = try second.feed([fixture.kept]).rows
    #expect(rows.map { $0["type"] } == ["sum", "gauge", "unknown"])
    #expect(rows.map { $0["unit"] } == [nil, "bytes", nil])
  }

  @Test("a request that is cut or damaged anywhere gives errors or other rows, and never harms", arguments: [1, 2] as [UInt8])
  func damage(version: UInt8) throws {
    var fixture = RemoteWriteFixture(version: version)
    fixture.series(
      labels, [(1, time)], exemplars: [([("trace_id", "ab")], 1, time)], histograms: [RemoteWriteFixture.histogram()],
      metadata: version == 2 ? (1, "h", "u") : nil)
    if version == 1 { fixture.family("a", type: 1, help: "b") }
    let bytes = fixture.kept
    for count in 0..<bytes.count { try MetricRun.remoteWrite().feed([Array(bytes[..<count])]) }
    var random = SeededRandom(UInt64(version))
    for _ in 0..<2000 {
      var damaged = bytes
      for _ in 0..<random.int(1...4) { damaged[random.int(0...bytes.count - 1)] = UInt8(random.int(0...255)) }
      try MetricRun.remoteWrite().feed([damaged, bytes])
    }
    #expect(try MetricRun.remoteWrite().feed([[], [9, 1]]).errors.count == 2)
  }
}
