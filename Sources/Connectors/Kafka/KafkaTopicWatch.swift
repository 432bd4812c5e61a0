#if Kafka
internal import Dataflow
internal import Foundation
internal import Kafka
internal import Synchronization

/// Knows what a topic holds, and asks the broker again now and then: on a thread of its own, so that reading never waits for an answer.
final class KafkaTopicWatch: Sendable {
  struct View: Sendable {
    /// Nobody has looked yet.
    var isFirst = true
    var exists = false
    /// Of cluster and name, and how often the topic was seen to be gone.
    var id: UInt64 = 0
    var starts: [Int64] = []
    var ends: [Int64] = []
  }

  private struct State {
    var view = View()
    var losses: UInt64 = 0
    var isLooking = false
    var lastLook: Int64 = 0
    var lastWarning: Int64 = .min
  }

  /// How often a running reader asks, in milliseconds: seldom about a topic that is there, as records come without asking. And how often it is said that there
  /// is no answer.
  private static let (interval, absentInterval): (Int64, Int64) = (2_000, 500)
  private static let warningInterval: Int64 = 60_000

  private let cluster: KafkaCluster
  private let topic: String
  private let milliseconds: Int32
  private let state = Mutex(State())

  init(_ cluster: KafkaCluster, _ topic: String, milliseconds: Int32) {
    self.cluster = cluster
    self.topic = topic
    self.milliseconds = milliseconds
  }

  var view: View { state.withLock { $0.view } }

  /// Asks, and waits for the answer. Throws `KafkaError`.
  func look() throws {
    let known = state.withLock { $0.view.isFirst ? -1 : $0.view.ends.count }
    let count = try cluster.partitions(of: topic, milliseconds: milliseconds)
    let now = KafkaClock.now()
    guard let count else {
      state.withLock { state in
        if state.view.exists { state.losses += 1 }
        state.view = View(isFirst: false)
        state.lastLook = now
      }
      return
    }
    let starts = try cluster.offsets(.start, of: topic, partitions: 0..<count, milliseconds: milliseconds)
    let ends = try cluster.offsets(.end, of: topic, partitions: 0..<count, milliseconds: milliseconds)
    var hasher = KeyHasher()
    for text in [cluster.id, topic] {
      let bytes = Array(text.utf8)
      bytes.withUnsafeBufferPointer { hasher.combine($0.baseAddress, $0.count) }
    }
    let id = hasher.finish().high
    state.withLock { state in
      // Partitions are never taken away: fewer are those of another topic.
      if count < known { state.losses += 1 }
      state.view = View(isFirst: false, exists: true, id: id &+ state.losses, starts: starts, ends: ends)
      state.lastLook = now
    }
  }

  /// Asks in the background, unless that was done a moment ago.
  func lookSoon(_ warn: @escaping @Sendable (KafkaError) -> Void) {
    let now = KafkaClock.now()
    let isDue = state.withLock { state in
      guard !state.isLooking, now - state.lastLook >= (state.view.exists ? Self.interval : Self.absentInterval) else { return false }
      state.isLooking = true
      return true
    }
    guard isDue else { return }
    // Not on a shared pool, whose threads others may block.
    Thread.detachNewThread { [self] in
      do { try look() } catch {
        let isNews = state.withLock { state in
          state.lastLook = KafkaClock.now()
          guard state.lastLook - Self.warningInterval >= state.lastWarning else { return false }
          state.lastWarning = state.lastLook
          return true
        }
        if isNews, let error = error as? KafkaError { warn(error) }
      }
      state.withLock { $0.isLooking = false }
    }
  }
}
#endif
