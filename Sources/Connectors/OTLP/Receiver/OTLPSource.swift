public import Dataflow

/// The source type `otlp`: logs, spans or metrics that applications and collectors send with OTLP over HTTP.
///
/// ```
/// POST /v1/logs ──▶ decompress, check ──▶ spool on disk ──▶ 200 ──▶ … read, decoded, checkpointed like a file
/// ```
/// - Output: the fields of `DecodeOTLPLogs`, `DecodeOTLPSpans` or `DecodeOTLPMetrics`. Event times are set.
/// - Guarantees: a request that was acknowledged is on the disk, and is read exactly once, whatever dies. While the spool is full senders are told
///   429 with `Retry-After`: memory and disk stay bounded.
/// - State: the offset in the spool. What eight checkpoints in a row have left behind is removed from the disk.
public enum OTLPSource {
  /// The entry of the source catalog.
  public static let type = SourceType(descriptor, plan: plan)

  /// What the source is called and which options it takes.
  public static let descriptor = Descriptor(
    type: "otlp", summary: "Receives logs, spans or metrics by OTLP over HTTP.",
    fields: PushSource.fields(listen: listen) + [
      ConfigField("signal", .choice(OTLPSignal.choices), default: "logs", "Which signal to take; the paths of others answer 404.")
    ],
    example: "listen: 127.0.0.1:4318\nsignal: logs")

  /// Makes the plan.
  ///
  /// - Throws: `Diagnostic` for options that cannot be used.
  public static func plan(_ config: Config) throws -> PlannedSource {
    let signal = OTLPSignal(rawValue: config.string("signal") ?? "logs") ?? .logs
    let spoken = OTLPProtocol(signals: [signal])
    return plan(try PushSource.options(config, spoken, topic: "otlp-\(signal.rawValue)", listen: listen), signal)
  }

  private static let listen = "127.0.0.1:4318"

  package static func plan(_ options: PushOptions, _ signal: OTLPSignal) -> PlannedSource {
    PushSource.plan(options, decoder: signal.decoder(of: TopicColumns.value))
  }
}
