public import Dataflow

/// Takes OTLP/JSON metric requests, one a line, apart into data points.
///
/// - Input: a bytes field with an `ExportMetricsServiceRequest` as the OpenTelemetry Collector's file exporter writes them.
/// - Output: one record for each data point, in order, in batches of its own: `event_id` (its place), `name`, `type` (`gauge`, `sum`, `histogram`,
///   `exponential_histogram`, `summary`), `unit`, `description`, `temporality` (`delta`, `cumulative`), `is_monotonic`, `value` and, when it is a
///   whole number, `int_value`; `count`, `sum`, `min`, `max`; `bounds` and `bucket_counts` (JSON lists), `buckets` (those of an exponential
///   histogram, a JSON object), `quantiles`, `exemplars` and `metadata` (JSON lists as OTLP writes them); `flags` (1: no value was recorded);
///   `service`, `environment`, `attributes` (those of the point, a JSON object), `resource` (those of the resource), `scope_name`,
///   `scope_version`, `context` (what else is known of resource and scope), `start`, and `time`, which is also the event time.
/// - Errors and books: as `DecodeOTLPLogs`; a metric without a name or data is `wrong-type`, `impossible-time` a point without a time.
public final class DecodeOTLPMetrics: Operator {
  private let line: Field
  private var lines: OTLPLines<OTLPMetricWriter>

  /// The fields of the records it makes.
  public static var schema: Schema { OTLPMetricWriter.schema }

  /// A decoder of the bytes field `line`; `open` tells it the splits of the run.
  public init(line: Field, splits: SplitTable = SplitTable()) {
    self.line = line
    lines = OTLPLines(line, OTLPMetricWriter(splits: splits))
  }

  /// The plan of a decoder behind a source of lines.
  public static func planned(line: Field) -> PlannedOperator {
    PlannedOperator(schema: schema, reads: [line], makesBatches: true) { DecodeOTLPMetrics(line: line) }
  }

  /// Learns the names of the splits, which the ids of records are made of.
  public func open(_ context: OperatorContext) {
    lines = OTLPLines(line, OTLPMetricWriter(splits: context.splits))
  }

  /// Emits batches of its own; nothing is kept for the next call.
  public func process(_ batch: RecordBatch, _ output: Output) throws {
    try lines.process(batch, output)
  }
}
