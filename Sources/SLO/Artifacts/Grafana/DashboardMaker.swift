/// Writes Grafana dashboards: the objectives of a service as a list, and each in detail.
struct DashboardMaker {
  let service: String
  let plans: [JourneyPlan]
  let options: ArtifactOptions

  private var objectives: [Objective] { plans.flatMap(\.objectives) }
  private static let selected = [PromQL.Matcher("slo", .matches, "$slo"), PromQL.Matcher("environment", .matches, "$environment")]

  /// Constants are recorded every few minutes: the last one within ten is taken.
  private func last(_ name: String, _ more: [PromQL.Matcher] = []) -> PromQL {
    .call("last_over_time", [.range(PromQL.Selector(name, [PromQL.Matcher("service", .equal, service)] + more + Self.selected), 600_000)])
  }
  private func recorded(_ name: String) -> PromQL {
    .series(name, [PromQL.Matcher("service", .equal, service)] + Self.selected)
  }

  // MARK: Dashboards

  /// All objectives of the service, one row each.
  func list() throws(ArtifactError) -> StructuredValue {
    var board = DashboardBuilder(
      title: "\(service): objectives", uid: ArtifactPaths.dashboardUID("list", service), service: service, options: options)
    board.row("Objectives")
    try board.panel(
      .table, "Objectives", width: 24, height: 10, unit: "percentunit",
      [
        (last("slo:objective:ratio"), "objective"), (last("slo:period_error_budget_remaining:ratio"), "budget left"),
        (last("slo:current_burn_rate:ratio"), "burn rate"),
      ])
    board.row("Budget")
    try board.panel(
      .timeseries, "Error budget left", width: 12, height: 8, unit: "percentunit",
      [(recorded("slo:period_error_budget_remaining:ratio"), "{{slo}}")])
    try board.panel(.timeseries, "Events per second", width: 12, height: 8, unit: "reqps", [(recorded("slo:sli_total:rate5m"), "{{slo}}")])
    return board.document(objectives)
  }

  /// One objective of the service at a time.
  func detail() throws(ArtifactError) -> StructuredValue {
    var board = DashboardBuilder(
      title: "\(service): objective", uid: ArtifactPaths.dashboardUID("slo", service), service: service, options: options)
    let remaining = last("slo:period_error_budget_remaining:ratio")
    board.row("Budget")
    try board.panel(
      .stat, "Budget left", width: 8, height: 5, unit: "percentunit", thresholds: [("red", nil), ("yellow", 0), ("green", 0.25)],
      [(remaining, "{{slo}}")])
    try board.panel(.stat, "Time until it is gone, at this rate", width: 8, height: 5, unit: "s", [(exhaustion(remaining), "{{slo}}")])
    try board.panel(.stat, "Objective", width: 8, height: 5, unit: "percentunit", [(last("slo:objective:ratio"), "{{slo}}")])
    board.row("Burn rate")
    let windows: [RateWindow] = [.h1, .h6, .d1, .d3]
    var burns: [(PromQL, String)] = windows.map { window in
      (burn(window), "\(window.name)")
    }
    let factors = Set(objectives.flatMap(\.pairs).map(\.factor)).sorted(by: >)
    burns += factors.map { (PromQL.call("vector", [.number($0)]), "alert at \(NumberText.decimal($0))") }
    try board.panel(.timeseries, "Burn rate by window", width: 24, height: 9, unit: "none", isLogarithmic: true, burns)
    board.row("Indicator and objective")
    try board.panel(
      .timeseries, "Good events", width: 24, height: 8, unit: "percentunit",
      [
        (.operation(.number(1), .subtract, recorded("slo:sli_error:ratio_rate5m")), "{{slo}}, 5m"),
        (.operation(.number(1), .subtract, recorded("slo:sli_error:ratio_rate1h")), "{{slo}}, 1h"),
        (last("slo:objective:ratio"), "objective"),
      ])
    board.row("Traffic and errors")
    try board.panel(.timeseries, "Events per second", width: 12, height: 8, unit: "reqps", [(recorded("slo:sli_total:rate5m"), "{{slo}}")])
    try board.panel(
      .timeseries, "Bad events per second", width: 12, height: 8, unit: "reqps", [(recorded("slo:sli_errors:rate5m"), "{{slo}}")])
    return board.document(objectives)
  }

  private func burn(_ window: RateWindow) -> PromQL {
    .binary(
      PromQL.Binary(
        recorded("slo:sli_error:ratio_rate\(window.name)"), .divide, PromQL.Matching(["sloth_id"], many: .left([])),
        last("slo:error_budget:ratio")))
  }

  /// Seconds until the rest of the budget is gone: what is left × the window / the burn rate.
  private func exhaustion(_ remaining: PromQL) -> PromQL {
    let days = last("slo:time_period:days")
    let rate = PromQL.operation(last("slo:current_burn_rate:ratio"), .greater, .number(0))
    let share = PromQL.operation(remaining, .divide, on: ["sloth_id", "slo"], rate)
    return .operation(.operation(share, .multiply, on: ["sloth_id", "slo"], days), .multiply, .number(86_400))
  }

  /// A journey: its traffic, its steps, the evidence.
  func journey(_ plan: JourneyPlan) throws(ArtifactError) -> StructuredValue {
    let journey = plan.journey
    var board = DashboardBuilder(
      title: "Journey \(journey.name)", uid: ArtifactPaths.dashboardUID("journey", journey.slug), service: service, options: options)
    let indicator = plan.indicators.first
    board.row("Traffic and errors")
    if let indicator {
      let interval = PromQL.Selector(indicator.total.name, indicator.total.matchers)
      try board.panel(
        .timeseries, "Requests per second", width: 12, height: 8, unit: "reqps",
        [(.sum(.call("rate", [.range(interval, DashboardBuilder.rateInterval)])), "requests")])
      let errors = plan.indicators.first { $0.kind == .errors }?.badRate(minutes: 5)
      try board.panel(
        .timeseries, "Failed requests per second", width: 12, height: 8, unit: "reqps",
        errors.map { [($0, "failed")] } ?? [(indicator.badRate(minutes: 5), "too slow")])
    }
    if let latency = plan.indicators.first(where: { $0.kind == .latency }), case .good(let good) = latency.events {
      board.row("Duration")
      let buckets = PromQL.Selector(good.name, good.matchers.filter { $0.label != "le" })
      try board.panel(
        .timeseries, "Duration of the whole journey", width: 24, height: 8, unit: latency.family.unit == 1_000_000 ? "ms" : "s",
        [0.5, 0.95, 0.99].map { quantile in
          (
            .call(
              "histogram_quantile", [.number(quantile), .sum(.call("rate", [.range(buckets, DashboardBuilder.rateInterval)]), by: ["le"])]),
            "p\(NumberText.decimal(quantile * 100))"
          )
        })
    }
    board.row("Steps")
    board.text("Where the time goes", width: 24, height: 9, StepTable.markdown(journey))
    board.row("Evidence")
    board.text("Traces", width: 24, height: 5, StepTable.traces(journey, options))
    return board.document(plan.objectives)
  }
}
