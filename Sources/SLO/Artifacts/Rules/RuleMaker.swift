/// Writes the rules of an objective: recordings, and one alert for each pair of windows.
package struct RuleMaker: Sendable {
  package let objective: Objective
  let options: ArtifactOptions

  package init(_ objective: Objective, _ options: ArtifactOptions) {
    self.objective = objective
    self.options = options
  }

  /// Labels of everything that is about the objective.
  package var labels: [(String, String)] {
    [
      ("sloth_id", objective.id), ("sloth_service", Names.label(objective.service)), ("sloth_slo", objective.name),
      ("service", objective.service), ("slo", objective.name), ("journey", objective.indicator.journey),
      ("environment", objective.indicator.environment),
    ]
  }

  /// The condition that picks the objective's recordings.
  var identity: [PromQL.Matcher] { [PromQL.Matcher("sloth_id", .equal, objective.id)] }

  /// The rules that look at the whole window: a file of its own, because its test goes through a month hour by hour.
  package var periodFile: RuleFile {
    RuleFile(groups: [RuleGroup(name: "\(objective.id)-period", interval: "5m", rules: periodRules + [AlertMaker(self).exhausted])])
  }

  /// The rules for burn.
  package var file: RuleFile {
    var groups = [
      RuleGroup(name: "\(objective.id)-short", interval: "30s", rules: sliceRules + [.m5, .m30, .h1].flatMap(windowRules)),
      RuleGroup(name: "\(objective.id)-long", interval: "2m", rules: [.h2, .h6, .d1, .d3].flatMap(windowRules)),
      RuleGroup(name: "\(objective.id)-meta", interval: "2m", rules: metaRules),
    ]
    groups.append(RuleGroup(name: "\(objective.id)-alerts", interval: "30s", rules: AlertMaker(self).rules))
    return RuleFile(groups: groups)
  }

  // MARK: Windows

  func recorded(_ name: String, window: RateWindow? = nil) -> PromQL { .series(name + (window?.name ?? ""), identity) }

  private func record(_ name: String, _ expression: PromQL, _ more: [(String, String)] = []) -> Rule {
    Rule(kind: .record, name: name, expression: expression, labels: labels + more)
  }

  /// For slices of time: whether the last one was bad. There is no value without traffic.
  private var sliceRules: [Rule] {
    guard case .timeslices(let minutes, let target) = objective.method else { return [] }
    let total = objective.indicator.totalRate(minutes: minutes)
    let ratio = PromQL.operation(
      objective.indicator.badRate(minutes: minutes), .divide, .operation(total, .greater, .number(0)))
    return [record("slo:sli_slice:bad", .operation(ratio, .greater, isBool: true, .number(target.budget)))]
  }

  private func windowRules(_ window: RateWindow) -> [Rule] {
    let names = [("window", window.name), ("sloth_window", window.name)]
    let ratio = PromQL.operation(
      recorded("slo:sli_errors:rate", window: window), .divide,
      .operation(recorded("slo:sli_total:rate", window: window), .greater, .number(0)))
    return [
      record("slo:sli_total:rate\(window.name)", rate("slo:sli_total:rate", window, objective.indicator.totalRate), names),
      record("slo:sli_errors:rate\(window.name)", rate("slo:sli_errors:rate", window, objective.indicator.badRate), names),
      record("slo:sli_error:ratio_rate\(window.name)", ratio, names),
    ]
  }

  private func rate(_ name: String, _ window: RateWindow, _ raw: (Int) -> PromQL) -> PromQL {
    let isSlices = objective.method != .occurrences
    if window.isChained || (isSlices && window != .m5) {
      return .call("avg_over_time", [.range(PromQL.Selector(name + "5m", identity), Int64(window.minutes) * 60_000)])
    }
    guard isSlices else { return raw(window.minutes) }
    // A slice is an event: one every five minutes in which there is traffic.
    let slice = recorded("slo:sli_slice:bad")
    let isBad = name.contains("errors") ? slice : PromQL.operation(.operation(slice, .multiply, .number(0)), .add, .number(1))
    return .operation(isBad, .divide, .number(Double(RateWindow.m5.minutes * 60)))
  }

  // MARK: Constants and the period

  private var metaRules: [Rule] {
    let target = objective.target
    let info = [
      ("objective", target.percentText), ("variant", objective.variant.rawValue), ("owner", options.team),
      ("generator", ArtifactOptions.generator),
    ]
    let sloth = [
      ("sloth_mode", "cli-gen-prom"), ("sloth_objective", target.percentText), ("sloth_spec", "prometheus/v1"),
      ("sloth_version", ArtifactOptions.generator),
    ]
    func constant(_ name: String, _ value: Double, _ more: [(String, String)] = []) -> Rule {
      record(name, .call("vector", [.number(value)]), more)
    }
    return [
      constant("slo:objective:ratio", target.ratio), constant("slo:error_budget:ratio", target.budget),
      record("slo:time_period:days", calendar?.length ?? .call("vector", [.number(Double(objective.window.days))])),
      record("slo:current_burn_rate:ratio", .operation(recorded("slo:sli_error:ratio_rate", window: .m5), .divide, .number(target.budget))),
      constant("slo:slo_info", 1, info), constant("sloth_slo_info", 1, sloth),
    ]
  }

  private var calendar: CalendarPeriod? {
    guard case .calendar(let unit) = objective.window else { return nil }
    return CalendarPeriod(unit: unit)
  }

  /// What the period's recordings say about their window.
  var periodLabels: [(String, String)] {
    let text = objective.window.text
    return [("window", text), ("sloth_window", text)]
  }

  /// Sums of hourly increases: 30 days cost 720 samples of one series, and every request weighs the same.
  var periodRules: [Rule] {
    let days = objective.window.days
    let window = periodLabels
    func increase(_ name: String) -> PromQL {
      if let calendar { return .operation(calendar.sum(recorded(name, window: .h1)), .multiply, .number(3600)) }
      let hours = PromQL.subquery(recorded(name, window: .h1), PromQL.Subquery(range: Int64(days) * 86_400_000, step: 3_600_000))
      return .operation(.call("sum_over_time", [hours]), .multiply, .number(3600))
    }
    let ratio = PromQL.operation(
      recorded("slo:sli_errors:increase_period"), .divide, .operation(recorded("slo:sli_total:increase_period"), .greater, .number(0)))
    return [
      record("slo:sli_total:increase_period", increase("slo:sli_total:rate"), window),
      record("slo:sli_errors:increase_period", increase("slo:sli_errors:rate"), window),
      record("slo:sli_error:ratio_period", ratio, window),
      record(
        "slo:period_burn_rate:ratio", .operation(recorded("slo:sli_error:ratio_period"), .divide, .number(objective.target.budget)), window),
      record(
        "slo:period_error_budget_remaining:ratio", .operation(.number(1), .subtract, recorded("slo:period_burn_rate:ratio")), window),
    ]
  }
}
