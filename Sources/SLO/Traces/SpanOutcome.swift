/// Whether a span failed, and what says so.
///
/// The code of the protocol decides where there is one: HTTP at the server fails from 500 on, at the client from 400 on; gRPC at the server
/// fails with UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE and DATA_LOSS, at the client with anything but OK. Below
/// 400, and without a code, the span's status decides; then `error.type`.
package enum SpanOutcome: UInt8, Sendable, Equatable {
  /// Nothing says anything: no status, no code.
  case unknown
  /// A status or a code says that it went well.
  case good
  case failed

  /// - Parameters:
  ///   - status: the number of OTLP: 0 unset, 1 ok, 2 error.
  ///   - http: `http.response.status_code`.
  ///   - rpc: `rpc.grpc.status_code` or what has its meaning.
  ///   - hasErrorType: whether `error.type` is there.
  package init(kind: SpanKind, status: UInt8, http: Int64? = nil, rpc: Int64? = nil, hasErrorType: Bool = false) {
    let isCaller = kind == .client || kind == .producer
    if let http, (100...599).contains(http) {
      if http >= 500 || isCaller && http >= 400 {
        self = .failed
        return
      }
      // The caller's mistake is no failure of the server, whatever the status says.
      if http >= 400 {
        self = .good
        return
      }
      self = status == 2 ? .failed : .good
      return
    }
    if let rpc, (0...16).contains(rpc) {
      let isBad = isCaller ? rpc != 0 : Self.serverFaults.contains(rpc)
      self = isBad || rpc == 0 && status == 2 ? .failed : .good
      return
    }
    self = status == 2 || status == 0 && hasErrorType ? .failed : status == 1 ? .good : .unknown
  }

  private static let serverFaults: Set<Int64> = [2, 4, 12, 13, 14, 15]
}
