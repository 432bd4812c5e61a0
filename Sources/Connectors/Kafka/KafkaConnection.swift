public import Dataflow

/// The `kafka` connection of a job file: where the brokers are, how to log in, and what topics are made of.
public enum KafkaConnection {
  private static let perTopic = [
    ConfigField(
      "partitions", .integer(1...100_000), example: "12",
      "How many partitions a topic gets when it is made; one that exists stays as it is. The broker's default unless given."),
    ConfigField(
      "replicas", .integer(1...100), example: "3", "How many copies a topic has when it is made. The broker's default unless given."),
    ConfigField(
      "retentionAge", .duration, example: "7d",
      "A topic that is made keeps records for so long, by their own time; all of them unless given, so that old telemetry can be replayed."),
    ConfigField(
      "retentionBytes", .byteCount, example: "10GiB",
      "A topic that is made removes its oldest records while one of its partitions is larger than this; kept unless given."),
  ]

  private static let tls = [
    ConfigField("ca", .string, example: "certs/ca.pem", "A file with the authorities to trust; those of the system unless given."),
    ConfigField("certificate", .string, example: "certs/client.pem", "A file with the certificate to show."),
    ConfigField("key", .string, example: "certs/client.key", "A file with its key."),
    ConfigField("keyPassword", .string, secret: true, "The password of the key."),
    ConfigField("verifyHost", .bool, default: "true", "Whether the broker's certificate must be that of its address."),
  ]

  private static let sasl = [
    ConfigField(
      "mechanism", .choice(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]), default: "SCRAM-SHA-512", "How the password is proved."),
    ConfigField("username", .string, required: true, example: "sloscout", "Who logs in."),
    ConfigField("password", .string, required: true, example: "${KAFKA_PASSWORD}", secret: true, "The password."),
  ]

  /// What a `Connection` document of type `kafka` may say.
  public static let descriptor = Descriptor(
    type: "kafka",
    summary: "Topics in Kafka, or in a broker that speaks its protocol with transactions.",
    fields: [
      ConfigField("brokers", .list(.string), required: true, example: "[kafka-1:9092, kafka-2:9092]", "Brokers to ask for all others."),
      ConfigField("tls", .object(tls), example: "{ ca: certs/ca.pem }", "Encrypts connections; without it they are plain."),
      ConfigField("sasl", .object(sasl), example: "{ username: sloscout, password: \"${KAFKA_PASSWORD}\" }", "Logs in with a password."),
      ConfigField(
        "createTopics", .bool, default: "true", "Whether a sink makes its topic, and the one of `progressTopic`, when they are missing."),
    ] + perTopic + [
      OversizedValues.field,
      ConfigField("topics", .map(.object(perTopic)), "Other values for single topics, by name."),
      ConfigField(
        "progressTopic", .string, default: "sloscout-progress",
        "The topic of the sinks' ledger: one partition, compacted. Jobs that write into one cluster can share it."),
      ConfigField(
        "maxRecordBytes", .byteCount, default: "1MB",
        "Larger records are errors of the sink. At most the broker's `message.max.bytes` less some for its own use."),
      ConfigField("connectTimeout", .duration, default: "10s", "How long to wait for an answer before a broker counts as away."),
      ConfigField(
        "transactionTimeout", .duration, default: "1m",
        "How long the rows of one checkpoint may take; and how long readers wait for a transaction whose writer is gone for good."),
      ConfigField(
        "publishOffsets", .bool, default: "true",
        "Whether how far a job has read is shown as the offsets of a group with the job's name, for tools. Nothing depends on it."),
      ConfigField(
        "properties", .map(.string), example: "{ client.rack: eu-1a }", secret: true,
        "Further settings of librdkafka, by their names there. They cannot change what exactly-once rests on."),
    ],
    example: """
      brokers: [kafka-1:9092, kafka-2:9092]
      replicas: 3
      tls: { ca: certs/ca.pem }
      sasl: { username: sloscout, password: "${KAFKA_PASSWORD}" }
      topics:
        raw-telemetry: { partitions: 24 }
      """)

  #if Kafka
  /// The client for these options. Connects to nothing. Throws `Diagnostic`.
  static func client(_ config: Config) throws -> any TopicClient {
    KafkaTopicClient(try KafkaOptions(config), oversized: try OversizedValues.option(config))
  }
  #else
  static func client(_ config: Config) throws -> any TopicClient {
    throw config.diagnostic(
      "brokers", code: "kafka.absent", "this program was built without Kafka", hint: "build it with: swift build -c release --traits Kafka")
  }
  #endif
}
