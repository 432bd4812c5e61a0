internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import ServiceLifecycle
internal import Synchronization

/// A server for HTTP/1.1 with bounds on all that a client can make it hold: connections, time, heads and bodies. Runs from `start` to `stop`.
package final class HTTPListener: Sendable {
  private struct Running {
    var state = ListenerState.starting
    var group: ServiceGroup?
  }

  private let address: ListenAddress
  private let limits: ListenerLimits
  private let name: String
  private let budget: ByteBudget
  private let respond: @Sendable (HTTPCall) async -> HTTPAnswer
  private let running = Mutex(Running())
  private static let logger = Logger(label: "sloscout.http")

  /// - Parameters:
  ///   - name: what it listens for, in messages.
  ///   - respond: called for each request; may be called many times at once.
  package init(
    _ address: ListenAddress, name: String, limits: ListenerLimits = ListenerLimits(),
    respond: @escaping @Sendable (HTTPCall) async -> HTTPAnswer
  ) {
    self.address = address
    self.limits = limits
    self.name = name
    self.respond = respond
    budget = ByteBudget(limits.allBodyBytes)
  }

  /// What the server is doing.
  package var state: ListenerState { running.withLock { $0.state } }

  /// Begins to listen. Returns at once; `state` tells how it went.
  package func start() {
    // Owned by the server: `stop` ends it, and it ends by itself when the address cannot be had.
    Task.detached {
      do {
        try await self.run()
        self.running.withLock { if $0.state != .stopped { $0.state = .stopped } }
      } catch {
        self.running.withLock { $0.state = .failed("cannot listen on \(self.address.host):\(self.address.port): \(error)") }
      }
    }
  }

  /// Takes no more requests, answers those that are being read, and ends.
  package func stop() async {
    let group = running.withLock { running in
      defer { running.state = .stopped }
      return running.group
    }
    await group?.triggerGracefulShutdown()
  }

  private func run() async throws {
    ListenerLimits.allowManyConnections()
    var configuration = ApplicationConfiguration(
      address: .hostname(address.host, port: address.port), serverName: "sloscout",
      availableConnectionsDelegate: MaximumAvailableConnections(limits.connections))
    configuration.backlog = 1024
    var quiet = Logger(label: "sloscout.http.server")
    quiet.logLevel = .error
    let (limits, budget, respond) = (limits, budget, respond)
    let application = Application(
      responder: CallbackResponder { (request: Request, context: ListenerContext) in
        Self.response(await respond(HTTPCall(request, context.channel, limits, budget)))
      },
      server: .http1(configuration: .init(idleTimeout: .seconds(limits.idleSeconds))),
      configuration: configuration,
      onServerRunning: { channel in
        let port = channel.localAddress?.port ?? self.address.port
        self.running.withLock { if $0.state == .starting { $0.state = .listening(port: port) } }
        Self.logger.info("listening for \(self.name) on \(self.address.host):\(port)")
      }, logger: quiet)
    let group = ServiceGroup(configuration: .init(services: [application], logger: quiet))
    let isStopped = running.withLock { running in
      running.group = group
      return running.state == .stopped
    }
    if isStopped { return }
    try await group.run()
  }

  private static func response(_ answer: HTTPAnswer) -> Response {
    var response = Response(status: HTTPResponse.Status(code: answer.status), body: .init(byteBuffer: ByteBuffer(bytes: answer.body)))
    if let type = answer.contentType { response.headers[.contentType] = type }
    for (name, value) in answer.headers { if let name = HTTPField.Name(name) { response.headers[name] = value } }
    return response
  }
}

/// Keeps the connection of a request, so that it can be cut.
private struct ListenerContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}
