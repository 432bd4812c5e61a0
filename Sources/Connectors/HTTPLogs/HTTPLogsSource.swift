public import Dataflow

/// The source type `http-logs`: log records that anything with an HTTP client sends, as JSON.
///
/// ```
/// curl -H 'Content-Type: application/json' -d '[{"ts":"2026-01-02T03:04:05Z","level":"warn","service":"shop","msg":"slow"}]' …/ingest/logs
/// ```
/// - Output: the fields of `DecodeOTLPLogs`. Of a record's members the usual names are understood (see the descriptor); all others, and what stands
///   in `attributes`, are attributes. A record that says no time gets the time at which it was received.
/// - Errors: a record without a message, or with a time that cannot be read or lies outside of 1990 to 2100, is refused to its sender, by index and
///   reason; it never gets here. 200: all were taken, 207: some, 400: none.
/// - Guarantees, state: as the source `otlp`.
public enum HTTPLogsSource {
  /// The entry of the source catalog.
  public static let type = SourceType(descriptor, plan: plan)

  /// What the source is called and which options it takes.
  public static let descriptor = Descriptor(
    type: "http-logs",
    summary: "Receives log records as JSON by HTTP, at `/ingest/logs`: an array, an object, or an object a line; each gets a verdict.",
    fields: PushSource.fields(listen: listen), example: "listen: 127.0.0.1:8888")

  private static let listen = "127.0.0.1:8888"

  /// Makes the plan.
  ///
  /// - Throws: `Diagnostic` for options that cannot be used.
  public static func plan(_ config: Config) throws -> PlannedSource {
    PushSource.plan(
      try PushSource.options(config, HTTPLogsProtocol(), topic: "http-logs", listen: listen),
      decoder: DecodeOTLPLogs.planned(line: TopicColumns.value))
  }
}
