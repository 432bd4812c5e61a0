internal import Search
internal import Synchronization

/// What becomes of one key that somebody asks for, for everybody who waits for it.
final class EmbeddingTicket: Sendable {
  private enum State {
    case waiting([CheckedContinuation<EmbeddingError?, Never>])
    case settled(EmbeddingError?)
  }
  private let state = Mutex(State.waiting([]))

  /// The vector is known now, or cannot be had. The first word counts.
  func settle(_ failure: EmbeddingError?) {
    let waiting: [CheckedContinuation<EmbeddingError?, Never>] = state.withLock { state in
      guard case .waiting(let waiting) = state else { return [] }
      state = .settled(failure)
      return waiting
    }
    for waiter in waiting { waiter.resume(returning: failure) }
  }

  /// Suspends until it is settled. Nil: the vector is known.
  func outcome() async -> EmbeddingError? {
    await withCheckedContinuation { continuation in
      let settled: EmbeddingError?? = state.withLock { state in
        switch state {
        case .settled(let failure): return .some(failure)
        case .waiting(let waiting):
          state = .waiting(waiting + [continuation])
          return .none
        }
      }
      if let settled { continuation.resume(returning: settled) }
    }
  }
}
