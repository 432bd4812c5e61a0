internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import ServiceLifecycle
internal import Synchronization

/// The HTTP side of OTLP: `POST /v1/logs`, `/v1/traces`, `/v1/metrics`, in protobuf or JSON, plain or compressed with gzip or zstd.
///
/// 200 means that the request is in the hands of `accept`, which returned; whatever it throws is answered as a rejection. Runs from `start` to `stop`.
package final class OTLPServer: Sendable {
  package struct Options: Sendable {
    package var host = "127.0.0.1"
    /// 0 takes a free one.
    package var port = 4318
    /// The signals that are accepted; others are answered with 404, as the protocol says.
    package var signals: [OTLPSignal] = OTLPSignal.allCases
    /// Bytes of the longest body, compressed and not.
    package var maxRequestBytes = 16 << 20

    package init() {}
  }

  /// Where a server stands.
  package enum State: Sendable, Equatable {
    case starting
    case listening(port: Int)
    case failed(String)
    case stopped
  }

  private struct Running {
    var state = State.starting
    var group: ServiceGroup?
  }

  private let options: Options
  private let accept: @Sendable (OTLPSignal, [UInt8]) async throws -> Void
  private let running = Mutex(Running())
  private static let logger = Logger(label: "sloscout.otlp")

  /// - Parameter accept: takes a request as OTLP/JSON; it is acknowledged when this returns.
  package init(_ options: Options, accept: @escaping @Sendable (OTLPSignal, [UInt8]) async throws -> Void) {
    self.options = options
    self.accept = accept
  }

  /// What the server is doing.
  package var state: State { running.withLock { $0.state } }

  /// Begins to listen. Returns at once; `state` tells how it went.
  package func start() {
    // Owned by the server: `stop` ends it, and it ends by itself when the address cannot be had.
    Task.detached {
      do {
        try await self.run()
        self.running.withLock { if $0.state != .stopped { $0.state = .stopped } }
      } catch {
        self.running.withLock { $0.state = .failed("cannot listen on \(self.options.host):\(self.options.port): \(error)") }
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
    var configuration = ApplicationConfiguration(address: .hostname(options.host, port: options.port), serverName: "sloscout")
    configuration.backlog = 1024
    var quiet = Logger(label: "sloscout.otlp.http")
    quiet.logLevel = .error
    let application = Application(
      responder: CallbackResponder { (request: Request, _: BasicRequestContext) in await self.respond(to: request) },
      configuration: configuration,
      onServerRunning: { channel in
        let port = channel.localAddress?.port ?? self.options.port
        self.running.withLock { if $0.state == .starting { $0.state = .listening(port: port) } }
        Self.logger.info("listening for OTLP over HTTP on \(self.options.host):\(port)")
      }, logger: quiet)
    let group = ServiceGroup(configuration: .init(services: [application], logger: quiet))
    let isStopped = running.withLock { running in
      running.group = group
      return running.state == .stopped
    }
    if isStopped { return }
    try await group.run()
  }

  // MARK: One request

  private func respond(to request: Request) async -> Response {
    let encoding = OTLPBody.Encoding(contentType: request.headers[.contentType])
    do {
      try await take(request, encoding)
      // An empty response message, which says that all of it was accepted.
      return response(200, encoding == .json ? Array("{}".utf8) : [], encoding ?? .protobuf)
    } catch let rejection as OTLPRejection {
      var answer = response(rejection.kind.rawValue, rejection.body(encoding ?? .json), encoding ?? .json)
      if let seconds = rejection.retryAfter { answer.headers[.retryAfter] = "\(seconds)" }
      if rejection.kind == .wrongMethod { answer.headers[.allow] = "POST" }
      return answer
    } catch {
      let rejection = OTLPRejection(.unavailable, "the request could not be taken: \(error)")
      return response(rejection.kind.rawValue, rejection.body(encoding ?? .json), encoding ?? .json)
    }
  }

  private func take(_ request: Request, _ encoding: OTLPBody.Encoding?) async throws {
    guard let signal = options.signals.first(where: { $0.path == request.uri.path }) else {
      let paths = options.signals.map(\.path).joined(separator: ", ")
      throw OTLPRejection(.notFound, "there is nothing at \(request.uri.path): this job takes \(paths)")
    }
    guard request.method == .post else { throw OTLPRejection(.wrongMethod, "\(signal.path) takes POST") }
    guard let encoding else {
      throw OTLPRejection(
        .unsupported,
        "Content-Type \"\(request.headers[.contentType] ?? "")\" is not known: send application/x-protobuf or application/json")
    }
    let body = OTLPBody(
      signal: signal, encoding: encoding, compression: request.headers[.contentEncoding], limit: options.maxRequestBytes)
    let buffer: ByteBuffer
    do {
      buffer = try await request.body.collect(upTo: options.maxRequestBytes)
    } catch is NIOTooManyBytesError {
      throw OTLPRejection(.tooLarge, "the body is longer than \(options.maxRequestBytes) bytes: send smaller batches")
    }
    try await accept(signal, try body.json([UInt8](buffer.readableBytesView)))
  }

  private func response(_ status: Int, _ body: [UInt8], _ encoding: OTLPBody.Encoding) -> Response {
    var response = Response(status: HTTPResponse.Status(code: status), body: .init(byteBuffer: ByteBuffer(bytes: body)))
    response.headers[.contentType] = encoding.contentType
    return response
  }
}
