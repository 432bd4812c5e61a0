package import Dataflow
internal import HTTP
package import Search
internal import Synchronization

/// Vectors from a provider over HTTP.
///
/// What may pass is tried again, with growing random pauses, as long as `giveUpAfter` says; `Retry-After` is heeded, and after several failures in
/// a row one call at a time finds out whether the provider is back. So a provider may see a text twice, never a caller a vector that is none.
package final class HTTPEmbedder: Embedder {
  package var model: String { options.model }
  package var dimensions: Int { options.dimensions }
  package var maxTexts: Int { options.maxTexts }

  private let options: HTTPEmbedderOptions
  private let http: HTTPClient
  private let runtime: any Runtime
  private let breaker: Mutex<CircuitBreaker>

  /// Connects to nothing yet.
  ///
  /// - Parameter runtime: whose clock and chance say how long to wait between tries.
  /// - Throws: `EmbeddingError` when the HTTP client cannot be set up.
  package init(_ options: HTTPEmbedderOptions, runtime: any Runtime) throws(EmbeddingError) {
    self.options = options
    self.runtime = runtime
    var breaker = CircuitBreaker()
    breaker.maxPause = options.maxPause
    breaker.firstPause = min(breaker.firstPause, options.maxPause)
    self.breaker = Mutex(breaker)
    do throws(HTTPError) { http = try HTTPClient() } catch { throw EmbeddingError(.unusable, "\(error)") }
  }

  package func embed(_ texts: [String]) async throws(EmbeddingError) -> [[Float]] {
    var vectors: [[Float]] = []
    var start = 0
    while start < texts.count {
      var (end, bytes) = (start, 0)
      while end < texts.count, end - start < options.maxTexts, end == start || bytes + texts[end].utf8.count <= options.maxBytes {
        bytes += texts[end].utf8.count
        end += 1
      }
      vectors += try await embedCall(Array(texts[start..<end]))
      start = end
    }
    return vectors
  }

  /// One call, made until it passes, or cannot, or the time is up.
  private func embedCall(_ texts: [String]) async throws(EmbeddingError) -> [[Float]] {
    let body = try EmbeddingAnswer.body(texts, options)
    let deadline = runtime.monotonic() + options.giveUpAfter
    var pause: Int64 = 200_000_000
    while true {
      try await waitForPermission(until: deadline)
      var after: Int64?
      let failure: EmbeddingError
      do {
        let response = try await http.send(request(body))
        if response.status == 200 {
          breaker.withLock { $0.succeeded() }
          return try EmbeddingAnswer.vectors(response.body, count: texts.count, options)
        }
        failure = EmbeddingAnswer.failure(response.status, response.body)
        after = EmbeddingAnswer.retryAfter(response["retry-after"], now: runtime.now())
      } catch let error as EmbeddingError {
        throw error
      } catch let error as HTTPError {
        if error.code == .cancelled { breaker.withLock { $0.abandoned() } }
        failure = EmbeddingError(error.isTransient ? .transient : .unusable, "the provider cannot be reached: \(error)")
      } catch {
        failure = EmbeddingError(.unusable, "the provider cannot be asked: \(error)")
      }
      guard failure.kind == .transient else {
        // It answers, so it is there.
        breaker.withLock { $0.succeeded() }
        throw failure
      }
      let now = runtime.monotonic()
      breaker.withLock { $0.failed(now: now, after: after) }
      guard now + pause < deadline else {
        throw EmbeddingError(
          .transient, "\(failure.message), for \(options.giveUpAfter / 1_000_000_000) s",
          hint: "see whether the provider is up; giveUpAfter says how long to wait")
      }
      try await sleep(pause / 2 + Int64(runtime.random() % UInt64(max(1, pause / 2))))
      pause = min(pause * 2, options.maxPause)
    }
  }

  private func waitForPermission(until deadline: Int64) async throws(EmbeddingError) {
    while true {
      let now = runtime.monotonic()
      guard case .wait(let pause) = breaker.withLock({ $0.permission(now: now) }) else { return }
      guard now < deadline else {
        throw EmbeddingError(
          .transient, "the provider did not answer for \(options.giveUpAfter / 1_000_000_000) s", hint: "see whether it is up")
      }
      try await sleep(min(pause, max(1, deadline - now)))
    }
  }

  private func sleep(_ nanoseconds: Int64) async throws(EmbeddingError) {
    do { try await runtime.sleep(nanoseconds: nanoseconds) } catch { throw EmbeddingError(.transient, "the job is ending") }
  }

  private func request(_ body: [UInt8]) -> HTTPClient.Request {
    var headers = [("Content-Type", "application/json"), ("Accept", "application/json")]
    if let token = options.token, !token.isEmpty { headers.append(("Authorization", "Bearer \(token)")) }
    return HTTPClient.Request("POST", options.url, headers: headers, body: body[...], timeout: options.timeout)
  }
}
