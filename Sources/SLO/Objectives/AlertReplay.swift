/// Evaluates the alert rules that are written for an objective over history, minute by minute, as Prometheus would.
///
/// A counter that is scraped once a minute has, at minute t, counted the minutes before t. Rates up to six hours are differences of it; those over a day and more
/// are averages of the recorded five-minute rates, ends included, because that is what the rules say. A series that is younger than its window counts
/// what there is. So the minutes here are those at which `promtool test rules` finds the alerts firing.
package struct AlertReplay: Sendable {
  /// An alert that fires, in minutes since the history's start: from the first evaluation at which it does, to the first at which it does not.
  package struct Episode: Sendable, Equatable {
    /// Index into the pairs.
    package var pair: Int
    package var range: Range<Int>
  }

  private let count: Int
  private let total: [Double]
  private let bad: [Double]
  /// Sums of the five-minute sums at minutes 1…t.
  private let chainedTotal: [Double]
  private let chainedBad: [Double]

  package init(_ history: EventHistory) {
    count = history.total.count
    total = Self.sums(history.total)
    bad = Self.sums(history.bad)
    chainedTotal = Self.chained(total)
    chainedBad = Self.chained(bad)
  }

  /// Sums of the first t values, for t from 0.
  private static func sums(_ values: [Double]) -> [Double] {
    var sums = [0.0]
    sums.reserveCapacity(values.count + 1)
    for value in values { sums.append(sums[sums.count - 1] + value) }
    return sums
  }

  private static func chained(_ sums: [Double]) -> [Double] {
    var out = [0.0]
    out.reserveCapacity(sums.count)
    for t in sums.indices.dropFirst() { out.append(out[t - 1] + sums[t] - sums[max(0, t - RateWindow.m5.minutes)]) }
    return out
  }

  /// The events of a window at minute t, as the rules see them.
  package func events(_ window: RateWindow, at t: Int) -> (total: Double, bad: Double) {
    guard t > 0 else { return (0, 0) }
    let begin = max(0, t - window.minutes)
    guard window.isChained else { return (total[t] - total[begin], bad[t] - bad[begin]) }
    // Rates are there from minute 1 on; both ends of a range count.
    let before = max(0, begin - 1)
    let points = Double(t - before)
    let scale = Double(window.minutes) / Double(RateWindow.m5.minutes) / points
    return ((chainedTotal[t] - chainedTotal[before]) * scale, (chainedBad[t] - chainedBad[before]) * scale)
  }

  private func exceeds(_ window: RateWindow, _ threshold: Double, at t: Int) -> Bool {
    let events = events(window, at: t)
    return events.total > 0 && events.bad / events.total > threshold
  }

  /// Whether the alert's expression holds at minute t.
  package func isActive(_ pair: BurnPair, at t: Int) -> Bool {
    guard exceeds(pair.short, pair.threshold, at: t), exceeds(pair.long, pair.threshold, at: t) else { return false }
    // Half a millionth of an event: rates are divided and multiplied on their way.
    return events(pair.long, at: t).total + 5e-7 >= Double(pair.minimumEvents)
  }

  /// When each of the pairs fires, by pair and time.
  package func episodes(_ pairs: [BurnPair]) -> [Episode] {
    var episodes: [Episode] = []
    for (index, pair) in pairs.enumerated() {
      var since: Int?
      for t in 0...count {
        if isActive(pair, at: t) {
          since = since ?? t
        } else if let begin = since {
          if t > begin + pair.hold { episodes.append(Episode(pair: index, range: (begin + pair.hold)..<t)) }
          since = nil
        }
      }
      if let begin = since, count >= begin + pair.hold { episodes.append(Episode(pair: index, range: (begin + pair.hold)..<(count + 1))) }
    }
    return episodes
  }
}
