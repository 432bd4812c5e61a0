/// A call of gRPC that was read in whole.
struct GRPCCall: Sendable {
  /// `/package.Service/Method`.
  let method: String
  /// How the message is compressed; nil when it is not.
  let compression: String?
  /// As it was sent.
  let message: [UInt8]
  /// Metadata, by its name in lower case.
  let header: @Sendable (String) -> String?
}

/// What is answered to a call.
enum GRPCAnswer: Sendable {
  case message([UInt8])
  case status(GRPCStatus)
  /// To whom does not speak gRPC.
  case http(Int)
}
