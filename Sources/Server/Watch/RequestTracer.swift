internal import HTTP
internal import Logging
internal import SLO
internal import ServiceLifecycle
internal import Synchronization

/// Sends spans of the server's own requests to a receiver of OTLP over HTTP. Never in the way: what cannot be sent is counted and forgotten.
final class RequestTracer: Service, Sendable {
  private struct Buffer {
    var spans: [RequestSpan] = []
    var dropped = 0
    var isFailing = false
  }

  private let url: String
  private let client: HTTPClient
  private let buffer = Mutex(Buffer())
  private static let logger = Logger(label: "sloscout.server.traces")
  /// Some seconds of a busy server.
  private static let limit = 4096
  private static let interval: UInt64 = 1_000_000_000

  /// - Parameter url: `http://127.0.0.1:4318`, without the path of the signal. Throws `HTTPError` when there can be no client.
  init(url: String) throws {
    self.url = (url.hasSuffix("/") ? String(url.dropLast()) : url) + "/v1/traces"
    client = try HTTPClient()
  }

  /// Takes a span to be sent soon.
  func add(_ span: RequestSpan) {
    buffer.withLock { buffer in
      if buffer.spans.count < Self.limit { buffer.spans.append(span) } else { buffer.dropped += 1 }
    }
  }

  /// Sends once a second until the server stops, and then what is left.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do { try await Task.sleep(nanoseconds: Self.interval) } catch { return }
        await self.send()
      }
    }
    await send()
  }

  private func send() async {
    let spans = buffer.withLock { buffer in
      defer { buffer.spans = [] }
      return buffer.spans
    }
    guard !spans.isEmpty else { return }
    let body = Array(RequestSpan.request(spans).json.utf8)
    let request = HTTPClient.Request(
      "POST", url, headers: [("Content-Type", "application/json")], body: body[...], connectTimeout: 2_000_000_000, timeout: 5_000_000_000)
    let reason: String?
    do throws(HTTPError) {
      let status = try await client.send(request).status
      reason = (200..<300).contains(status) ? nil : "it answered \(status)"
    } catch { reason = "\(error)" }
    let (isNew, dropped) = buffer.withLock { buffer in
      if reason != nil { buffer.dropped += spans.count }
      defer { buffer.isFailing = reason != nil }
      return (buffer.isFailing != (reason != nil), buffer.dropped)
    }
    // Once when it begins and once when it is over, however long it lasts.
    guard isNew else { return }
    if let reason {
      Self.logger.warning("\(url) does not take spans: \(reason)")
    } else {
      Self.logger.info("\(url) takes spans again; \(dropped) are lost")
    }
  }
}
