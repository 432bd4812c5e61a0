internal import CCurl

/// A request that got no answer. An answer with an error status is no `HTTPError`.
public struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What a caller may tell apart.
  public enum Code: Sendable, Equatable {
    /// No connection: the name has no address, nobody listens, the network is down. The server has not seen the request.
    case connect
    /// The time for the request is over, or nothing moved for the stall time. The server may have acted on it.
    case timeout
    /// The connection ended before the whole answer was there. The server may have acted on the request.
    case broken
    /// No trust: the certificate is not valid for this host, or TLS could not be agreed on.
    case tls
    /// The answer is larger than the request allows.
    case tooLarge
    /// The caller cancelled it, or the client was closed.
    case cancelled
    /// The URL, or what stands in the request, cannot be sent.
    case unusable
    /// The library failed in some other way.
    case failed
  }

  /// What went wrong.
  public let code: Code
  /// Lower case, no full stop. May name the host; holds no credentials and no contents.
  public let message: String

  /// An error with a message of the caller's.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Whether the same request may pass later.
  public var isTransient: Bool {
    switch code {
    case .connect, .timeout, .broken: true
    case .tls, .tooLarge, .cancelled, .unusable, .failed: false
    }
  }

  /// The message.
  public var description: String { message }

  init(_ result: CURLcode, _ words: String) {
    let message = words.isEmpty ? String(cString: curl_easy_strerror(result)) : words
    self.init(Self.code(result), "http: \(message)")
  }

  private static func code(_ result: CURLcode) -> Code {
    switch result {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT: .connect
    case CURLE_OPERATION_TIMEDOUT: .timeout
    case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING,
      CURLE_HTTP2, CURLE_HTTP2_STREAM:
      .broken
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CLIENTCERT:
      .tls
    case CURLE_FILESIZE_EXCEEDED: .tooLarge
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_FUNCTION_ARGUMENT: .unusable
    default: .failed
    }
  }
}
