internal import Synchronization

/// Wakes the one task that waits for something to do. A ring while nobody waits is remembered: the next wait returns at once. Safe from anywhere.
///
/// Who waits costs nothing, where looking every few milliseconds costs a timer and two threads each time.
package final class Bell: Sendable {
  private enum State {
    case silent
    case rung
    case awaited(CheckedContinuation<Void, Never>)
  }
  private let state = Mutex(State.silent)

  /// Silent.
  package init() {}

  package func ring() {
    let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
      if case .awaited(let waiter) = state {
        state = .silent
        return waiter
      }
      state = .rung
      return nil
    }
    waiter?.resume()
  }

  /// Returns when it rings. Throws `CancellationError` when the task is cancelled.
  package nonisolated(nonsending) func wait() async throws {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let wasRung = state.withLock { state in
          if case .rung = state {
            state = .silent
            return true
          }
          state = .awaited(continuation)
          return false
        }
        if wasRung { continuation.resume() }
      }
    } onCancel: {
      ring()
    }
    try Task.checkCancellation()
  }
}
