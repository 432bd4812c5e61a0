package import Dataflow

/// What a push source was asked to do.
package struct PushOptions: Sendable {
  /// The protocol.
  package var spoken: any PushProtocol
  /// Where HTTP is listened for.
  package var address: ListenAddress
  /// Where gRPC is listened for; nil for nowhere.
  package var grpc: ListenAddress?
  package var limits = ListenerLimits()
  /// What each tenant may send; nil when tenants are not told apart.
  package var tenants: TenantQuota?
  /// Where the spool is.
  package var client: LocalTopicClient
  /// The spool's topic.
  package var topic: String
  /// Bytes that may wait in the spool.
  package var maxSpoolBytes: Int64 = 1 << 30

  package init(_ spoken: any PushProtocol, address: ListenAddress, client: LocalTopicClient, topic: String) {
    self.spoken = spoken
    self.address = address
    self.client = client
    self.topic = topic
  }
}

/// What the sources that others push to have in common: their options, and how they are planned.
package enum PushSource {
  /// The options, with the address that is listened on unless another one is given.
  package static func fields(listen: String) -> [ConfigField] {
    [
      ConfigField(
        "listen", .string, default: listen,
        "Address and port to listen on; port 0 takes a free one. Sources of one process may share an address when they take different paths."
      )
    ] + spoolFields
      + [
        ConfigField("maxRequestBytes", .byteCount, default: "16MiB", "The longest request, compressed and not."),
        ConfigField("requestTimeout", .duration, default: "30s", "How long a request may take to come; whole seconds."),
        ConfigField("idleTimeout", .duration, default: "60s", "How long a connection may be without a request; whole seconds."),
        ConfigField(
          "tenants", .object(TenantQuota.fields),
          "What each tenant may send to this source. Who sends more gets 429 with Retry-After, or 413; the others do not notice."),
      ]
  }

  /// The options of the spool.
  package static let spoolFields = [
    ConfigField(
      "spool", .string, default: ".sloscout/spool",
      "The folder where accepted requests wait. One job at a time uses it; it must survive a restart of the job."),
    ConfigField("maxSpoolBytes", .byteCount, default: "1GiB", "So much may wait to be read; then senders are told to come back later."),
  ]

  /// Reads the options.
  ///
  /// - Throws: `Diagnostic` for those that cannot be used.
  package static func options(_ config: Config, _ spoken: any PushProtocol, topic: String, listen: String) throws -> PushOptions {
    var options = PushOptions(
      spoken, address: try ListenAddress.option("listen", of: config, default: listen), client: client(config), topic: topic)
    options.maxSpoolBytes = maxSpoolBytes(config)
    options.limits.bodyBytes = config.byteCount("maxRequestBytes") ?? 16 << 20
    options.limits.bodySeconds = try seconds("requestTimeout", of: config) ?? options.limits.bodySeconds
    options.limits.idleSeconds = try seconds("idleTimeout", of: config) ?? options.limits.idleSeconds
    options.tenants = config.object("tenants").map(TenantQuota.init)
    return options
  }

  private static func seconds(_ name: String, of config: Config) throws -> Int64? {
    guard let nanoseconds = config.duration(name) else { return nil }
    guard nanoseconds >= 1_000_000_000 else {
      throw config.diagnostic(name, code: "receiver.timeout", "\(name) is below a second", hint: "\(name): 30s")
    }
    return nanoseconds / 1_000_000_000
  }

  /// The spool's folder as a place of topics.
  package static func client(_ config: Config) -> LocalTopicClient {
    var settings = LocalTopicSettings()
    settings.partitions = 1
    settings.segmentBytes = 16 << 20
    return LocalTopicClient(root: config.string("spool") ?? ".sloscout/spool", settings: settings)
  }

  /// The spool's limit.
  package static func maxSpoolBytes(_ config: Config) -> Int64 { Int64(config.byteCount("maxSpoolBytes") ?? 1 << 30) }

  /// The plan. The decoder reads the field `TopicColumns.value`, which holds what the protocol kept of a request.
  package static func plan(_ options: PushOptions, decoder: PlannedOperator) -> PlannedSource {
    PlannedSource(schema: TopicColumns.schema, isReplayable: true, isBounded: false, decoders: [decoder]) {
      SpoolSourceReader(options.client, topic: options.topic, limit: options.maxSpoolBytes) { spool, runtime in
        PushReception(PushReceiver(options, now: { runtime.now() }) { try await spool.append($0) })
      }
    }
  }
}
