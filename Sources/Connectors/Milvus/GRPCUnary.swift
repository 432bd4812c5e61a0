internal import HTTP

/// Unary calls of gRPC: one message there, one back. libcurl does HTTP/2 and TLS. Blocks; safe to use from several threads.
struct GRPCUnary: Sendable {
  /// `http://host:port`.
  let url: String
  /// Metadata of every call.
  let metadata: [(name: String, value: String)]
  /// Nanoseconds for one call.
  let timeout: Int64
  private let http: HTTPClient
  /// Bytes of the longest answer: what Milvus itself sends at most.
  private static let longest = 256 << 20

  init(url: String, metadata: [(name: String, value: String)], caFile: String?, timeout: Int64) throws(HTTPError) {
    (self.url, self.metadata, self.timeout) = (url, metadata, timeout)
    http = try HTTPClient(caFile: caFile)
  }

  /// What a call came to.
  struct Outcome {
    /// 0 for OK; that of `google.rpc.Code`.
    var status: Int
    /// The server's words for a status that is not OK.
    var words: String
    /// The answer; empty when the status is not OK.
    var message: [UInt8]
  }

  /// Calls `/package.Service/Method`. Throws `HTTPError` when there is no answer, or one that is not of gRPC.
  func call(_ method: String, _ message: [UInt8]) throws(HTTPError) -> Outcome {
    let head = [("content-type", "application/grpc"), ("te", "trailers"), ("grpc-timeout", "\(max(1, timeout / 1_000_000))m")]
    var request = HTTPClient.Request(
      "POST", url + method, headers: head + metadata, body: GRPCMessage.framed(message)[...], timeout: timeout, stallTimeout: timeout,
      maxBodyBytes: Self.longest)
    request.isHTTP2 = true
    let response = try http.perform(request)
    guard let status = response["grpc-status"].flatMap({ Int($0) }) else {
      // A proxy, or a server of something else.
      throw HTTPError(
        response.status == 200 || response.status >= 500 ? .broken : .unusable, "the answer has status \(response.status) and none of gRPC")
    }
    guard status == 0 else { return Outcome(status: status, words: Self.decoded(response["grpc-message"] ?? ""), message: []) }
    var answer = GRPCMessage(limit: Self.longest)
    do {
      try response.body.withUnsafeBytes { try answer.append($0) }
      try answer.finish()
    } catch {
      throw HTTPError(.broken, "the answer is no message of gRPC: \(error)")
    }
    return Outcome(status: 0, words: "", message: answer.bytes)
  }

  /// `%XX` back to bytes; what is no such code stays as it is. At most a kilobyte of it, for people.
  static func decoded(_ text: String) -> String {
    var (bytes, rest) = ([UInt8](), Array(text.utf8.prefix(3072))[...])
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes.prefix(1024), as: UTF8.self)
  }
}
