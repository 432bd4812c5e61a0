internal import Dataflow
internal import Synchronization

/// The listening half of a push source: requests of one protocol, each acknowledged when `store` has it.
///
/// ```
/// POST ──▶ path, method ──▶ read with limits ─┬▶ protocol: decompress, check, bring into the kept form ──▶ store ──▶ answer
/// call of gRPC ──▶ read with limits ──────────┘
/// ```
///
/// Receivers of one process that are given the same address share its server: each takes its own paths and methods there.
package final class PushReceiver: Sendable {
  private static let httpServers = SharedServers<HTTPCall, HTTPAnswer>()
  private static let grpcServers = SharedServers<GRPCCall, GRPCAnswer>()

  private struct Seats {
    var http: SharedServers<HTTPCall, HTTPAnswer>.Seat?
    var grpc: SharedServers<GRPCCall, GRPCAnswer>.Seat?
    /// Why there is none.
    var refusal: String?
  }

  private let options: PushOptions
  private let now: @Sendable () -> Int64
  private let store: @Sendable ([UInt8]) async throws -> Void
  private let tenants: TenantGate?
  private let seats = Mutex(Seats())

  /// - Parameters:
  ///   - now: the time, in nanoseconds since 1970.
  ///   - store: takes what is kept of a request; its answer is sent when this returns. Whatever it throws is answered as a rejection.
  package init(_ options: PushOptions, now: @escaping @Sendable () -> Int64, store: @escaping @Sendable ([UInt8]) async throws -> Void) {
    (self.options, self.now, self.store) = (options, now, store)
    tenants = options.tenants.map { TenantGate($0, source: options.topic) }
  }

  /// What the server for HTTP is doing.
  package var state: ListenerState {
    seats.withLock { seats in seats.http?.server.state ?? seats.refusal.map { .failed($0) } ?? .starting }
  }
  /// What the server for gRPC is doing; nil where there is none.
  package var grpcState: ListenerState? {
    options.grpc == nil ? nil : seats.withLock { seats in seats.grpc?.server.state ?? seats.refusal.map { .failed($0) } ?? .starting }
  }

  /// Why nothing can be received; nil while all is well.
  package var failure: String? {
    for state in [state, grpcState] { if case .failed(let why) = state { return why } }
    return nil
  }

  /// Begins to listen. Returns at once; `state` and `grpcState` tell how it went.
  package func start() {
    seats.withLock { seats in
      do throws(SharedServers<HTTPCall, HTTPAnswer>.Refusal) { seats.http = try joinHTTP() } catch { seats.refusal = error.reason }
      guard let address = options.grpc else { return }
      do throws(SharedServers<GRPCCall, GRPCAnswer>.Refusal) { seats.grpc = try joinGRPC(address) } catch { seats.refusal = error.reason }
    }
  }

  /// Takes no more requests, answers those that are being read, and ends.
  package func stop() async {
    let seats = seats.withLock { $0 }
    if let grpc = seats.grpc { await Self.grpcServers.leave(grpc) }
    if let http = seats.http { await Self.httpServers.leave(http) }
  }

  private func joinHTTP() throws(SharedServers<HTTPCall, HTTPAnswer>.Refusal) -> SharedServers<HTTPCall, HTTPAnswer>.Seat {
    let (spoken, limits, now, store, tenants) = (options.spoken, options.limits, now, store, tenants)
    return try Self.httpServers.join(options.address, Set(spoken.paths), limits) { call in
      do {
        return try await Self.take(call, spoken, limits, tenants, now, store)
      } catch {
        let rejection = Self.rejection(error)
        var answer = spoken.answer(rejection, contentType: call.header("content-type"))
        if let seconds = rejection.retryAfter { answer.headers["Retry-After"] = "\(seconds)" }
        if rejection.kind == .wrongMethod { answer.headers["Allow"] = "POST" }
        return answer
      }
    } make: { board in
      HTTPListener(options.address, name: "\(spoken.name) over HTTP", limits: limits) { call in
        if let respond = board.receiver(of: call.path) { return await respond(call) }
        var answer = HTTPAnswer.text(503, Self.isAway)
        answer.headers["Retry-After"] = "1"
        return answer
      }
    }
  }

  private func joinGRPC(_ address: ListenAddress) throws(SharedServers<GRPCCall, GRPCAnswer>.Refusal)
    -> SharedServers<GRPCCall, GRPCAnswer>.Seat
  {
    let (spoken, limits, now, store, tenants) = (options.spoken, options.limits, now, store, tenants)
    let methods = spoken.methods
    return try Self.grpcServers.join(address, Set(methods.keys), limits) { call in
      do {
        var request = PushRequest(
          path: methods[call.method] ?? call.method, contentType: "application/x-protobuf", compression: call.compression,
          body: call.message, limits: BodyLimits(bytes: limits.bodyBytes))
        request.received = now()
        request.header = call.header
        let named = tenants.flatMap { call.header($0.quota.header) }
        let tenant = try tenants?.enter(named, announced: call.message.count, now: request.received)
        return .message(try await Self.take(request, spoken, tenant.flatMap { name in tenants.map { ($0, name) } }, store).body)
      } catch { return .status(GRPCStatus(Self.rejection(error))) }
    } make: { board in
      GRPCListener(address, name: "\(spoken.name) over gRPC", methods: { board.names }, limits: limits) { call in
        if let respond = board.receiver(of: call.method) { return await respond(call) }
        return .status(GRPCStatus(.unavailable, Self.isAway, retryAfter: 1))
      }
    }
  }

  private static let isAway = "the job that takes this is being started again: try again in a moment"

  private static func take(
    _ call: HTTPCall, _ spoken: any PushProtocol, _ limits: ListenerLimits, _ tenants: TenantGate?, _ now: @Sendable () -> Int64,
    _ store: @Sendable ([UInt8]) async throws -> Void
  ) async throws -> HTTPAnswer {
    guard spoken.paths.contains(call.path) else {
      throw PushRejection(.notFound, "there is nothing at \(call.path): this job takes \(spoken.paths.joined(separator: ", "))")
    }
    guard call.method == "POST" else { throw PushRejection(.wrongMethod, "\(call.path) takes POST") }
    let tenant = try tenants.map { gate in
      let announced = call.header("content-length").flatMap { Int($0) }
      return (gate, try gate.enter(call.header(gate.quota.header), announced: announced, now: now()))
    }
    let body = try await call.body()
    defer { call.release(body.count) }
    var request = PushRequest(
      path: call.path, contentType: call.header("content-type"), compression: call.header("content-encoding"), body: body,
      limits: BodyLimits(bytes: limits.bodyBytes))
    request.received = now()
    request.header = { call.header($0) }
    return try await take(request, spoken, tenant, store)
  }

  private static func take(
    _ request: PushRequest, _ spoken: any PushProtocol, _ tenant: (gate: TenantGate, name: String)?,
    _ store: @Sendable ([UInt8]) async throws -> Void
  ) async throws -> HTTPAnswer {
    try tenant?.gate.charge(tenant?.name ?? "", request.body.count)
    let accepted = try spoken.take(request)
    if let kept = accepted.kept {
      if let (gate, name) = tenant, gate.quota.maxStreams != nil { try gate.note(name, spoken.streams(kept), now: request.received) }
      try await store(kept)
    }
    return accepted.answer
  }

  private static func rejection(_ error: any Error) -> PushRejection {
    error as? PushRejection ?? PushRejection(.unavailable, "the request could not be taken: \(error)")
  }
}
