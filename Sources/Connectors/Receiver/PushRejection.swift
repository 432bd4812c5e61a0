/// Why a request is not accepted. The protocol says how its senders are told; what they may tell apart is the same for all of them.
package struct PushRejection: Error, Sendable, Equatable, CustomStringConvertible {
  /// The status of HTTP. Only `busy` and `unavailable` are worth another try.
  package enum Kind: Int, Sendable {
    case badRequest = 400
    case notFound = 404
    case wrongMethod = 405
    case tooSlow = 408
    case tooLarge = 413
    case unsupported = 415
    /// What was accepted has not been read yet and fills the room there is.
    case busy = 429
    case unavailable = 503
  }

  package let kind: Kind
  package let description: String

  /// Seconds after which another try makes sense; nil when none does.
  package let retryAfter: Int?

  /// - Parameter retryAfter: a second where another try makes sense, unless given.
  package init(_ kind: Kind, _ description: String, retryAfter: Int? = nil) {
    self.kind = kind
    self.description = description
    self.retryAfter = retryAfter ?? (kind == .busy || kind == .unavailable ? 1 : nil)
  }
}
