public import Dataflow

/// The source type `otlp`: logs, spans or metrics that applications and collectors send with OTLP, over HTTP and gRPC.
///
/// ```
/// POST /v1/logs      ──┬─▶ decompress, check ──▶ spool on disk ──▶ 200, OK ──▶ … read, decoded, checkpointed like a file
/// LogsService/Export ──┘
/// ```
/// - Output: the fields of `DecodeOTLPLogs`, `DecodeOTLPSpans` or `DecodeOTLPMetrics`. Event times are set.
/// - Guarantees: a request that was acknowledged is on the disk, and is read exactly once, whatever dies. While the spool is full senders are told
///   429 with `Retry-After`, or UNAVAILABLE with `RetryInfo`: memory and disk stay bounded.
/// - State: the offset in the spool. What eight checkpoints in a row have left behind is removed from the disk.
public enum OTLPSource {
  /// The entry of the source catalog.
  public static let type = SourceType(descriptor, plan: plan)

  /// What the source is called and which options it takes.
  public static let descriptor = Descriptor(
    type: "otlp", summary: "Receives logs, spans or metrics by OTLP, over HTTP and gRPC.",
    fields: PushSource.fields(listen: listen) + [
      ConfigField(
        "signal", .choice(OTLPSignal.choices), default: "logs", "Which signal to take; another source on the same address may take another."
      ),
      ConfigField(
        "grpc", .string, "Address and port to take OTLP over gRPC on as well, 127.0.0.1:4317 by custom; without it only HTTP is taken."),
    ],
    example: "listen: 127.0.0.1:4318\ngrpc: 127.0.0.1:4317\nsignal: logs")

  /// Makes the plan.
  ///
  /// - Throws: `Diagnostic` for options that cannot be used.
  public static func plan(_ config: Config) throws -> PlannedSource {
    let signal = OTLPSignal(rawValue: config.string("signal") ?? "logs") ?? .logs
    let spoken = OTLPProtocol(signals: [signal])
    var options = try PushSource.options(config, spoken, topic: "otlp-\(signal.rawValue)", listen: listen)
    if config.string("grpc") != nil { options.grpc = try ListenAddress.option("grpc", of: config, default: "127.0.0.1:4317") }
    return plan(options, signal)
  }

  private static let listen = "127.0.0.1:4318"

  package static func plan(_ options: PushOptions, _ signal: OTLPSignal) -> PlannedSource {
    PushSource.plan(options, decoder: signal.decoder(of: TopicColumns.value))
  }
}
