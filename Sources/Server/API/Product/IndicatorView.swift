internal import SLO

/// An indicator as clients see it.
struct IndicatorView: Codable, SnakeCased {
  var id: String
  var journeyId: String
  var name: String
  var metricType: String
  var service: String
  var environment: String
  var status: StoredIndicator.Status
  var decidedBy: String?
  var decidedAt: String?
  var comment: String?
  var confidence: Double
  /// Milliseconds, for latency.
  var thresholdMs: Double?
  /// Whether people chose the threshold.
  var overridden: Bool
  /// PromQL for good and all events a second, over five minutes.
  var goodQuery: String
  var totalQuery: String
  var explanation: String
  var warnings: [String]
  var revision: Int

  init(_ stored: StoredIndicator, _ indicator: Indicator) {
    (id, journeyId, name, metricType) = (stored.id, stored.journey, indicator.name, indicator.kind.rawValue)
    (service, environment, status) = (indicator.service, indicator.environment, stored.indicator.status)
    (decidedBy, decidedAt, comment) = (stored.indicator.by, stored.indicator.at, stored.comment)
    confidence = indicator.confidence
    thresholdMs = indicator.threshold.map { Double($0) / 1e6 }
    overridden = stored.threshold != nil
    (goodQuery, totalQuery) = (indicator.goodRate(minutes: 5).grouped.description, indicator.totalRate(minutes: 5).grouped.description)
    (explanation, warnings, revision) = (indicator.explanation, indicator.warnings, stored.indicator.revision)
  }
}

/// An objective as clients see it.
struct ObjectiveView: Codable, SnakeCased {
  /// One target, and what it would have meant over the history.
  struct Point: Codable, SnakeCased {
    var targetPercentage: Double
    var pagesPerMonth: Double
    var pages: Int
    var tickets: Int
    /// 1 untouched, 0 gone, negative overdrawn; absent without traffic.
    var budgetRemaining: Double?
    var minutesBreached: Int
    /// When somebody would have been paged, RFC 3339; at most 20.
    var pageTimes: [String]
    var notes: [String]

    init(_ point: WhatIf.Point) {
      targetPercentage = Double(point.target.millionths) / 10_000
      (pagesPerMonth, pages, tickets) = (point.backtest.pagesPerMonth, point.backtest.pages, point.backtest.tickets)
      (budgetRemaining, minutesBreached) = (point.backtest.budgetLeft, point.backtest.minutesBreached)
      pageTimes = point.backtest.pageTimes.map { CivilDate.text($0).replacing(" ", with: "T") + ":00Z" }
      notes = point.notes
    }
  }

  struct Budget: Codable, SnakeCased {
    var targetPercentage: Double
    var totalEvents: Double
    var badEvents: Double
    /// Bad events that the target allows in the history.
    var allowedEvents: Double
    var remaining: Double?
    /// Minutes of history.
    var minutes: Int

    init(_ point: WhatIf.Point) {
      targetPercentage = Double(point.target.millionths) / 10_000
      (totalEvents, badEvents, minutes) = (point.backtest.total, point.backtest.bad, point.backtest.minutes)
      allowedEvents = point.backtest.total * point.target.budget
      remaining = point.backtest.budgetLeft
    }
  }

  struct Simulation: Codable, SnakeCased {
    var sloId: String
    var point: Point
    /// The strictest target first.
    var curve: [Point]
  }

  struct Variant: Codable, SnakeCased {
    var variant: String
    var targetPercentage: Double
    var feasible: Bool
    /// Why it is not feasible, and what else to know about it.
    var notes: [String]
  }

  var id: String
  var sliId: String
  var journeyId: String
  var name: String
  var service: String
  var environment: String
  /// `99.5 % of requests within 500 ms, over 30d`.
  var sentence: String
  var targetPercentage: Double
  /// Whether people chose the target.
  var overridden: Bool
  var window: String
  var status: StoredIndicator.Status
  var sliStatus: StoredIndicator.Status
  var decidedBy: String?
  var decidedAt: String?
  var backtest: Point
  /// What is proposed, the strictest first.
  var variants: [Variant]
  var revision: Int

  init(_ stored: StoredIndicator, _ choice: JourneyPlan.Choice, _ point: WhatIf.Point) {
    var objective = choice.chosen
    objective.target = point.target
    (id, sliId, journeyId, name) = (stored.id, stored.id, stored.journey, objective.name)
    (service, environment, sentence) = (objective.service, objective.indicator.environment, objective.sentence)
    targetPercentage = Double(point.target.millionths) / 10_000
    (overridden, window) = (stored.target != nil, objective.window.text)
    (status, sliStatus) = (stored.objective.status, stored.indicator.status)
    (decidedBy, decidedAt, revision) = (stored.objective.by, stored.objective.at, stored.objective.revision)
    backtest = Point(point)
    variants = choice.variants.map {
      Variant(
        variant: $0.variant.rawValue, targetPercentage: Double($0.target.millionths) / 10_000, feasible: $0.isFeasible, notes: $0.notes)
    }
  }
}
