/// A pair of windows and the burn rate that both must exceed: one alert.
///
/// After the Google SRE workbook, "Alerting on SLOs", 6: the long window says that it matters, the short one that it still goes on.
package struct BurnPair: Sendable, Equatable {
  package enum Severity: String, Sendable {
    case page
    case ticket
  }

  package var long: RateWindow
  package var short: RateWindow
  package var severity: Severity
  /// How many times faster than allowed the budget is spent.
  package var factor: Double
  /// The error ratio that is too much: factor × (1 - target).
  package var threshold: Double
  /// Events in the long window below which nothing is said: one bad one alone must not cross the threshold.
  package var minimumEvents: Int
  /// Minutes for which the condition has to hold.
  package var hold: Int
  /// The share of the budget that is gone when the long window is full at this burn rate.
  package var budgetShare: Double
  /// Minutes until all of the budget is gone at this burn rate.
  package var exhaustion: Int

  private static let standard: [(long: RateWindow, short: RateWindow, share: Double, severity: Severity)] = [
    (.h1, .m5, 0.02, .page), (.h6, .m30, 0.05, .page), (.d1, .h2, 0.1, .ticket), (.d3, .h6, 0.1, .ticket),
  ]

  /// The pairs for a target over a window of days, the fastest first, and what is to be said about those that were changed or left out.
  ///
  /// factor = share × window / long. A ratio is never above 1, so a pair whose threshold is 1 or more could never fire: it is brought down to 0.9 while it stays
  /// faster than the next pair, else left out.
  package static func pairs(target: ObjectiveTarget, days: Int) -> (pairs: [BurnPair], notes: [String]) {
    var pairs: [BurnPair] = []
    var notes: [String] = []
    let factors = standard.map { NumberText.rounded($0.share * Double(days) * 1440 / Double($0.long.minutes)) }
    for (index, entry) in standard.enumerated() {
      var factor = factors[index]
      let name = "\(entry.long.name)/\(entry.short.name)"
      if factor < 0.9 {
        notes.append(
          "the pair \(name) is left out: over \(days) d its burn rate would be \(NumberText.decimal(factor)), less than what is allowed")
        continue
      }
      if factor * target.budget >= 1 {
        let most = NumberText.rounded(0.9 / target.budget)
        let next = index + 1 < factors.count ? factors[index + 1] : 0
        guard most > max(1, next) else {
          notes.append(
            "the pair \(name) is left out: at \(target.percentText) % even a total outage burns less than \(NumberText.decimal(factor))")
          continue
        }
        notes.append(
          "the pair \(name) fires at a burn rate of \(NumberText.decimal(most)) instead of \(NumberText.decimal(factor)), which \(target.percentText) % cannot reach"
        )
        factor = most
      }
      pairs.append(BurnPair(entry.long, entry.short, entry.severity, factor, target, days))
    }
    return (pairs, notes)
  }

  private init(_ long: RateWindow, _ short: RateWindow, _ severity: Severity, _ factor: Double, _ target: ObjectiveTarget, _ days: Int) {
    self.long = long
    self.short = short
    self.severity = severity
    self.factor = factor
    threshold = NumberText.rounded(factor * target.budget)
    minimumEvents = max(10, Int((1 / threshold).rounded(.up)))
    hold = severity == .ticket ? 2 : 0
    budgetShare = factor * Double(long.minutes) / Double(days * 1440)
    exhaustion = Int((Double(days * 1440) / factor).rounded())
  }

  /// Minutes from the beginning of a steady burn, after healthy history, until the long window exceeds the factor; nil when it never does.
  ///
  /// `hold` and the interval of evaluation come on top.
  package func minutesToFire(burn: Double) -> Double? { burn > factor ? Double(long.minutes) * factor / burn : nil }
}

extension NumberText {
  /// The number that stands in the text of a number: what a reader of rules computes with.
  static func rounded(_ value: Double) -> Double { Double(decimal(value)) ?? value }
}
