/// A target for an indicator, with everything that follows from it.
package struct Objective: Sendable, Equatable {
  /// How a budget counts.
  package enum Method: Sendable, Equatable {
    /// Every event counts.
    case occurrences
    /// Every slice of so many minutes counts; it is good when at least `target` of its events are.
    case timeslices(minutes: Int, target: ObjectiveTarget)

    /// What is counted, for sentences.
    package var events: String {
      switch self {
      case .occurrences: "requests"
      case .timeslices(let minutes, _): "\(minutes)-minute slices"
      }
    }
  }

  package var indicator: Indicator
  package var target: ObjectiveTarget
  package var window: ObjectiveWindow
  package var method: Method
  package var variant: ObjectiveVariant
  package var pairs: [BurnPair]
  package var backtest: Backtest
  /// False when no target of the ladder suits the history.
  package var isFeasible: Bool
  /// What a reader must know: changed pairs, thin history.
  package var notes: [String]

  /// `travel-query-latency`: the name of the objective in all documents.
  package var name: String { indicator.name }
  /// The service that answers for it.
  package var service: String { indicator.service }
  /// Unique among all objectives, as Sloth builds it.
  package var id: String { "\(Names.label(service))-\(name)" }

  /// `99.5 % of requests within 500 ms, over 30d`.
  package var sentence: String {
    let what =
      switch (indicator.kind, method) {
      case (.latency, _): "of requests within \(NumberText.duration(indicator.threshold ?? 0))"
      case (_, .timeslices(let minutes, let target)): "of \(minutes)-minute slices with at least \(target.percentText) % good requests"
      default: "of requests without an error"
      }
    return "\(target.percentText) % \(what), over \(window.span)"
  }
}

/// How strict an objective is.
package enum ObjectiveVariant: String, Sendable, CaseIterable {
  /// The strictest target that history has met.
  case conservative
  /// With half of the budget left.
  case balanced
  /// With three quarters of it left, and no page.
  case aggressive

  /// What the replay of history must show.
  var demands: (budgetLeft: Double, pagesPerMonth: Double) {
    switch self {
    case .conservative: (0, 8)
    case .balanced: (0.5, 2)
    case .aggressive: (0.75, 0)
    }
  }
}
