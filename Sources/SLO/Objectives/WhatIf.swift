/// What targets would have meant for one indicator: its history, replayed for as many targets as somebody asks.
package struct WhatIf: Sendable {
  /// One target, and what it would have meant.
  package struct Point: Sendable, Equatable {
    package var target: ObjectiveTarget
    package var backtest: Backtest
    package var notes: [String]
  }

  private let chooser: ObjectiveChooser

  /// The same history and way of counting as the objective's own.
  package init(_ objective: Objective, of journey: Journey, options: ArtifactOptions = ArtifactOptions()) {
    chooser = ObjectiveChooser(
      objective.indicator, history: IndicatorMaker.history(objective.indicator, journey).excluding(options.maintenance),
      window: objective.window, method: objective.method)
  }

  /// Replays the rules for a target. O(minutes of history).
  package func point(_ target: ObjectiveTarget) -> Point {
    let objective = chooser.objective(target)
    return Point(target: target, backtest: objective.backtest, notes: objective.notes)
  }

  /// The objective that a target would be.
  package func objective(_ target: ObjectiveTarget) -> Objective { chooser.objective(target) }

  /// The proposed targets and steps between them, the strictest first: what a curve is drawn from.
  package func curve() -> [Point] {
    let ladder = ObjectiveTarget.ladder
    return (ladder + zip(ladder, ladder.dropFirst()).compactMap { ObjectiveTarget(millionths: ($0.millionths + $1.millionths) / 2) })
      .sorted(by: >).map(point)
  }
}
