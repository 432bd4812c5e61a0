package import Dataflow
internal import Operators
internal import SLO

/// `trace-metrics`: traces to the metrics of spans, of calls between services, and of journeys.
package enum TraceMetricsType {
  /// One line of an exposition: a running total.
  static let output = Schema([
    ("name", .bytes), ("family", .bytes), ("type", .bytes), ("help", .bytes), ("labels", .bytes), ("value", .double), ("time", .time),
  ])

  /// The entry for the catalog.
  package static let type = OperatorType(
    Descriptor(
      type: "trace-metrics",
      summary: "Counts traces: span metrics, the service graph, and the requests, errors and durations of journeys, as running totals.",
      fields: [
        ConfigField("every", .duration, default: "10s", "Processing time between two emissions of what has changed."),
        ConfigField(
          "learn", .duration, default: "1m",
          "How long the first traces wait, in processing time, until journeys are told from them; 200 traces are enough at any time."),
        ConfigField(
          "remember", .integer(100...1_000_000), default: "5000",
          "How many of the newest traces of an environment journeys are told from."),
        ConfigField(
          "linkWait", .duration, default: "1m",
          "How long, in event time, a trace whose first span links to another one waits for that one, before it counts by itself."),
        ConfigField(
          "seriesLimit", .integer(10...1_000_000), default: "5000",
          "How many series a family has for an environment; what comes beyond is counted in one with the label `otel_metric_overflow`."),
        ConfigField(
          "durationUnit", .choice(["s", "ms"]), default: "s",
          "The unit of `traces_span_metrics_duration_…`, which is also part of its name."),
        ConfigField("edits", .string, example: "journeys.yaml", "A file of names, pins, merges and splits of journeys."),
      ],
      example: "every: 10s")
  ) { config, input in
    let fields = try ["environment", "revision", "spans"].map { name in
      guard let field = input.field(name), field.type == (name == "revision" ? .int64 : .bytes) else {
        throw Diagnostic(
          code: "operator.unknown-field", "the records have no field \"\(name)\", which traces have",
          hint: "put assemble-traces before it")
      }
      return field
    }
    var options = TraceMetricsOptions()
    options.every = config.duration("every") ?? options.every
    options.learn = config.duration("learn") ?? options.learn
    options.remember = config.int("remember") ?? options.remember
    options.linkWait = config.duration("linkWait") ?? options.linkWait
    options.seriesLimit = config.int("seriesLimit") ?? options.seriesLimit
    options.durationInMilliseconds = config.string("durationUnit") == "ms"
    if let path = config.string("edits") {
      do { options.edits = try EditsFile.read(path: path) } catch {
        throw config.diagnostic("edits", code: "config.unreadable", "the edits cannot be read: \(error)")
      }
    }
    let settled = options
    return PlannedOperator(schema: output, keyFields: [fields[0]], needsTime: true, reads: fields, makesBatches: true) {
      TraceMetricsOperator(environment: fields[0], revision: fields[1], spans: fields[2], settled)
    }
  }
}

/// What `trace-metrics` can be told.
struct TraceMetricsOptions: Sendable {
  /// Nanoseconds between two emissions.
  var every: Int64 = 10_000_000_000
  /// Nanoseconds that the first traces wait.
  var learn: Int64 = 60_000_000_000
  var remember = 5_000
  /// Nanoseconds of event time that a trace waits for the one that it goes on from.
  var linkWait: Int64 = 60_000_000_000
  var seriesLimit = 5_000
  var durationInMilliseconds = false
  var edits = JourneyEdits()

  /// Traces that are enough to tell journeys from at any time.
  static let enoughTraces = 200

  var families: [MetricBook.Family] { TraceMetrics.families(durationInMilliseconds: durationInMilliseconds) }
}
