public import Dataflow

/// Takes OTLP/JSON trace requests, one a line, apart into spans.
///
/// - Input: a bytes field with an `ExportTraceServiceRequest` as the OpenTelemetry Collector's file exporter writes them.
/// - Output: one record for each span, in order, in batches of its own: `event_id` (`<trace>:<span>`, so that a span that is delivered twice
///   has one id), `trace_id`, `span_id`, `parent_span_id` (null at the root), `name`, `kind`, `service`, `environment`, `status_code`,
///   `status_message`, `attributes` (a JSON object of those of resource, scope and span, the inner one winning), `start`, `end`, and `time`,
///   which is the start and also the event time; `trace_state`, `flags`, `events` and `links` (JSON lists as OTLP writes them), `dropped` (a JSON
///   object of what the sender left out), `resource` (the attributes of the resource), `scope_name`, `scope_version`, and `context` (what else
///   is known of resource and scope, as OTLP writes it).
/// - Errors and books: as `DecodeOTLPLogs`; a span without ids is `wrong-type`, and both of its times must be possible.
public final class DecodeOTLPSpans: Operator {
  private let lines: OTLPLines<OTLPSpanWriter>

  /// The fields of the records it makes.
  public static var schema: Schema { OTLPSpanWriter.schema }

  /// A decoder of the bytes field `line`.
  public init(line: Field) {
    lines = OTLPLines(line, OTLPSpanWriter())
  }

  /// The plan of a decoder behind a source of lines.
  public static func planned(line: Field) -> PlannedOperator {
    PlannedOperator(schema: schema, reads: [line], makesBatches: true) { DecodeOTLPSpans(line: line) }
  }

  /// Emits batches of its own; nothing is kept for the next call.
  public func process(_ batch: RecordBatch, _ output: Output) throws {
    try lines.process(batch, output)
  }
}
