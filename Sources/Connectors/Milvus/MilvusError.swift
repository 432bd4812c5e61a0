internal import Dataflow
internal import HTTP

/// A call that Milvus did not answer as hoped. Holds no credentials and no records.
package struct MilvusError: Error, Equatable, CustomStringConvertible {
  /// What happened, for people.
  package let message: String
  /// What a person can do about it; empty when there is nothing to say.
  package let hint: String
  /// Whether the same call may pass later.
  package let isTransient: Bool

  init(_ message: String, hint: String = "", isTransient: Bool) {
    (self.message, self.hint, self.isTransient) = (message, hint, isTransient)
  }

  /// There was no answer.
  init(_ method: String, _ error: HTTPError) {
    let hint = error.code == .tls ? "check the connection's url and caFile" : "see whether Milvus is up, and the connection's url"
    self.init("milvus did not answer \(method): \(error.message)", hint: hint, isTransient: error.isTransient)
  }

  /// The call ended with a status of gRPC that is not OK.
  ///
  /// - Source: the codes of `google.rpc.Code`, and which of them are worth another try (grpc.io, "Status codes and their use in gRPC").
  init(_ method: String, grpcStatus code: Int, _ words: String) {
    let hint =
      switch code {
      case 7, 16: "check the connection's token"
      case 12: "the server is too old for this call, or no Milvus: check the connection's url"
      default: ""
      }
    // DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE.
    self.init(
      "milvus refused \(method) (gRPC status \(code))\(words.isEmpty ? "" : ": \(words)")", hint: hint,
      isTransient: [4, 8, 10, 14].contains(code))
  }

  /// The message, and the hint on a line of its own.
  package var description: String { hint.isEmpty ? message : "\(message)\n  hint: \(hint)" }

  /// The same for the runtime of a sink.
  var sinkError: SinkError { SinkError(message, hint: hint, retry: isTransient ? .withBackoff : .never) }
}
