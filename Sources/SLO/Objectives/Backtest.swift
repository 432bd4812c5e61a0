/// What an objective would have meant over the history that is there.
package struct Backtest: Sendable, Equatable {
  /// Minutes of history.
  package var minutes: Int
  package var total: Double
  package var bad: Double
  /// Times somebody would have been paged; pairs that fire at the same time count once, as the faster inhibits the slower.
  package var pages: Int
  /// Times a ticket would have been written.
  package var tickets: Int
  /// Minutes in which a page was firing.
  package var pagingMinutes: Int
  /// Minutes whose own error ratio was above 1 - target.
  package var minutesBreached: Int
  /// 1 untouched, 0 gone, over the whole history; nil without traffic.
  package var budgetLeft: Double?
  /// First minutes of pages, nanoseconds since 1970.
  package var pageTimes: [Int64]

  /// Replays the rules for a target.
  package init(_ history: EventHistory, replay: AlertReplay, target: ObjectiveTarget, pairs: [BurnPair]) {
    minutes = history.total.count
    total = history.totalEvents
    bad = history.badEvents
    let episodes = replay.episodes(pairs)
    let pageRanges = Self.union(episodes.filter { pairs[$0.pair].severity == .page }.map(\.range))
    pages = pageRanges.count
    tickets = Self.union(episodes.filter { pairs[$0.pair].severity == .ticket }.map(\.range)).count
    pagingMinutes = pageRanges.reduce(0) { $0 + $1.count }
    minutesBreached = zip(history.total, history.bad).count { $0 > 0 && $1 / $0 > target.budget }
    budgetLeft = ErrorBudget(total: total, bad: bad, target: target).remaining
    pageTimes = pageRanges.prefix(20).map { history.start + Int64($0.lowerBound) * 60_000_000_000 }
  }

  /// For people: `62%`; `spent 4 times over` of a budget that is overdrawn; `–` without traffic.
  package var budgetText: String {
    guard let budgetLeft else { return "–" }
    return budgetLeft < 0 ? "spent \(NumberText.decimal(1 - budgetLeft, digits: 2)) times over" : NumberText.percent(budgetLeft, places: 0)
  }

  /// Pages in 30 days, at the rate of the history.
  package var pagesPerMonth: Double { minutes > 0 ? Double(pages) * 43_200 / Double(minutes) : 0 }

  private static func union(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var out: [Range<Int>] = []
    for range in ranges.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
      if let last = out.last, range.lowerBound <= last.upperBound {
        out[out.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        out.append(range)
      }
    }
    return out
  }
}
