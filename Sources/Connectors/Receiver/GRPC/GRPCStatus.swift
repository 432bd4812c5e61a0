/// How a call of gRPC ended, when it did not end well: a code of `google.rpc.Code`, and words.
///
/// - Source: the gRPC protocol over HTTP/2 (grpc.io, `PROTOCOL-HTTP2.md`), and OTLP's chapter on failures, which says which codes are tried again.
package struct GRPCStatus: Error, Equatable {
  package enum Code: Int, Sendable {
    case invalidArgument = 3
    case deadlineExceeded = 4
    case resourceExhausted = 8
    case unimplemented = 12
    case unavailable = 14
  }

  package let code: Code
  package let message: String
  /// Seconds after which another try makes sense; nil when none does.
  package var retryAfter: Int?

  package init(_ code: Code, _ message: String, retryAfter: Int? = nil) {
    self.code = code
    self.message = message
    self.retryAfter = retryAfter
  }

  /// What HTTP would be told by a status. A full spool is UNAVAILABLE, as OTLP advises for overload: some senders never repeat after
  /// RESOURCE_EXHAUSTED, which is left for what no repetition makes smaller.
  package init(_ rejection: PushRejection) {
    let code: Code =
      switch rejection.kind {
      case .badRequest: .invalidArgument
      case .tooSlow: .deadlineExceeded
      case .tooLarge: .resourceExhausted
      case .notFound, .wrongMethod, .unsupported: .unimplemented
      case .busy, .unavailable: .unavailable
      }
    self.init(code, rejection.description, retryAfter: rejection.retryAfter)
  }

  /// The trailers that tell it.
  package var trailers: [(name: String, value: String)] {
    var trailers = [("grpc-status", "\(code.rawValue)"), ("grpc-message", percentEncoded)]
    if let details { trailers.append(("grpc-status-details-bin", details)) }
    return trailers
  }

  /// The message, of at most a kilobyte; all but printable ASCII is written as %XX.
  private var percentEncoded: String {
    var text = ""
    for byte in message.utf8.prefix(1024) {
      if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%") {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += byte < 0x10 ? "%0" : "%"
        text += String(byte, radix: 16, uppercase: true)
      }
    }
    return text
  }

  /// A `google.rpc.Status` that holds a `RetryInfo`, in base64; nil when there is nothing to wait for.
  private var details: String? {
    guard let retryAfter else { return nil }
    var status = WireWriter()
    status.append(1, varint: UInt64(code.rawValue))
    status.append(2, Array(message.utf8.prefix(1024)))
    status.append(3) { any in
      any.append(1, "type.googleapis.com/google.rpc.RetryInfo")
      any.append(2) { retry in retry.append(1) { delay in delay.append(1, varint: UInt64(retryAfter)) } }
    }
    return status.bytes.withUnsafeBytes { Base64.text($0) }
  }
}
