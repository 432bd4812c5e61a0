#if Kafka
internal import Synchronization

/// What librdkafka said from its own threads: why a connection failed, and which record was not taken.
final class KafkaReports: Sendable {
  private struct State {
    var problem = ""
    var failure: KafkaError?
  }
  private let state = Mutex(State())

  /// The last thing that went wrong, in librdkafka's words; empty when nothing did.
  var problem: String { state.withLock { $0.problem } }

  /// The first record that was not delivered since this was last asked.
  func takeFailure() -> KafkaError? {
    state.withLock { state in
      defer { state.failure = nil }
      return state.failure
    }
  }

  func report(problem: String) { state.withLock { $0.problem = problem } }

  func report(failure: KafkaError) {
    state.withLock { state in
      if state.failure == nil { state.failure = failure }
    }
  }
}
#endif
