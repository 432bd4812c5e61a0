extension HTTPClient {
  /// What is asked of a server.
  public struct Request: Sendable {
    /// `GET`, `PUT`, …
    public var method: String
    /// `http://` or `https://`, percent-encoded. May hold credentials in its query: never printed.
    public var url: String
    /// Names and values, in order. A value must not hold line ends.
    public var headers: [(name: String, value: String)]
    /// What is sent; nil sends no body.
    public var body: ArraySlice<UInt8>?
    /// Nanoseconds until a connection must stand.
    public var connectTimeout: Int64
    /// Nanoseconds until the whole answer must be there.
    public var timeout: Int64
    /// Nanoseconds without a byte in either direction after which the request is given up; rounded up to seconds.
    public var stallTimeout: Int64
    /// The most bytes of an answer's body, after decompression.
    public var maxBodyBytes: Int
    /// Whether the server may compress the answer; it arrives decompressed.
    public var acceptsCompression = false
    /// Speaks HTTP/2: from the first byte on over `http://`, agreed on over `https://`; the former has
    /// a connection of its own. Its trailers stand behind the headers of the answer.
    public var isHTTP2 = false
    /// Redirects that are followed; to http and https only.
    public var maxRedirects = 0
    /// Signs the request with AWS Signature Version 4. The body is not part of the signature: use TLS outside of one machine.
    public var signing: Signing?
    /// Takes the body of an answer from 200 to 299 piece by piece, as it arrives, on the client's thread: it must not block for long. The answer has none then,
    /// and `maxBodyBytes` is no limit.
    public var onBody: (@Sendable (_ piece: UnsafeRawBufferPointer) -> Void)?

    /// A request with a limit on every wait: 10 s to connect, 30 s without progress, 60 s in all; 64 MiB of answer.
    public init(
      _ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: ArraySlice<UInt8>? = nil,
      connectTimeout: Int64 = 10_000_000_000, timeout: Int64 = 60_000_000_000, stallTimeout: Int64 = 30_000_000_000,
      maxBodyBytes: Int = 64 << 20, signing: Signing? = nil
    ) {
      self.method = method
      self.url = url
      self.headers = headers
      self.body = body
      self.connectTimeout = connectTimeout
      self.timeout = timeout
      self.stallTimeout = stallTimeout
      self.maxBodyBytes = maxBodyBytes
      self.signing = signing
    }
  }

  /// What a server answered.
  public struct Response: Sendable {
    /// 200, 404, …
    public var status: Int
    /// Names in lower case, values without blanks around them, in order.
    public var headers: [(name: String, value: String)]
    /// All of it.
    public var body: [UInt8]

    /// The first header of that name, which is given in lower case.
    public subscript(_ name: String) -> String? { headers.first { $0.name == name }?.value }
  }

  /// Who signs requests for services that speak AWS Signature Version 4. Prints without its secrets.
  public struct Signing: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// `eu-central-1`.
    public var region: String
    /// `s3`.
    public var service: String
    /// The public half of the credentials.
    public var accessKey: String
    /// The secret half.
    public var secretKey: String
    /// Of temporary credentials.
    public var sessionToken: String?

    /// Credentials for one service in one region.
    public init(region: String, service: String = "s3", accessKey: String, secretKey: String, sessionToken: String? = nil) {
      self.region = region
      self.service = service
      self.accessKey = accessKey
      self.secretKey = secretKey
      self.sessionToken = sessionToken
    }

    /// Region and service.
    public var description: String { "\(service) in \(region)" }
    /// Shows no fields, so that `dump` shows no secrets either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
  }
}
