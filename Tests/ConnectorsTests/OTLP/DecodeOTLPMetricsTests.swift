import Connectors
import Dataflow
import Testing

@Suite("decoding OTLP metrics")
struct DecodeOTLPMetricsTests {
  static func request(_ metrics: String) -> String {
    #"{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeMetrics":[{"scope":{"name":"lib","version":"1"},"metrics":[\#(metrics)]}]}]}"#
  }

  static let shared = [
    "service": "shop", "environment": "unknown", "resource": #"{"service.name":"shop"}"#, "scope_name": "lib", "scope_version": "1",
    "time": "1767225600000000001",
  ]
  static let times = #""timeUnixNano":"1767225600000000001""#

  private func rows(_ metrics: String) throws -> [[String: String]] {
    let run = try MetricRun.otlp().feed(Self.request(metrics))
    #expect(run.errors.isEmpty)
    return run.rows
  }

  private func expect(_ row: [String: String]?, _ values: [String: String]) {
    #expect(row == Self.shared.merging(values) { $1 })
  }

  @Test("numbers of sums and gauges, as doubles and as integers beyond what doubles hold")
  func numbers() throws {
    let rows = try rows(
      #"""
      {"name":"orders","unit":"{order}","description":"Paid","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
        {"attributes":[{"key":"a","value":{"intValue":"1"}}],"startTimeUnixNano":"1767225500000000000",\#(Self.times),"asInt":"9007199254740993"},
        {\#(Self.times),"asDouble":-0.5,"flags":1}]}},
      {"name":"heat","metadata":[{"key":"m","value":{"stringValue":"x"}}],"gauge":{"dataPoints":[{\#(Self.times),"asDouble":"NaN"},
        {\#(Self.times),"asDouble":"-Infinity","exemplars":[{"asInt":"1"}]},{\#(Self.times)}]}}
      """#)
    #expect(rows.count == 5)
    let orders = [
      "name": "orders", "type": "sum", "unit": "{order}", "description": "Paid", "temporality": "cumulative", "is_monotonic": "true",
    ]
    expect(
      rows[0],
      orders.merging([
        "event_id": "spool:0:0", "attributes": #"{"a":1}"#, "start": "1767225500000000000", "value": "9007199254740992.0",
        "int_value": "9007199254740993",
      ]) { $1 })
    expect(rows[1], orders.merging(["event_id": "spool:0:1", "attributes": "{}", "value": "-0.5", "flags": "1"]) { $1 })
    let heat = ["name": "heat", "type": "gauge", "attributes": "{}", "metadata": #"[{"key":"m","value":{"stringValue":"x"}}]"#]
    expect(rows[2], heat.merging(["event_id": "spool:0:2", "value": "nan"]) { $1 })
    expect(rows[3], heat.merging(["event_id": "spool:0:3", "value": "-inf", "exemplars": #"[{"asInt":"1"}]"#]) { $1 })
    expect(rows[4], heat.merging(["event_id": "spool:0:4"]) { $1 })
  }

  @Test("histograms, exponential histograms and summaries with all their parts")
  func distributions() throws {
    let rows = try rows(
      #"""
      {"histogram":{"dataPoints":[{\#(Self.times),"count":"6","sum":1.5,"min":0,"max":1e3,"bucketCounts":["1","2","3"],"explicitBounds":[0.5,10]}],
        "aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA"},"name":"h"},
      {"name":"e","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[{\#(Self.times),"count":3,"scale":2,"zeroCount":"1",
        "positive":{"offset":-1,"bucketCounts":["2"]},"negative":{}}]}},
      {"name":"s","summary":{"dataPoints":[{\#(Self.times),"count":"2","sum":3,"quantileValues":[{"quantile":0.5,"value":1.5}]}]}}
      """#)
    expect(
      rows[0],
      [
        "event_id": "spool:0:0", "name": "h", "type": "histogram", "temporality": "delta", "attributes": "{}", "count": "6", "sum": "1.5",
        "min": "0.0", "max": "1000.0", "bucket_counts": "[1,2,3]", "bounds": "[0.5,10]",
      ])
    expect(
      rows[1],
      [
        "event_id": "spool:0:1", "name": "e", "type": "exponential_histogram", "temporality": "delta", "attributes": "{}", "count": "3",
        "buckets": #"{"scale":2,"zeroCount":"1","positive":{"offset":-1,"bucketCounts":["2"]},"negative":{}}"#,
      ])
    expect(
      rows[2],
      [
        "event_id": "spool:0:2", "name": "s", "type": "summary", "attributes": "{}", "count": "2", "sum": "3.0",
        "quantiles": #"[{"quantile":0.5,"value":1.5}]"#,
      ])
  }

  @Test("what cannot be used is an error, and the points beside it are good")
  func refusals() throws {
    let good = #"{"name":"a","gauge":{"dataPoints":[{\#(Self.times),"asInt":1}]}}"#
    for (metric, reason) in [
      ("7", "wrong-type"), (#"{"gauge":{"dataPoints":[{}]}}"#, "wrong-type"), (#"{"name":"x"}"#, "wrong-type"),
      (#"{"name":"x","gauge":[]}"#, "wrong-type"), (#"{"name":"x","gauge":{"dataPoints":7}}"#, "wrong-type"),
      (#"{"name":"x","gauge":{"dataPoints":[7]}}"#, "wrong-type"), (#"{"name":"x","gauge":{"dataPoints":[{}]}}"#, "impossible-time"),
      (#"{"name":"x","gauge":{"dataPoints":[{"timeUnixNano":"1000"}]}}"#, "impossible-time"),
      (#"{"name":"x","gauge":{"dataPoints":[{"timeUnixNano":"9223372036854775807"}]}}"#, "impossible-time"),
      (#"{"name":"x","gauge":{"dataPoints":[{\#(Self.times),"asDouble":"x"}]}}"#, "wrong-type"),
      (#"{"name":"x","gauge":{"dataPoints":[{\#(Self.times),"asInt":1.5}]}}"#, "wrong-type"),
      (#"{"name":"x","gauge":{"dataPoints":[{\#(Self.times),"attributes":7}]}}"#, "wrong-type"),
      (#"{"name":"x","sum":{"dataPoints":[{\#(Self.times)}],"aggregationTemporality":{}}}"#, "wrong-type"),
    ] {
      let run = try MetricRun.otlp().feed(Self.request("\(good),\(metric),\(good)"))
      #expect(run.rows.count == 2 && run.errors.count == 1, "\(metric): \(run.errors)")
      #expect(run.errors.first?.hasPrefix("\(reason): ") == true, "\(metric): \(run.errors)")
    }
    let empty = try MetricRun.otlp().feed(Self.request(#"{"name":"x","gauge":{"dataPoints":[]}},{"name":"y","sum":{}}"#))
    #expect(empty.rows.isEmpty && empty.errors.isEmpty && empty.counters.filtered == 1)
  }

  @Test("a metric with more points than a batch holds keeps its name, unit and attributes")
  func large() throws {
    let points = (0..<3000).map { #"{"attributes":[{"key":"n","value":{"intValue":"\#($0)"}}],\#(Self.times),"asInt":"\#($0)"}"# }
    let rows = try rows(#"{"name":"na\"me","unit":"\u0073","sum":{"dataPoints":[\#(points.joined(separator: ","))]}}"#)
    #expect(rows.map { $0["int_value"] } == (0..<3000).map { "\($0)" })
    #expect(rows.map { $0["attributes"] } == (0..<3000).map { #"{"n":\#($0)}"# })
    #expect(rows.allSatisfy { $0["name"] == "na\"me" && $0["unit"] == "s" && $0["service"] == "shop" && $0["is_monotonic"] == "false" })
  }
}
