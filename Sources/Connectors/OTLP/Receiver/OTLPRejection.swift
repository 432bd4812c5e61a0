internal import Dataflow

/// Why a request is not accepted, and how that is said: an HTTP status with a `google.rpc.Status` as its body.
package struct OTLPRejection: Error, Sendable, Equatable, CustomStringConvertible {
  /// What a sender may tell apart. Only `busy` and `unavailable` are worth another try.
  package enum Kind: Int, Sendable {
    case badRequest = 400
    case notFound = 404
    case wrongMethod = 405
    case tooLarge = 413
    case unsupported = 415
    /// What was accepted has not been read yet and fills the room there is.
    case busy = 429
    case unavailable = 503
  }

  package let kind: Kind
  package let description: String

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// Seconds after which another try makes sense; nil when none does.
  package var retryAfter: Int? { kind == .busy || kind == .unavailable ? 1 : nil }

  /// The code of `google.rpc.Code` that says about the same.
  private var code: Int64 {
    switch kind {
    case .badRequest, .unsupported: 3  // INVALID_ARGUMENT
    case .notFound, .wrongMethod: 12  // UNIMPLEMENTED
    case .tooLarge, .busy: 8  // RESOURCE_EXHAUSTED
    case .unavailable: 14  // UNAVAILABLE
    }
  }

  /// The `google.rpc.Status`.
  package func body(_ encoding: OTLPBody.Encoding) -> [UInt8] {
    var bytes: [UInt8] = []
    let text = Array(description.utf8.prefix(1024))
    switch encoding {
    case .protobuf:
      bytes += [0x08, UInt8(code), 0x12]
      var count = text.count
      while count >= 0x80 {
        bytes.append(UInt8(count & 0x7F) | 0x80)
        count >>= 7
      }
      bytes.append(UInt8(count))
      bytes += text
    case .json:
      bytes += Array("{\"code\":".utf8)
      TextWriter.append(code, to: &bytes)
      bytes += Array(",\"message\":".utf8)
      TextWriter.append(string: text, to: &bytes)
      bytes.append(UInt8(ascii: "}"))
    }
    return bytes
  }
}
