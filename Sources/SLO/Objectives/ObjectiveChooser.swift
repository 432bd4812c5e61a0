/// Finds targets for an indicator by replaying its alert rules over history.
package struct ObjectiveChooser: Sendable {
  /// Bad events that a budget must allow in the history: below three, no bad one may be luck (the rule of three at 95 %).
  static let leastBudget = 3.0

  private let indicator: Indicator
  private let window: ObjectiveWindow
  private let method: Objective.Method
  private let history: EventHistory
  private let replay: AlertReplay

  package init(_ indicator: Indicator, history: EventHistory, window: ObjectiveWindow, method: Objective.Method = .occurrences) {
    self.indicator = indicator
    self.window = window
    self.method = method
    self.history =
      switch method {
      case .occurrences: history
      case .timeslices(let minutes, let target): history.slices(minutes: minutes, target: target.ratio)
      }
    replay = AlertReplay(self.history)
  }

  /// The objectives for all variants, the strictest first. Their demands grow, so a later one is never stricter than one before.
  package func variants() -> [Objective] {
    let provable = ObjectiveTarget.ladder.filter { history.totalEvents * $0.budget >= Self.leastBudget }
    let candidates = (provable.isEmpty ? Array(ObjectiveTarget.ladder.suffix(1)) : provable).map { objective($0) }
    return ObjectiveVariant.allCases.map { variant in
      let demands = variant.demands
      let found = candidates.first { candidate in
        (candidate.backtest.budgetLeft ?? -1) >= demands.budgetLeft && candidate.backtest.pagesPerMonth <= demands.pagesPerMonth
      }
      var objective = found ?? candidates[candidates.count - 1]
      objective.variant = variant
      objective.isFeasible = found != nil && !provable.isEmpty
      if provable.isEmpty {
        objective.notes.append("\(NumberText.count(history.totalEvents)) events prove no target: look again when there are more")
      } else if found == nil {
        objective.notes.append(
          "no target down to \(objective.target.percentText) % suits the history: the journey has to become better first")
      }
      return objective
    }
  }

  /// The objective for a target, whatever the history says.
  package func objective(_ target: ObjectiveTarget, variant: ObjectiveVariant = .balanced) -> Objective {
    var (pairs, notes) = BurnPair.pairs(target: target, days: window.days)
    if case .timeslices = method {
      // The requests behind the slices have their own objective, which pages.
      (pairs, notes) = ([], [])
    }
    let backtest = Backtest(history, replay: replay, target: target, pairs: pairs)
    if backtest.minutes < window.days * 1440 {
      let covered = Double(backtest.minutes) / Double(window.days * 1440)
      let share = covered < 0.0005 ? "less than 0.1%" : NumberText.percent(covered, places: 1)
      notes.append(
        "the history covers \(NumberText.minutes(backtest.minutes)), \(share) of the window; pages per month are extrapolated from it")
    }
    if let left = backtest.budgetLeft, left < 0 {
      let (bad, total) = (NumberText.count(backtest.bad), NumberText.count(backtest.total))
      notes.append(
        "broken already: \(bad) of \(total) \(method.events) were bad, and \(target.percentText) % allows \(NumberText.decimal(backtest.total * target.budget, digits: 3)): \(NumberText.decimal(1 - left, digits: 2)) times the budget"
      )
    }
    return Objective(
      indicator: indicator, target: target, window: window, method: method, variant: variant, pairs: pairs, backtest: backtest,
      isFeasible: true, notes: notes)
  }
}
