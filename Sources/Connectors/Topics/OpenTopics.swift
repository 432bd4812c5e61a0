internal import Dispatch
internal import Glibc
internal import Synchronization

/// A system with topics that can be asked whether it is there.
package protocol TopicSystem: AnyObject, Sendable {
  /// What it is called in messages: `Kafka at kafka:9092`. One that is used in several places is asked once.
  var place: String { get }
  /// Asks it something and waits for the answer, for some seconds at most. Throws what is wrong.
  func ask() throws
}

/// Whether a system with topics answers.
package struct TopicReach: Sendable, Equatable {
  package var place: String
  /// Why it does not; nil when it does.
  package var trouble: String?

  package init(place: String, trouble: String? = nil) {
    self.place = place
    self.trouble = trouble
  }
}

/// The systems with topics that the jobs of this process use. Process-wide for the reason that `OpenSpools` is.
package final class OpenTopics: Sendable {
  private struct Entry {
    weak var system: (any TopicSystem)?
  }
  private struct State {
    var entries: [Entry] = []
    var answers: [TopicReach] = []
    var asked: UInt64?
  }

  /// Those of the process.
  package static let shared = OpenTopics()

  private let patience: UInt64
  private let state = Mutex(State())
  /// Asking blocks; one after the other.
  private let queue = DispatchQueue(label: "sloscout.open-topics")

  /// - Parameter patience: nanoseconds for which an answer holds: however often somebody wants to know, a system is not asked more often.
  package init(patience: UInt64 = 1_000_000_000) { self.patience = patience }

  /// Adds a system for as long as somebody else holds it.
  package func add(_ system: any TopicSystem) {
    state.withLock { state in
      state.entries.removeAll { $0.system == nil }
      state.entries.append(Entry(system: system))
      state.asked = nil
    }
  }

  /// Asks every system once, by place; what was answered within the last second is not asked again.
  package func reach() async -> [TopicReach] {
    await withCheckedContinuation { continuation in queue.async { continuation.resume(returning: self.ask()) } }
  }

  private func ask() -> [TopicReach] {
    let begin = now()
    let (systems, known) = state.withLock { state -> ([any TopicSystem], [TopicReach]?) in
      if let asked = state.asked, begin - asked < patience { return ([], state.answers) }
      return (state.entries.compactMap(\.system), nil)
    }
    if let known { return known }
    var answers: [String: TopicReach] = [:]
    for system in systems where answers[system.place] == nil {
      var reach = TopicReach(place: system.place)
      do { try system.ask() } catch { reach.trouble = "\(error)" }
      answers[system.place] = reach
    }
    let found = answers.values.sorted { $0.place < $1.place }
    state.withLock { ($0.answers, $0.asked) = (found, now()) }
    return found
  }

  /// Monotonic nanoseconds.
  private func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
