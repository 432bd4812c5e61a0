internal import Synchronization

/// Sends requests over HTTP/1.1 (HTTP/2 for those that ask for it) and TLS, many at a time, on one thread of its own that libcurl's multi
/// interface drives.
///
/// Connections are kept and used again. Certificates are checked, always. Nothing is tried again by the client itself, but for one case that is
/// libcurl's: a kept connection that turns out to be closed, before any byte of an answer, is replaced by a new one. So a server can see a request
/// twice even when the caller sent it once.
/// The variables `http_proxy`, `https_proxy` and `no_proxy` are honoured.
public final class HTTPClient: Sendable {
  private let loop: TransferLoop

  /// - Parameters:
  ///   - caFile: a file with the certificates to trust, in PEM; the system's when nil.
  ///   - certificate: files with a certificate and its key, in PEM, for servers that want one of their clients.
  ///   - maxConnections: connections at the same time; further requests wait, and their time runs.
  ///   - maxConnectionsPerHost: the same for each host and port.
  /// - Throws: `HTTPError` with `.failed` when the library cannot be set up.
  public init(
    userAgent: String = "sloscout", caFile: String? = nil, certificate: (chain: String, key: String)? = nil, maxConnections: Int = 64,
    maxConnectionsPerHost: Int = 8
  ) throws(HTTPError) {
    loop = try TransferLoop(
      TransferLoop.Settings(
        userAgent: userAgent, caFile: caFile, certificate: certificate, maxConnections: maxConnections,
        maxConnectionsPerHost: maxConnectionsPerHost))
  }

  deinit { loop.close() }

  /// Sends the request and waits for the answer, whatever its status. Blocks the thread: for background threads.
  ///
  /// - Throws: `HTTPError` when there is no answer.
  public func perform(_ request: Request) throws(HTTPError) -> Response {
    let answer = Answer()
    start(request) { answer.set($0) }
    return try answer.wait().get()
  }

  /// Sends the request and waits for the answer, whatever its status. Cancelling the task cancels the request.
  ///
  /// - Throws: `HTTPError` when there is no answer.
  public func send(_ request: Request) async throws(HTTPError) -> Response {
    let transfer = Mutex<(transfer: HTTPTransfer?, isCancelled: Bool)>((nil, false))
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Result<Response, HTTPError>, Never>) in
        let started = start(request) { continuation.resume(returning: $0) }
        let isCancelled = transfer.withLock { state in
          state.transfer = started
          return state.isCancelled
        }
        if isCancelled { started.cancel() }
      }
    } onCancel: {
      let running = transfer.withLock { state in
        state.isCancelled = true
        return state.transfer
      }
      running?.cancel()
    }
    return try result.get()
  }

  /// Sends the request and goes on. `completion` is called once, on the client's thread: it must not block, and must not wait for another request.
  @discardableResult
  public func start(_ request: Request, _ completion: @escaping @Sendable (Result<Response, HTTPError>) -> Void) -> HTTPTransfer {
    HTTPTransfer(loop, loop.add(request, completion))
  }

  /// Ends all requests with `.cancelled`; later ones get the same. Happens by itself when the client is released.
  public func close() { loop.close() }
}

/// A request on its way.
public struct HTTPTransfer: Sendable {
  private let loop: TransferLoop
  private let id: UInt64

  init(_ loop: TransferLoop, _ id: UInt64) {
    self.loop = loop
    self.id = id
  }

  /// Gives the request up: it completes with `.cancelled`, unless it is complete already. The server may have acted on it.
  public func cancel() { loop.cancel(id) }
}
