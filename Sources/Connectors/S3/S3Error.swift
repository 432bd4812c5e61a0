public import Dataflow
internal import HTTP

/// A request that an S3 server did not answer as hoped. Holds no credentials.
public struct S3Error: ReplicaFailure, Equatable {
  /// What was tried, and on what: `get s3://bucket/key`; empty when nothing was sent.
  public let operation: String
  /// The answer's status; 0 when there was none.
  public let status: Int
  /// S3's word for what is wrong: `NoSuchKey`; empty when there was none.
  public let code: String
  /// The server's words, or the network's.
  public let message: String
  /// What a person can do about it, or an empty string.
  public let hint: String
  /// What a store does about it.
  public let kind: ReplicaFailureKind

  /// Nothing was sent: something is missing or wrong on this side.
  static func unusable(_ message: String, hint: String) -> S3Error {
    S3Error(operation: "", status: 0, code: "", message: message, hint: hint, kind: .refused)
  }

  private init(operation: String, status: Int, code: String, message: String, hint: String, kind: ReplicaFailureKind) {
    self.operation = operation
    self.status = status
    self.code = code
    self.message = message
    self.hint = hint
    self.kind = kind
  }

  /// No answer at all.
  init(_ operation: String, _ error: HTTPError) {
    let kind: ReplicaFailureKind =
      switch error.code {
      case .connect, .timeout, .broken, .failed: .passing
      case .tls, .unusable, .cancelled: .refused
      case .tooLarge: .damage
      }
    let hint = error.code == .tls ? "check the endpoint's certificate; caFile names a private authority's" : ""
    self.init(operation: operation, status: 0, code: "", message: error.message, hint: hint, kind: kind)
  }

  /// An answer with an error in it.
  init(_ operation: String, _ response: HTTPClient.Response) {
    let elements = S3XML.elements(response.body)
    let code = elements.first { $0.name == "Code" }?.text ?? ""
    let message = elements.first { $0.name == "Message" }?.text ?? ""
    self.init(
      operation: operation, status: response.status, code: code, message: message, hint: Self.hint(response.status, code),
      kind: Self.kind(response.status, code))
  }

  /// An answer that makes no sense.
  init(_ operation: String, status: Int, _ message: String) {
    self.init(operation: operation, status: status, code: "", message: message, hint: "", kind: .passing)
  }

  private static func kind(_ status: Int, _ code: String) -> ReplicaFailureKind {
    switch (status, code) {
    case (_, "NoSuchBucket"): .refused
    case (404, _), (416, _): .damage
    case (_, "RequestTimeout"), (_, "SlowDown"), (_, "InternalError"), (408, _), (409, _), (429, _), (500, _), (502...504, _): .passing
    default: .refused
    }
  }

  private static func hint(_ status: Int, _ code: String) -> String {
    switch (status, code) {
    case (_, "NoSuchBucket"): "make the bucket, or correct its name"
    case (_, "RequestTimeTooSkewed"): "set this machine's clock"
    case (_, "ExpiredToken"): "the temporary credentials have ended: start the program with new ones"
    case (301, _), (307, _), (_, "AuthorizationHeaderMalformed"): "set region to the bucket's"
    case (401, _), (403, _): "check access key, secret key and region, and that they may read, write, list and delete there"
    default: ""
    }
  }

  /// The bytes are not there.
  package var isMissing: Bool { status == 404 && kind == .damage }

  /// A sentence for people, and the hint on a line of its own.
  public var description: String {
    var text = operation.isEmpty ? message : "could not \(operation): "
    if !operation.isEmpty {
      text += [status == 0 ? "" : "\(status)", code].filter { !$0.isEmpty }.joined(separator: " ")
      if !message.isEmpty { text += (status == 0 ? "" : ", ") + message }
    }
    return hint.isEmpty ? text : "\(text)\n  hint: \(hint)"
  }
}
