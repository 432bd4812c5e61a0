/// Event-time timers: keys by the time at which they are due, earliest first.
///
/// A timer is never cancelled. Whoever sets one keeps the deadline in its state and, when the timer fires, looks whether that is still the deadline.
/// Not part of a checkpoint: the owner sets its timers again from the restored state.
///
/// - Complexity: O(log n) a timer (a binary heap).
public struct TimerQueue: Sendable {
  private struct Timer {
    let time: Int64
    let key: KeyHash
  }
  private var heap: [Timer] = []

  /// No timers.
  public init() {}

  /// How many timers are set, outdated ones included.
  public var count: Int { heap.count }
  /// When the earliest timer is due, or nil.
  public var next: Int64? { heap.first?.time }

  /// Sets a timer. It fires when the watermark reaches `time`.
  public mutating func set(_ time: Int64, _ key: KeyHash) {
    heap.append(Timer(time: time, key: key))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard isBefore(child, parent) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes out the earliest timer that is due at the watermark. Ties come in the order of their keys, so a replay fires alike.
  public mutating func popDue(_ watermark: Int64) -> (time: Int64, key: KeyHash)? {
    guard let first = heap.first, first.time <= watermark else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sink()
    }
    return (first.time, first.key)
  }

  private mutating func sink() {
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(child, least) { least = child }
      if least == parent { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }

  private func isBefore(_ a: Int, _ b: Int) -> Bool {
    heap[a].time != heap[b].time ? heap[a].time < heap[b].time : heap[a].key < heap[b].key
  }
}
