internal import Dispatch
internal import Synchronization

/// An answer that one thread waits for and another one gives.
final class Answer: Sendable {
  private let result = Mutex<Result<HTTPClient.Response, HTTPError>?>(nil)
  private let isThere = DispatchSemaphore(value: 0)

  func set(_ answer: Result<HTTPClient.Response, HTTPError>) {
    result.withLock { $0 = answer }
    isThere.signal()
  }

  func wait() -> Result<HTTPClient.Response, HTTPError> {
    isThere.wait()
    return result.withLock { $0 } ?? .failure(HTTPError(.failed, "http: an answer without a result"))
  }
}
