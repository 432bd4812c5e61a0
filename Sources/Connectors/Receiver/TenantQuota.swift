internal import Dataflow

/// What each tenant may send to a receiver; what is nil has no limit.
package struct TenantQuota: Sendable, Equatable {
  /// The header that names the tenant, in lower case; in gRPC the metadata of that name.
  package var header = "x-scope-orgid"
  /// Requests a second, over ten seconds.
  package var requestsPerSecond: Int?
  /// Bytes of bodies a second as they are sent, over ten seconds.
  package var bytesPerSecond: Int?
  /// Bytes of the longest body as it is sent.
  package var maxRequestBytes: Int?
  /// Different streams within an hour: resources of OTLP, streams of Loki, series of Prometheus.
  package var maxStreams: Int?
  /// Tenants that are kept apart; further ones are refused until one has been silent for an hour.
  package var maxTenants = 1000

  package init() {}

  /// How senders that name no tenant are called.
  package static let anonymous = "anonymous"

  static let fields = [
    ConfigField(
      "header", .string, default: "X-Scope-OrgID",
      "The header, or metadata of gRPC, that names the tenant; who sends none is \"anonymous\"."),
    ConfigField("requestsPerSecond", .integer(1...1_000_000), "Requests of one tenant, over ten seconds."),
    ConfigField("bytesPerSecond", .byteCount, "Bytes of one tenant as they are sent, over ten seconds."),
    ConfigField("maxRequestBytes", .byteCount, "The longest request of a tenant as it is sent."),
    ConfigField(
      "maxStreams", .integer(1...10_000_000), "Different streams of one tenant within an hour: resources, streams of Loki, series."),
    ConfigField("maxTenants", .integer(1...100_000), default: "1000", "So many tenants are kept apart."),
  ]

  /// What the options say.
  init(_ config: Config) {
    self.init()
    if let header = config.string("header") { self.header = header.lowercased() }
    requestsPerSecond = config.int("requestsPerSecond")
    bytesPerSecond = config.byteCount("bytesPerSecond")
    maxRequestBytes = config.byteCount("maxRequestBytes")
    maxStreams = config.int("maxStreams")
    maxTenants = config.int("maxTenants") ?? maxTenants
  }
}
