internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP2
internal import NIOPosix
internal import Synchronization

/// A server for unary calls of gRPC: HTTP/2 without TLS, with bounds on all that a client can make it hold. Runs from `start` to `stop`.
///
/// HTTP/2 is NIO's; of gRPC there is what a call of one message and an answer of one need.
final class GRPCListener: Sendable {
  /// Seconds that a connection has to end after it was asked to.
  private static let graceSeconds: Int64 = 5
  /// What a sender may have on its way in one connection: large requests need no more round trips than over HTTP/1.1.
  private static let windowBytes = 1 << 20
  /// Pings and the like that a client may send in half a minute: gRPC's own clients measure the line with up to ten a second.
  private static let controlFrames = 1_000

  private struct Running {
    var state = ListenerState.starting
    var server: (any Channel)?
    var connections: [ObjectIdentifier: any Channel] = [:]
  }

  private let address: ListenAddress
  private let name: String
  private let service: GRPCService
  private let running = Mutex(Running())
  private static let logger = Logger(label: "sloscout.grpc")

  /// - Parameters:
  ///   - name: what it listens for, in messages.
  ///   - methods: `/package.Service/Method`; others are UNIMPLEMENTED.
  ///   - respond: called for each call that was read in whole; may be called many times at once.
  init(
    _ address: ListenAddress, name: String, methods: @escaping @Sendable () -> Set<String>, limits: ListenerLimits,
    respond: @escaping @Sendable (GRPCCall) async -> GRPCAnswer
  ) {
    self.address = address
    self.name = name
    service = GRPCService(methods: methods, limits: limits, budget: ByteBudget(limits.allBodyBytes), respond: respond)
  }

  /// What the server is doing.
  var state: ListenerState { running.withLock { $0.state } }

  /// Begins to listen. Returns at once; `state` tells how it went.
  func start() {
    ListenerLimits.allowManyConnections()
    let connections = service.limits.connections
    ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { server in
        server.eventLoop.makeCompletedFuture {
          try server.pipeline.syncOperations.addHandler(AvailableConnectionsChannelHandler(maxConnections: connections))
        }
      }
      .childChannelInitializer { self.open($0) }
      .bind(host: address.host, port: address.port)
      .whenComplete { self.began($0) }
  }

  /// Takes no more calls, answers those that are being read, and ends: within seconds, whatever clients do.
  func stop() async {
    let server = running.withLock { running in
      running.state = .stopped
      return running.server
    }
    try? await server?.close()
    let connections = running.withLock { Array($0.connections.values) }
    for connection in connections { connection.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    for connection in connections { try? await connection.closeFuture.get() }
  }

  private func began(_ result: Result<any Channel, any Error>) {
    switch result {
    case .failure(let error):
      running.withLock { $0.state = .failed("cannot listen on \(address.host):\(address.port): \(error)") }
    case .success(let server):
      let port = server.localAddress?.port ?? address.port
      let isStopped = running.withLock { running in
        running.server = server
        if running.state == .starting { running.state = .listening(port: port) }
        return running.state == .stopped
      }
      if isStopped { return server.close(promise: nil) }
      Self.logger.info("listening for \(name) on \(address.host):\(port)")
    }
  }

  private func open(_ channel: any Channel) -> EventLoopFuture<Void> {
    let id = ObjectIdentifier(channel)
    let isStopped = running.withLock { running in
      if running.state != .stopped { running.connections[id] = channel }
      return running.state == .stopped
    }
    if isStopped { return channel.close() }
    channel.closeFuture.whenComplete { _ in self.running.withLock { _ = $0.connections.removeValue(forKey: id) } }

    let service = service
    return channel.eventLoop.makeCompletedFuture {
      let management = NIOHTTP2ServerConnectionManagementHandler(
        eventLoop: channel.eventLoop,
        configuration: .init(
          maxIdleTime: .seconds(service.limits.idleSeconds), maxAge: nil, maxGraceTime: .seconds(Self.graceSeconds), keepalive: nil))
      var connection = NIOHTTP2Handler.ConnectionConfiguration()
      connection.targetWindowSize = Self.windowBytes
      connection.controlFrameRateLimit.maximumCount = Self.controlFrames
      var stream = NIOHTTP2Handler.StreamConfiguration()
      stream.targetWindowSize = Self.windowBytes
      let pipeline = channel.pipeline.syncOperations
      _ = try pipeline.configureHTTP2Pipeline(
        mode: .server, connectionConfiguration: connection, streamConfiguration: stream, streamDelegate: management.http2StreamDelegate
      ) { stream in
        stream.eventLoop.makeCompletedFuture { try stream.pipeline.syncOperations.addHandler(GRPCStreamHandler(service)) }
      }
      try pipeline.addHandlers([GRPCConnectionHandler(graceSeconds: Self.graceSeconds), management])
    }
  }
}
