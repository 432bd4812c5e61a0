package import Dataflow
internal import Glibc

/// How a Milvus is reached: where it is, who asks, how patient to be.
package struct MilvusOptions: Sendable {
  /// `http://host:port` or `https://host:port`, without a slash at its end.
  package var url: String
  /// `user:password`, or an API key; never printed.
  package var token: String?
  /// The database in the server; its default one when nil.
  package var database: String?
  /// A file with the certificates to trust; the system's when nil.
  package var caFile: String?
  /// Nanoseconds for one call.
  package var timeout: Int64 = 30_000_000_000

  /// A server at this address.
  package init(url: String) { self.url = url }

  /// A server that a person named by its address on a command line; its token is that of the variable MILVUS_TOKEN. Throws `Diagnostic`.
  package static func address(_ url: String) throws -> MilvusOptions {
    var options: [String: Config.Value] = ["url": .string(url)]
    if let token = getenv("MILVUS_TOKEN") { options["token"] = .string(String(cString: token)) }
    return try MilvusOptions(Config(options))
  }

  /// What a connection says. Throws `Diagnostic` for an address that is none.
  package init(_ config: Config) throws {
    let url = String((config.string("url") ?? "").reversed().drop { $0 == "/" }.reversed())
    guard url.hasPrefix("http://") || url.hasPrefix("https://"), url.count > 8, !url.dropFirst(8).contains(where: { "/?# ".contains($0) })
    else {
      throw config.diagnostic(
        "url", code: "milvus.url", "\"url\" is no address of a Milvus", hint: "write http://host:19530, or https:// where it has TLS")
    }
    self.init(url: url)
    func option(_ name: String) -> String? { config.string(name).flatMap { $0.isEmpty ? nil : $0 } }
    (token, database, caFile) = (option("token"), option("database"), option("caFile"))
    if let timeout = config.duration("timeout") { self.timeout = max(1_000_000, timeout) }
  }
}
