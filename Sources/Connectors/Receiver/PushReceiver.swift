internal import Dataflow

/// The listening half of a push source: requests of one protocol, each acknowledged when `store` has it.
///
/// ```
/// POST ──▶ path, method ──▶ read with limits ─┬▶ protocol: decompress, check, bring into the kept form ──▶ store ──▶ answer
/// call of gRPC ──▶ read with limits ──────────┘
/// ```
package final class PushReceiver: Sendable {
  private let http: HTTPListener
  private let grpc: GRPCListener?

  /// - Parameters:
  ///   - now: the time, in nanoseconds since 1970.
  ///   - store: takes what is kept of a request; its answer is sent when this returns. Whatever it throws is answered as a rejection.
  package init(_ options: PushOptions, now: @escaping @Sendable () -> Int64, store: @escaping @Sendable ([UInt8]) async throws -> Void) {
    let spoken = options.spoken
    let limits = options.limits
    http = HTTPListener(options.address, name: "\(spoken.name) over HTTP", limits: limits) { call in
      do {
        return try await Self.take(call, spoken, limits, now, store)
      } catch {
        let rejection = Self.rejection(error)
        var answer = spoken.answer(rejection, contentType: call.header("content-type"))
        if let seconds = rejection.retryAfter { answer.headers["Retry-After"] = "\(seconds)" }
        if rejection.kind == .wrongMethod { answer.headers["Allow"] = "POST" }
        return answer
      }
    }
    grpc = options.grpc.map { address in
      let methods = spoken.methods
      return GRPCListener(address, name: "\(spoken.name) over gRPC", methods: Set(methods.keys), limits: limits) { call in
        do {
          var request = PushRequest(
            path: methods[call.method] ?? call.method, contentType: "application/x-protobuf", compression: call.compression,
            body: call.message, limits: BodyLimits(bytes: limits.bodyBytes))
          request.received = now()
          request.header = call.header
          return .message(try await Self.take(request, spoken, store).body)
        } catch { return .status(GRPCStatus(Self.rejection(error))) }
      }
    }
  }

  /// What the server for HTTP is doing.
  package var state: ListenerState { http.state }
  /// What the server for gRPC is doing; nil where there is none.
  package var grpcState: ListenerState? { grpc?.state }

  /// Why nothing can be received; nil while all is well.
  package var failure: String? {
    for state in [http.state, grpc?.state] { if case .failed(let why) = state { return why } }
    return nil
  }

  /// Begins to listen. Returns at once; `state` and `grpcState` tell how it went.
  package func start() {
    http.start()
    grpc?.start()
  }

  /// Takes no more requests, answers those that are being read, and ends.
  package func stop() async {
    async let stopped: Void? = grpc?.stop()
    await http.stop()
    await stopped
  }

  private static func take(
    _ call: HTTPCall, _ spoken: any PushProtocol, _ limits: ListenerLimits, _ now: @Sendable () -> Int64,
    _ store: @Sendable ([UInt8]) async throws -> Void
  ) async throws -> HTTPAnswer {
    guard spoken.paths.contains(call.path) else {
      throw PushRejection(.notFound, "there is nothing at \(call.path): this job takes \(spoken.paths.joined(separator: ", "))")
    }
    guard call.method == "POST" else { throw PushRejection(.wrongMethod, "\(call.path) takes POST") }
    let body = try await call.body()
    defer { call.release(body.count) }
    var request = PushRequest(
      path: call.path, contentType: call.header("content-type"), compression: call.header("content-encoding"), body: body,
      limits: BodyLimits(bytes: limits.bodyBytes))
    request.received = now()
    request.header = { call.header($0) }
    return try await take(request, spoken, store)
  }

  private static func take(
    _ request: PushRequest, _ spoken: any PushProtocol, _ store: @Sendable ([UInt8]) async throws -> Void
  ) async throws -> HTTPAnswer {
    let accepted = try spoken.take(request)
    if let kept = accepted.kept { try await store(kept) }
    return accepted.answer
  }

  private static func rejection(_ error: any Error) -> PushRejection {
    error as? PushRejection ?? PushRejection(.unavailable, "the request could not be taken: \(error)")
  }
}
