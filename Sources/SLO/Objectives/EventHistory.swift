/// What an indicator counted, minute by minute without gaps.
package struct EventHistory: Sendable, Equatable {
  /// The longest history that is looked at, in minutes: one wrong clock must not make years of it.
  package static let longest = 92 * 1440
  private static let minute: Int64 = 60_000_000_000

  /// The first minute's first nanosecond since 1970.
  package var start: Int64
  package var total: [Double]
  package var bad: [Double]

  /// Both as long as each other.
  package init(start: Int64 = 0, total: [Double], bad: [Double]) {
    self.start = start
    self.total = total
    self.bad = bad
  }

  /// Requests that failed.
  package static func errors(_ minutes: [JourneyMinute]) -> EventHistory { EventHistory(minutes) { $0.errors } }

  /// Requests that took longer than a bucket's edge.
  ///
  /// - Parameter edge: nanoseconds, one of `JourneyMinute.bucketEdges`.
  package static func slower(than edge: Int64, _ minutes: [JourneyMinute]) -> EventHistory {
    let first = JourneyMinute.bucketEdges.firstIndex { $0 > edge } ?? JourneyMinute.bucketEdges.count
    return EventHistory(minutes) { $0.buckets.dropFirst(first).reduce(0, +) }
  }

  private init(_ minutes: [JourneyMinute], bad badOf: (JourneyMinute) -> Double) {
    guard let last = minutes.last else {
      self.init(total: [], bad: [])
      return
    }
    let begin = last.start - Int64(Self.longest - 1) * Self.minute
    let kept = minutes.drop { $0.start < begin }
    let start = kept.first?.start ?? last.start
    let count = Int((last.start - start) / Self.minute) + 1
    var total = [Double](repeating: 0, count: count)
    var bad = total
    for minute in kept {
      let index = Int((minute.start - start) / Self.minute)
      total[index] += minute.requests
      bad[index] += badOf(minute)
    }
    self.init(start: start, total: total, bad: bad)
  }

  package var totalEvents: Double { total.reduce(0, +) }
  package var badEvents: Double { bad.reduce(0, +) }

  /// The same with maintenance taken out: minutes that begin in a range (nanoseconds since 1970) count no events.
  package func excluding(_ ranges: [Range<Int64>]) -> EventHistory {
    var history = self
    for index in total.indices where ranges.contains(where: { $0.contains(start + Int64(index) * Self.minute) }) {
      history.total[index] = 0
      history.bad[index] = 0
    }
    return history
  }

  /// Slices of time as events: a slice with traffic is one event, and bad when its share of good events is below `target`.
  ///
  /// - Parameter minutes: the length of a slice. The event stands in its last minute.
  package func slices(minutes: Int, target: Double) -> EventHistory {
    var history = EventHistory(start: start, total: total.map { _ in 0 }, bad: total.map { _ in 0 })
    for begin in stride(from: 0, to: total.count, by: minutes) {
      let end = min(begin + minutes, total.count)
      let sum = total[begin..<end].reduce(0, +)
      guard sum > 0 else { continue }
      history.total[end - 1] = 1
      if 1 - bad[begin..<end].reduce(0, +) / sum < target { history.bad[end - 1] = 1 }
    }
    return history
  }

  /// The events of a stretch of time, nanoseconds since 1970; minutes count where they begin.
  package func events(in range: Range<Int64>) -> (total: Double, bad: Double) {
    let first = max(0, Int((range.lowerBound - start + Self.minute - 1) / Self.minute))
    let end = min(total.count, max(0, Int((range.upperBound - start + Self.minute - 1) / Self.minute)))
    guard first < end else { return (0, 0) }
    return (total[first..<end].reduce(0, +), bad[first..<end].reduce(0, +))
  }
}
