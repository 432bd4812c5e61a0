/// Writes the alerts of an objective.
package struct AlertMaker: Sendable {
  private let maker: RuleMaker
  private var objective: Objective { maker.objective }

  package init(_ maker: RuleMaker) { self.maker = maker }

  /// `TravelQueryLatencyErrorBudgetBurn`.
  package var burnName: String { Names.camel(objective.name) + "ErrorBudgetBurn" }

  package var rules: [Rule] { objective.pairs.map(burn) + guards }

  // MARK: Burn

  private func burn(_ pair: BurnPair) -> Rule {
    func exceeds(_ window: RateWindow) -> PromQL {
      .operation(maker.recorded("slo:sli_error:ratio_rate", window: window), .greater, .number(pair.threshold))
    }
    let events = PromQL.operation(
      .binary(
        PromQL.Binary(maker.recorded("slo:sli_total:rate", window: pair.long), .multiply, nil, .number(Double(pair.long.minutes * 60)))),
      .greaterOrEqual, .number(Double(pair.minimumEvents)))
    return Rule(
      kind: .alert(hold: pair.hold), name: burnName,
      expression: .all([exceeds(pair.long).grouped, exceeds(pair.short).grouped, events.grouped], on: ["sloth_id"]),
      labels: burnLabels(pair), annotations: annotations(pair, value: "{{ $value | humanizePercentage }}"))
  }

  /// The labels of the rule. A firing alert also keeps those of the recorded ratio.
  package func burnLabels(_ pair: BurnPair) -> [(String, String)] {
    alertLabels(pair.severity) + [
      ("long_window", pair.long.name), ("short_window", pair.short.name), ("burn_rate", NumberText.decimal(pair.factor)),
      ("budget_consumed", NumberText.percent(pair.budgetShare)), ("exhaustion", NumberText.minutes(pair.exhaustion)),
    ]
  }

  /// The labels that a firing alert has: the rule's, and the window of the ratio that it shows.
  package func firingLabels(_ pair: BurnPair) -> [(String, String)] {
    burnLabels(pair) + [("window", pair.long.name), ("sloth_window", pair.long.name)]
  }

  /// The annotations, with the error ratio as given: a template in the rule, a number in its test.
  package func annotations(_ pair: BurnPair, value: String) -> [(String, String)] {
    let title = "\(objective.indicator.journey): \(objective.indicator.kind.title)"
    return [
      (
        "summary",
        "\(title) burns its error budget at more than \(NumberText.decimal(pair.factor)) times the allowed rate (\(pair.long.name) and \(pair.short.name))"
      ),
      (
        "description",
        "\(value) of the requests of the last \(pair.long.name) are bad; the objective allows \(NumberText.percent(objective.target.budget, places: 4)). At this rate \(budget) is gone within \(NumberText.minutes(pair.exhaustion))."
      ),
    ] + links
  }

  private var budget: String {
    switch objective.window {
    case .rolling(let days): "the budget of \(days)d"
    case .calendar(let unit): "a \(unit.rawValue)'s budget"
    }
  }

  private func alertLabels(_ severity: BurnPair.Severity) -> [(String, String)] {
    maker.labels + [
      ("severity", severity.rawValue), ("team", maker.options.team),
    ]
  }

  private var links: [(String, String)] {
    let paths = ArtifactPaths(maker.options)
    return [
      ("runbook_url", paths.link(paths.runbook(objective))), ("dashboard_url", paths.dashboardLink(objective)),
      ("evidence_url", paths.link(paths.runbook(objective)) + "#4-evidence"),
    ]
  }

  // MARK: Guards

  private var spent: String {
    let events = objective.method.events
    let most = NumberText.percent(objective.target.budget, places: 4)
    return switch objective.window {
    case .rolling: "More than \(most) of the \(events) of \(objective.window.phrase) were bad."
    case .calendar(let unit):
      "More than \(most) of this \(unit.rawValue)'s \(events) were bad. The next \(unit.rawValue), UTC, begins with a whole budget."
    }
  }

  /// Fires when the budget of the window is gone.
  package var exhausted: Rule {
    let remaining = PromQL.operation(maker.recorded("slo:period_error_budget_remaining:ratio"), .lessOrEqual, .number(0))
    return Rule(
      kind: .alert(hold: 0), name: "SLOBudgetExhausted", expression: remaining, labels: alertLabels(.ticket),
      annotations: [
        ("summary", "\(objective.name): the error budget of \(objective.window.phrase) is gone"),
        ("description", spent),
      ] + links)
  }

  /// Series without which nothing can be said. Our own counter of errors is there, at 0, as soon as anything tells of errors; others may not be.
  private var watched: [PromQL.Selector] {
    let indicator = objective.indicator
    guard indicator.family == .journey, case .bad(let bad) = indicator.events else { return [indicator.total] }
    return [indicator.total, bad]
  }

  private var blind: PromQL {
    let absent = watched.map { PromQL.call("absent", [.selector($0)]) }
    return absent.dropFirst().reduce(absent[0]) { .operation($0, .or, $1) }
  }

  /// Alerts about the objective itself: no data, no traffic.
  package var guards: [Rule] {
    let indicator = objective.indicator
    var before = PromQL.Selector("slo:sli_total:rate1h", maker.identity)
    before.shift.offset = 604_800_000
    let collapsed = PromQL.operation(
      maker.recorded("slo:sli_total:rate", window: .h1), .less, on: ["sloth_id"],
      .binary(PromQL.Binary(.number(0.05), .multiply, nil, .selector(before))))
    // Less than a request a minute last week is no traffic to miss.
    let wasBusy = PromQL.operation(.selector(before), .greater, .number(NumberText.rounded(1.0 / 60)))
    let series = watched.map(\.name).joined(separator: " or ")
    var rules = [
      Rule(
        kind: .alert(hold: 10), name: "SLOMetricAbsent", expression: blind,
        labels: alertLabels(.ticket),
        annotations: [
          ("summary", "\(objective.name): the series of the indicator are gone"),
          ("description", "\(series) has no series for \(indicator.journey): the objective is blind."),
        ] + links)
    ]
    guard objective.method == .occurrences else { return rules }
    rules.append(
      Rule(
        kind: .alert(hold: 10), name: "SLOTrafficCollapsed", expression: .all([collapsed.grouped, wasBusy.grouped], on: ["sloth_id"]),
        labels: alertLabels(.ticket),
        annotations: [
          ("summary", "\(objective.name): traffic is below 5 % of the same hour last week"),
          ("description", "Few requests spend little budget: look whether users can reach the service at all."),
        ] + links))
    return rules
  }
}
