internal import Dataflow

/// The HTTP half of a push source: requests of one protocol, each acknowledged when `store` has it.
///
/// ```
/// POST ──▶ path, method ──▶ read with limits ──▶ protocol: decompress, check, bring into the kept form ──▶ store ──▶ answer
/// ```
package final class PushReceiver: Sendable {
  private let listener: HTTPListener

  /// - Parameter store: takes what is kept of a request; its answer is sent when this returns. Whatever it throws is answered as a rejection.
  package init(_ options: PushOptions, store: @escaping @Sendable ([UInt8]) async throws -> Void) {
    let spoken = options.spoken
    listener = HTTPListener(options.address, name: spoken.name, limits: options.limits) { call in
      do {
        return try await Self.take(call, spoken, options.limits, store)
      } catch {
        let rejection =
          error as? PushRejection ?? PushRejection(.unavailable, "the request could not be taken: \(error)")
        var answer = spoken.answer(rejection, contentType: call.header("content-type"))
        if let seconds = rejection.retryAfter { answer.headers["Retry-After"] = "\(seconds)" }
        if rejection.kind == .wrongMethod { answer.headers["Allow"] = "POST" }
        return answer
      }
    }
  }

  /// What the server is doing.
  package var state: HTTPListener.State { listener.state }

  /// Begins to listen. Returns at once; `state` tells how it went.
  package func start() { listener.start() }

  /// Takes no more requests, answers those that are being read, and ends.
  package func stop() async { await listener.stop() }

  private static func take(
    _ call: HTTPCall, _ spoken: any PushProtocol, _ limits: HTTPListener.Limits, _ store: @Sendable ([UInt8]) async throws -> Void
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
    request.header = { call.header($0) }
    let accepted = try spoken.take(request)
    if let kept = accepted.kept { try await store(kept) }
    return accepted.answer
  }
}
