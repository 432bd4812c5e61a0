#if Kafka
internal import Dataflow
package import Kafka

/// What a `kafka` connection says, as its clients take it.
package struct KafkaOptions: Sendable {
  /// What a topic is made of; -1 is the broker's choice.
  package struct Shape: Sendable, Equatable {
    package var partitions = -1
    package var replicas = -1
    /// Milliseconds; -1 keeps records. A broker's own default would remove old telemetry as soon as it is written.
    package var retentionAge: Int64 = -1
    /// Of each partition; -1 keeps records.
    package var retentionBytes: Int64 = -1

    /// What the broker is told.
    var settings: [KafkaSetting] {
      [KafkaSetting("retention.ms", "\(retentionAge)"), KafkaSetting("retention.bytes", "\(retentionBytes)")]
    }
  }

  package var brokers: [String]
  package var shape = Shape()
  package var shapes: [String: Shape] = [:]
  package var createsTopics = true
  package var progressTopic = "sloscout-progress"
  package var recordBytes = 1_000_000
  /// Milliseconds, as the next.
  package var connectTimeout: Int32 = 10_000
  package var transactionTimeout: Int32 = 60_000
  package var publishesOffsets = true
  /// Security, and what the job file adds.
  package var settings: [KafkaSetting] = []

  /// Options with defaults for all that is not where the brokers are.
  package init(brokers: [String]) { self.brokers = brokers }

  /// Settings that are ours: results are not right, or nothing works, when they are others.
  private static let ours: [String: String] = [
    "bootstrap.servers": "brokers", "metadata.broker.list": "brokers", "security.protocol": "tls and sasl", "sasl.mechanism": "sasl",
    "sasl.mechanisms": "sasl", "sasl.username": "sasl", "sasl.password": "sasl", "message.max.bytes": "maxRecordBytes",
    "transaction.timeout.ms": "transactionTimeout", "group.id": "publishOffsets", "transactional.id": "", "enable.idempotence": "",
    "isolation.level": "", "acks": "", "request.required.acks": "", "partitioner": "", "auto.offset.reset": "", "enable.partition.eof": "",
    "enable.auto.commit": "", "enable.auto.offset.store": "", "allow.auto.create.topics": "", "opaque": "",
  ]

  /// The checked options. Throws `Diagnostic` that names the option.
  init(_ config: Config) throws {
    brokers = config.strings("brokers") ?? []
    guard !brokers.isEmpty, brokers.allSatisfy({ !$0.isEmpty && !$0.contains(",") }) else {
      throw config.diagnostic("brokers", code: "kafka.brokers", "brokers must name a broker", hint: "brokers: [localhost:9092]")
    }
    shape = Self.shape(config, over: shape)
    for (name, value) in config.map("topics") ?? [] {
      if case .object(let options) = value { shapes[name] = Self.shape(options, over: shape) }
    }
    createsTopics = config.bool("createTopics") ?? true
    progressTopic = try TopicConnections.checked(config.string("progressTopic") ?? progressTopic, "progressTopic", config)
    if let bytes = config.byteCount("maxRecordBytes") {
      guard (1_000...TopicLimits.recordBytes).contains(bytes) else {
        throw config.diagnostic(
          "maxRecordBytes", code: "kafka.record-bytes", "maxRecordBytes must be from 1kB to 17MiB", hint: "most brokers take 1MB")
      }
      recordBytes = bytes
    }
    connectTimeout = try Self.milliseconds(config, "connectTimeout", connectTimeout)
    transactionTimeout = try Self.milliseconds(config, "transactionTimeout", transactionTimeout)
    publishesOffsets = config.bool("publishOffsets") ?? true
    try addSecurity(config)
    try addProperties(config)
  }

  private static func shape(_ config: Config, over base: Shape) -> Shape {
    var shape = base
    if let partitions = config.int("partitions") { shape.partitions = partitions }
    if let replicas = config.int("replicas") { shape.replicas = replicas }
    if let age = config.duration("retentionAge") { shape.retentionAge = max(1, age / 1_000_000) }
    if let bytes = config.byteCount("retentionBytes") { shape.retentionBytes = Int64(bytes) }
    return shape
  }

  private static func milliseconds(_ config: Config, _ option: String, _ usual: Int32) throws -> Int32 {
    guard let time = config.duration(option) else { return usual }
    guard (1_000...600_000).contains(time / 1_000_000) else {
      throw config.diagnostic(option, code: "kafka.timeout", "\(option) must be from 1s to 10m", hint: "leave it out for the default")
    }
    return Int32(time / 1_000_000)
  }

  private mutating func addSecurity(_ config: Config) throws {
    let (tls, sasl) = (config.object("tls"), config.object("sasl"))
    settings.append(KafkaSetting("security.protocol", (sasl == nil ? "" : "sasl_") + (tls == nil ? "plaintext" : "ssl")))
    if let tls {
      let names = [
        ("ca", "ssl.ca.location"), ("certificate", "ssl.certificate.location"), ("key", "ssl.key.location"),
        ("keyPassword", "ssl.key.password"),
      ]
      for (option, name) in names {
        if let value = tls.string(option) { settings.append(KafkaSetting(name, value)) }
      }
      if tls.bool("verifyHost") == false { settings.append(KafkaSetting("ssl.endpoint.identification.algorithm", "none")) }
      // What files hold is only looked at when a client is made.
      try check(settings, tls, "ca", "tls", config)
    }
    if let sasl {
      settings += [
        KafkaSetting("sasl.mechanism", sasl.string("mechanism") ?? "SCRAM-SHA-512"),
        KafkaSetting("sasl.username", sasl.string("username") ?? ""), KafkaSetting("sasl.password", sasl.string("password") ?? ""),
      ]
    }
  }

  private func check(_ settings: [KafkaSetting], _ options: Config, _ option: String, _ parent: String, _ config: Config) throws {
    do { _ = try KafkaCluster(settings) } catch {
      let place = options.places[option] == nil ? config : options
      throw place.diagnostic(
        options.places[option] == nil ? parent : option, code: "kafka.tls", "\(parent) cannot be used: \(error.message)",
        hint: "paths begin in the working directory; files are PEM")
    }
  }

  private mutating func addProperties(_ config: Config) throws {
    for (name, value) in config.map("properties") ?? [] {
      guard case .string(let text) = value else { continue }
      if let option = Self.ours[name] {
        throw config.diagnostic(
          "properties", code: "kafka.property", "the property \"\(name)\" cannot be set here",
          hint: option.isEmpty ? "exactly-once rests on it" : "the option \(option) says it")
      }
      let setting = KafkaSetting(name, text)
      do { try setting.check() } catch {
        // librdkafka quotes the value in some of its messages.
        let isUnknown = error.message.hasPrefix("No such")
        throw config.diagnostic(
          "properties", code: "kafka.property",
          isUnknown ? "librdkafka has no property \"\(name)\"" : "the property \"\(name)\" does not take this value",
          hint: "librdkafka's CONFIGURATION.md lists names and values")
      }
      settings.append(setting)
    }
  }

  // MARK: What clients are made with

  /// Settings of every client.
  private var common: [KafkaSetting] {
    [
      KafkaSetting("bootstrap.servers", brokers.joined(separator: ",")), KafkaSetting("client.id", "sloscout"),
      // A broker that comes back is found within a second.
      KafkaSetting("reconnect.backoff.max.ms", "1000"), KafkaSetting("reconnect.backoff.ms", "50"),
      KafkaSetting("socket.keepalive.enable", "true"),
      // The producer's own limit is that of a record and what Kafka adds to it.
      KafkaSetting("message.max.bytes", "\(recordBytes + 4096)"),
    ]
  }

  /// For clients that read. `isCommitted`: nothing of transactions that are open or were aborted.
  package func reading(isCommitted: Bool = true) -> [KafkaSetting] {
    common + [
      KafkaSetting("isolation.level", isCommitted ? "read_committed" : "read_uncommitted"),
      // A new partition waits no longer than this for its first request to be sent; records themselves come at once.
      KafkaSetting("fetch.wait.max.ms", "100"),
      // For each partition: what lies ready is bounded by the number of them.
      KafkaSetting("queued.max.messages.kbytes", "16384"),
    ] + settings
  }

  /// For clients that write; with a transactional id when there is one.
  package func writing(_ transactionalID: String? = nil) -> [KafkaSetting] {
    var settings = common + [KafkaSetting("linger.ms", "2"), KafkaSetting("topic.metadata.refresh.fast.interval.ms", "50")] + settings
    if let transactionalID {
      settings += [
        KafkaSetting("transactional.id", transactionalID), KafkaSetting("transaction.timeout.ms", "\(transactionTimeout)"),
      ]
    } else {
      settings.append(KafkaSetting("message.timeout.ms", "\(transactionTimeout)"))
    }
    return settings
  }
}
#endif
