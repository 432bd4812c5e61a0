/// A protocol by which others send telemetry over HTTP, or gRPC: its paths, how it reads a body, and how it answers. Pure; all else is the receiver's.
///
/// What `take` keeps is appended to a spool as one record, and the answer is sent when it is on the disk; the source's decoder reads it from there.
package protocol PushProtocol: Sendable {
  /// What it is called in messages: "OTLP".
  var name: String { get }
  /// The paths that are taken; all others are answered with 404, all methods but POST with 405.
  var paths: [String] { get }
  /// The methods of gRPC that mean the same, `/package.Service/Method`, and the path that each stands for; empty for a protocol that has none.
  /// A method's message is the body that is posted to the path, in protobuf.
  var methods: [String: String] { get }

  /// Checks a request and brings it into the form that is kept.
  ///
  /// - Throws: `PushRejection`; nothing of the request is kept then.
  func take(_ request: PushRequest) throws(PushRejection) -> PushAcceptance

  /// Hashes of the streams that speak in what was kept: of resources, labels, series. Asked for only where they are limited.
  func streams(_ kept: [UInt8]) -> [UInt64]

  /// How a sender is told that its request was not taken. The receiver adds `Retry-After` and `Allow`.
  func answer(_ rejection: PushRejection, contentType: String?) -> HTTPAnswer
}

extension PushProtocol {
  package var methods: [String: String] { [:] }
  /// Of what is kept as OTLP/JSON, its resources.
  package func streams(_ kept: [UInt8]) -> [UInt64] { OTLPStreams.hashes(kept) }
}

/// What becomes of a request that was taken.
package struct PushAcceptance: Sendable {
  /// What the spool keeps; nil for a request that holds nothing.
  package var kept: [UInt8]?
  /// Sent once `kept` is on the disk.
  package var answer: HTTPAnswer

  package init(kept: [UInt8]?, answer: HTTPAnswer) {
    self.kept = kept
    self.answer = answer
  }
}
