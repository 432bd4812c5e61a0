/// How much of a budget is left: weighted by requests, never an average of ratios.
package struct ErrorBudget: Sendable, Equatable {
  package var total: Double
  package var bad: Double
  package var target: ObjectiveTarget

  package init(total: Double, bad: Double, target: ObjectiveTarget) {
    self.total = total
    self.bad = bad
    self.target = target
  }

  /// The budget at a moment (nanoseconds since 1970), over the window that it is in.
  package init(_ history: EventHistory, target: ObjectiveTarget, window: ObjectiveWindow, at time: Int64) {
    let events = history.events(in: window.range(at: time))
    self.init(total: events.total, bad: events.bad, target: target)
  }

  /// Σbad / Σtotal; nil without traffic, which is neither good nor bad.
  package var errorRatio: Double? { total > 0 ? bad / total : nil }
  /// 1 is untouched, 0 gone, negative overdrawn; nil without traffic.
  package var remaining: Double? { errorRatio.map { 1 - $0 / target.budget } }
}
