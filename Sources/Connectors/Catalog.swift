public import Dataflow

/// The connectors of this package, in the order in which the reference lists them. A new connector is one line here.
public enum ConnectorCatalog {
  /// Every source that a job file can name.
  public static let sources: [SourceType] = [
    FileSource.type,
    OTLPFileSource.type,
    OTLPSource.type,
    LokiSource.type,
    HTTPLogsSource.type,
    SyslogSource.type,
    TopicSource.type,
    CapsuleSource.type,
    RemoteWriteSource.type,
    ScrapeSource.type,
    GenerateSource.type,
  ]

  /// The operators that call out.
  public static let operators: [OperatorType] = [
    Embed.type
  ]

  /// Every sink that a job file can name.
  public static let sinks: [SinkType] = [
    PostgresSink.type,
    MilvusSink.type,
    FileSink.type,
    TopicSink.type,
    PrometheusSink.type,
    ConsoleSink.type,
    DiscardSink.type,
  ]

  /// The kinds of Connection documents.
  public static let connections: [Descriptor] = [
    PostgresConnection.descriptor,
    LocalConnection.descriptor,
    S3Connection.descriptor,
    KafkaConnection.descriptor,
    MilvusConnection.descriptor,
    EmbeddingsConnection.descriptor,
  ]

  /// Which connections a component can use, by its type.
  public static let connectionTypes: [String: [String]] = [
    "postgres": ["postgres"],
    "milvus": ["milvus"],
    "topic": TopicConnections.types,
    "embed": ["embeddings"],
    "capsules": ["postgres"],
  ]
}
