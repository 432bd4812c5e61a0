public import Dataflow

/// Takes OTLP/JSON log requests, one a line, apart into log records.
///
/// - Input: a bytes field with an `ExportLogsServiceRequest` as the OpenTelemetry Collector's file exporter writes them.
/// - Output: one record for each log record, in order, in batches of its own: `event_id`, `service`, `environment`, `severity`, `message`,
///   `trace_id`, `span_id`, `attributes` (a JSON object of those of resource, scope and record, the inner one winning) and `time`, which is
///   also the event time. The raw bytes of a record are those of its own object; its ordinal is its place in the line.
/// - Names: `service.name`; `deployment.environment.name` or `deployment.environment`; "unknown" where there is none. The severity is the
///   record's text, else its number, else the first word in the message that names one, else `UNSET`. The id is the attribute `event.id` or
///   `log.record.uid`, else `<split>:<offset>:<ordinal>`.
/// - Errors: `malformed-json` for a line, of which then no record is handed on; `wrong-type` for a record with a broken id or time, or for a
///   part that should hold records; `impossible-time` for a record without a time between 1990 and 2100.
/// - Books: in records, not in lines. A line without records of this signal counts as one that was filtered.
public final class DecodeOTLPLogs: Operator {
  private let line: Field
  private var lines: OTLPLines<OTLPLogWriter>

  /// The fields of the records it makes.
  public static var schema: Schema { OTLPLogWriter.schema }

  /// A decoder of the bytes field `line`; `open` tells it the splits of the run.
  public init(line: Field, splits: SplitTable = SplitTable()) {
    self.line = line
    lines = OTLPLines(line, OTLPLogWriter(splits: splits))
  }

  /// The plan of a decoder behind a source of lines.
  public static func planned(line: Field) -> PlannedOperator {
    PlannedOperator(schema: schema, reads: [line], makesBatches: true) { DecodeOTLPLogs(line: line) }
  }

  /// Learns the names of the splits, which the ids of records are made of.
  public func open(_ context: OperatorContext) {
    lines = OTLPLines(line, OTLPLogWriter(splits: context.splits))
  }

  /// Emits batches of its own; nothing is kept for the next call.
  public func process(_ batch: RecordBatch, _ output: Output) throws {
    try lines.process(batch, output)
  }
}
