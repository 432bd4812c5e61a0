public import Dataflow

/// The source type `prometheus-remote-write`: samples that a Prometheus, or an agent that speaks its protocol, sends.
///
/// - Output: the fields of `DecodeOTLPMetrics`, one record a sample. Event times are set.
/// - Guarantees, back-pressure and state: those of the source `otlp`; besides, what metadata said about families of series.
public enum RemoteWriteSource {
  /// The entry of the source catalog.
  public static let type = SourceType(descriptor, plan: plan)

  /// What the source is called and which options it takes.
  public static let descriptor = Descriptor(
    type: "prometheus-remote-write", summary: "Receives samples by Prometheus remote write, 1.0 and 2.0.",
    fields: PushSource.fields(listen: listen), example: "listen: 127.0.0.1:9201")

  private static let listen = "127.0.0.1:9201"

  /// Makes the plan.
  ///
  /// - Throws: `Diagnostic` for options that cannot be used.
  public static func plan(_ config: Config) throws -> PlannedSource {
    #if !Snappy
    throw config.diagnostic(
      "listen", code: "prometheus.snappy", "this program was built without snappy, which remote write needs",
      hint: "build it with scripts/build.sh, or with --traits Snappy")
    #endif
    let options = try PushSource.options(config, RemoteWriteProtocol(), topic: "prometheus-remote-write", listen: listen)
    return PushSource.plan(options, decoder: DecodeRemoteWrite.planned(request: TopicColumns.value))
  }
}
