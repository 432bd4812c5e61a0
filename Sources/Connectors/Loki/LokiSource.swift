public import Dataflow

/// The source type `loki`: log lines that agents push as they would to Grafana Loki.
///
/// - Output: the fields of `DecodeOTLPLogs`; event times are those of the entries. Labels and structured metadata are attributes under their own
///   names. The service is the first of the labels `service_name`, `service`, `app`, `application`, …, `job`; the environment that of
///   `deployment_environment`, `environment`, `env`; the severity that of `severity`, `level`, `detected_level`, also in the metadata.
/// - Guarantees, state: as the source `otlp`. 204 says that all of a push is on the disk; 400 that nothing is.
public enum LokiSource {
  /// The entry of the source catalog.
  public static let type = SourceType(descriptor, plan: plan)

  /// What the source is called and which options it takes.
  public static let descriptor = Descriptor(
    type: "loki", summary: "Receives log lines that agents push as to Loki, in JSON or in protobuf.",
    fields: PushSource.fields(listen: listen), example: "listen: 127.0.0.1:3100")

  private static let listen = "127.0.0.1:3100"

  /// Makes the plan.
  ///
  /// - Throws: `Diagnostic` for options that cannot be used.
  public static func plan(_ config: Config) throws -> PlannedSource {
    PushSource.plan(
      try PushSource.options(config, LokiProtocol(), topic: "loki", listen: listen),
      decoder: DecodeOTLPLogs.planned(line: TopicColumns.value))
  }
}
