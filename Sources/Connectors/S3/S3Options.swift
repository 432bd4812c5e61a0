package import Dataflow
package import HTTP

/// How a server that speaks S3 is reached: where it is, who asks, how patient to be.
package struct S3Options: Sendable {
  /// `https://host:port` without a slash at its end; nil for Amazon's own.
  package var endpoint: String?
  /// Whether the bucket stands in the path and not in the host's name.
  package var isPathStyle: Bool
  /// Credentials, region and service; prints without its secrets.
  package var signing: HTTPClient.Signing
  /// A file with the certificates to trust; the system's when nil.
  package var caFile: String?
  /// Nanoseconds for one try of one request.
  package var timeout: Int64 = 60_000_000_000
  /// Tries of one request, the first one included.
  package var maxTries = 6
  /// Bytes from which an object is sent in parts, and bytes of a part. Servers refuse parts below 5 MiB, but for the last.
  package var partBytes = 16 << 20

  /// What the options of a connection say, and where they are silent the variables that Amazon's tools read.
  ///
  /// - Throws: `S3Error` that says what is missing. Holds no secrets.
  package init(_ config: Config?, environment: [String: String]) throws(S3Error) {
    func variable(_ names: String...) -> String? { names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } }
    func option(_ name: String) -> String? { config?.string(name).flatMap { $0.isEmpty ? nil : $0 } }
    // Credentials belong together: a key of one place with a secret of another would be neither's.
    let isWritten = option("accessKey") != nil
    let token = isWritten ? option("sessionToken") : variable("AWS_SESSION_TOKEN")
    guard let accessKey = isWritten ? option("accessKey") : variable("AWS_ACCESS_KEY_ID"),
      let secretKey = isWritten ? option("secretKey") : variable("AWS_SECRET_ACCESS_KEY")
    else {
      throw S3Error.unusable(
        "there are no credentials for S3",
        hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or accessKey and secretKey of the Connection of type s3")
    }
    endpoint = try (option("endpoint") ?? variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")).map { url throws(S3Error) in
      try Self.endpoint(url, allowsPlain: config?.bool("plainText") ?? false)
    }
    isPathStyle = config?.bool("pathStyle") ?? (endpoint != nil)
    caFile = option("caFile")
    signing = HTTPClient.Signing(
      region: option("region") ?? variable("AWS_REGION", "AWS_DEFAULT_REGION") ?? "us-east-1", accessKey: accessKey, secretKey: secretKey,
      sessionToken: token)
    if let timeout = config?.duration("timeout"), timeout > 0 { self.timeout = timeout }
  }

  /// An endpoint without the slash at its end. Plain text leaves the machine only when somebody has said that it may: bodies are not signed.
  private static func endpoint(_ url: String, allowsPlain: Bool) throws(S3Error) -> String {
    let trimmed = String(url.reversed().drop { $0 == "/" }.reversed())
    let authority = trimmed.drop { $0 != "/" }.dropFirst(2)
    let isKnown = trimmed.hasPrefix("https://") || trimmed.hasPrefix("http://")
    guard isKnown, !authority.isEmpty, !authority.contains(where: { "/?#@ ".contains($0) }) else {
      throw S3Error.unusable("the endpoint of S3 must be https://host or https://host:port", hint: "leave it out for Amazon S3")
    }
    let host = authority.hasPrefix("[") ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
    let isLocal = host == "localhost" || host == "::1" || host.hasPrefix("127.")
    guard trimmed.hasPrefix("https://") || isLocal || allowsPlain else {
      throw S3Error.unusable(
        "the endpoint \(trimmed) is not encrypted", hint: "use https://, or plainText: true where the network is trusted")
    }
    return trimmed
  }
}
