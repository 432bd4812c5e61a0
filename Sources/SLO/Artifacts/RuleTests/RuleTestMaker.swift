/// Writes the promtool test of a rule file.
///
/// What alerts are expected at which minute is computed by `AlertReplay`, so a green test also says that our replay and Prometheus agree.
package struct RuleTestMaker: Sendable {
  private let maker: RuleMaker
  private let alerts: AlertMaker
  private var objective: Objective { maker.objective }

  package init(_ maker: RuleMaker) {
    self.maker = maker
    alerts = AlertMaker(maker)
  }

  /// The document, for a rule file in the same folder.
  package func document(ruleFile: String) -> StructuredValue {
    let tests = objective.method == .occurrences ? burnTests + guardTests : sliceTests
    return [
      "rule_files": [.text(ruleFile)], "evaluation_interval": "1m",
      "group_eval_order": .texts(maker.file.groups.map(\.name)), "tests": .list(tests),
    ]
  }

  /// What recorded hours are like in the test of a period, and when it is looked at; hours since 1970.
  private struct Period {
    var errors: String
    /// Hours between two evaluations: each sums up the whole window, so a test that goes hour by hour through a quarter takes minutes.
    var step: Int
    var end: Int
    /// Nothing is spent yet.
    var before: Int
    /// Twice the budget of the hours that count is spent.
    var spent: Int
    /// A new window has begun.
    var renewed: Int?
  }

  /// Ten days of a window that rolls; or the first whole week, month or quarter since 1970, and the beginning of the next.
  private var period: Period {
    guard case .calendar(let unit) = objective.window else {
      let share = NumberText.decimal(min(1, 2 * objective.target.budget * 241 / 50))
      return Period(errors: "0x99 \(share)x49 0x90", step: 1, end: 240, before: 99, spent: 240)
    }
    // 1970 began with a month and a quarter, and on a Thursday.
    let first = unit == .week ? 4 * 24 : 0
    let window = ObjectiveWindow.calendar(unit).range(at: Int64(first) * 3_600_000_000_000)
    let end = Int(window.upperBound / 3_600_000_000_000)
    let bad = (end - first) / 2
    let share = NumberText.decimal(min(1, 2 * objective.target.budget * Double(end - first) / Double(bad)))
    // The first step is without a fault, and so is the first of the next window.
    let step = unit == .week ? 2 : unit == .month ? 6 : 24
    let (before, last) = (first + step, end + step)
    return Period(
      errors: "0x\(before) \(share)x\(bad - 1) 0x\(last - before - bad - 1)", step: step, end: last, before: before, spent: end,
      renewed: last)
  }

  /// The document for the file of the period: twice the budget is spent, and a window of the calendar begins with a new one.
  package func periodDocument(ruleFile: String) -> StructuredValue {
    let period = period
    func series(_ name: String, _ values: String) -> StructuredValue {
      let labels = (maker.labels + [("window", "1h"), ("sloth_window", "1h")]).map { "\($0.0)=\(PromQL.quoted($0.1))" }
      return ["series": .text("\(name){\(labels.joined(separator: ", "))}"), "values": .text(values)]
    }
    let inputs = [series("slo:sli_total:rate1h", "1x\(period.end)"), series("slo:sli_errors:rate1h", period.errors)]
    let rule = alerts.exhausted
    let labels = maker.labels + maker.periodLabels
    let sample = "{\(labels.map { "\($0.0)=\(PromQL.quoted($0.1))" }.joined(separator: ", "))}"
    let firing = expected(rule.labels + maker.periodLabels, rule.annotations)
    func value(_ hour: Int, _ text: String) -> StructuredValue {
      ["expr": .text(text), "eval_time": .text("\(hour)h"), "exp_samples": [["labels": .text(sample), "value": 1]]]
    }
    let name = "slo:period_error_budget_remaining:ratio"
    return [
      "rule_files": [.text(ruleFile)], "evaluation_interval": .text("\(period.step)h"),
      "tests": [
        [
          "name": "twice the budget is spent", "interval": "1h", "input_series": .list(inputs),
          "alert_rule_test": .list(
            [alertTest(period.before * 60, rule.name, []), alertTest(period.spent * 60, rule.name, [firing])]
              + (period.renewed.map { [alertTest($0 * 60, rule.name, [])] } ?? [])),
          "promql_expr_test": .list(
            [value(period.before, "\(name) == bool 1"), value(period.spent, "abs(\(name) + 1) < bool 0.00001")]
              + (period.renewed.map { [value($0, "\(name) == bool 1")] } ?? [])),
        ],
        [
          "name": "no traffic at all", "interval": "1h",
          "input_series": [series("slo:sli_total:rate1h", "0x24"), series("slo:sli_errors:rate1h", "0x24")],
          "promql_expr_test": [["expr": .text(name), "eval_time": "24h", "exp_samples": []]],
        ],
      ],
    ]
  }

  // MARK: Traffic

  /// Events a minute that no guard of low traffic holds back, and of which all burn rates are whole parts.
  private var traffic: Double {
    let needed = objective.pairs.map { Double($0.minimumEvents) / Double($0.long.minutes) }.max() ?? 1
    return max(10_000, (needed * 10 / 1000).rounded(.up) * 1000)
  }
  private var healthy: RuleScenario.Segment { RuleScenario.Segment(minutes: RuleScenario.history, total: traffic, badShare: 0) }

  private func burning(_ burn: Double, _ minutes: Int) -> RuleScenario.Segment {
    RuleScenario.Segment(minutes: minutes, total: traffic, badShare: min(1, NumberText.rounded(burn * objective.target.budget)))
  }

  // MARK: Burn

  /// One course of traffic for the pages: after the healthy history 15 times the allowed burn, an end to it, six hours later 13 times, six hours later an
  /// outage. It is one because each needs the history, and promtool takes its time for it. A second one is for the slowest ticket.
  private var burnTests: [StructuredValue] {
    let quiet = RuleScenario.Segment(minutes: RateWindow.h6.minutes, total: traffic, badShare: 0)
    var segments = [healthy]
    var end = healthy.minutes
    func add(_ segment: RuleScenario.Segment) -> Int {
      segments.append(segment)
      defer { end += segment.minutes }
      return end
    }
    var asked: [Int] = []
    let fast = add(burning(15, 62))
    asked += [fast + 30, fast + 57, fast + 60]
    let stop = add(quiet)
    asked += [stop, stop + 5, stop + 10]
    let slow = add(burning(13, 175))
    asked += [slow, slow + 60, slow + 120]
    _ = add(quiet)
    let outage = add(burning(1 / objective.target.budget, 20))
    asked += [outage, outage + 1, outage + 2, outage + 10]
    let name = "15 times the allowed burn from \(fast) min on, 13 times from \(slow) min on, an outage from \(outage) min on"
    let scenario = RuleScenario(name: name, segments: segments)
    let slowest = burning(1.1, RuleScenario.history)
    return [
      burn(scenario, asked),
      burn(
        RuleScenario(name: "1.1 times the allowed burn for three days", segments: [healthy, slowest]),
        [healthy.minutes + 600, healthy.minutes + 1500, healthy.minutes * 2]),
    ]
  }

  /// A test that asks at given minutes, and at the minute before each alert begins and at that minute itself.
  private func burn(_ scenario: RuleScenario, _ minutes: [Int]) -> StructuredValue {
    let events = scenario.events
    let replay = AlertReplay(events)
    let begins = replay.episodes(objective.pairs).flatMap { [$0.range.lowerBound - 1, $0.range.lowerBound] }
    let asked = Set(minutes + begins).filter { $0 <= events.total.count }.sorted()
    return test(
      scenario,
      asked.map { minute in
        let firing = objective.pairs.filter { pair in (minute - pair.hold...minute).allSatisfy { replay.isActive(pair, at: $0) } }
        return alertTest(
          minute, alerts.burnName,
          firing.map { pair in
            let events = replay.events(pair.long, at: minute)
            // As humanizePercentage writes it.
            let ratio = NumberText.decimal(events.bad / events.total * 100, digits: 4) + "%"
            return expected(alerts.firingLabels(pair), alerts.annotations(pair, value: ratio))
          })
      })
  }

  // MARK: Guards

  private var guardTests: [StructuredValue] { [lowTraffic, absent, reset, noTraffic] }

  /// Everything fails, but there are too few events for any pair.
  private var lowTraffic: StructuredValue {
    let least = objective.pairs.map { Double($0.minimumEvents) / Double($0.long.minutes) }.min() ?? 1
    let scenario = RuleScenario(
      name: "too little traffic", segments: [RuleScenario.Segment(minutes: 240, total: NumberText.rounded(least * 0.5), badShare: 1)])
    return test(scenario, [alertTest(60, alerts.burnName, []), alertTest(240, alerts.burnName, [])])
  }

  private var absent: StructuredValue {
    let scenario = RuleScenario(name: "the metric disappears", segments: [RuleScenario.Segment(minutes: 30, total: traffic, badShare: 0)])
    let rule = alerts.guards.first { $0.name == "SLOMetricAbsent" }
    let firing = rule.map { rule in [expected(rule.labels + absentLabels(rule.labels), rule.annotations)] } ?? []
    return test(
      scenario, suffix: " stale _x20",
      [
        alertTest(30, "SLOMetricAbsent", []), alertTest(40, "SLOMetricAbsent", []), alertTest(41, "SLOMetricAbsent", firing),
        alertTest(45, alerts.burnName, []),
      ])
  }

  /// absent() takes over the conditions on equality; the rule's labels win.
  private func absentLabels(_ labels: [(String, String)]) -> [(String, String)] {
    objective.indicator.total.matchers.filter { matcher in
      matcher.comparison == .equal && !labels.contains { $0.0 == matcher.label }
    }.map { ($0.label, $0.value) }
  }

  /// A restarted process counts from 0 again.
  private var reset: StructuredValue {
    let scenario = RuleScenario(name: "a counter starts again", segments: [RuleScenario.Segment(minutes: 90, total: traffic, badShare: 0)])
    let inputs = IndicatorSeries(objective.indicator).inputs(scenario).elements.map { input -> StructuredValue in
      let values = input["values"]?.string ?? ""
      return ["series": input["series"] ?? .null, "values": .text("\(values) \(values)")]
    }
    let samples = expression(120, "slo:sli_error:ratio_rate1h < bool 0.000001", [("value", 1)])
    return [
      "name": "a counter starts again", "interval": "1m", "input_series": .list(inputs),
      "alert_rule_test": [alertTest(92, alerts.burnName, []), alertTest(150, alerts.burnName, [])], "promql_expr_test": [samples],
    ]
  }

  /// Without traffic there is no ratio: neither 0 nor NaN.
  private var noTraffic: StructuredValue {
    let scenario = RuleScenario(name: "no traffic at all", segments: [RuleScenario.Segment(minutes: 90, total: 0, badShare: 0)])
    var document = test(scenario, [alertTest(90, alerts.burnName, [])])
    document.append(
      "promql_expr_test",
      .list(["slo:sli_error:ratio_rate5m", "slo:sli_error:ratio_rate1h", "slo:current_burn_rate:ratio"].map { expression(90, $0, []) }))
    return document
  }

  /// For slices: bad ones are counted, those without traffic are none.
  private var sliceTests: [StructuredValue] {
    let good = RuleScenario.Segment(minutes: 60, total: traffic, badShare: 0)
    let down = RuleScenario.Segment(minutes: 60, total: traffic, badShare: 1)
    var document = test(RuleScenario(name: "an hour of outage after a good one", segments: [good, down, good]), [])
    document.append(
      "promql_expr_test",
      [
        expression(59, "slo:sli_error:ratio_rate5m", [("slo:sli_error:ratio_rate5m", 0)]),
        expression(70, "slo:sli_error:ratio_rate5m", [("slo:sli_error:ratio_rate5m", 1)]),
        expression(120, "slo:sli_error:ratio_rate1h > bool 0.9", [("value", 1)]),
        expression(180, "slo:sli_error:ratio_rate1h < bool 0.1", [("value", 1)]),
      ])
    return [document, absent, noTraffic]
  }

  // MARK: Documents

  private func test(_ scenario: RuleScenario, suffix: String = "", _ alerts: [StructuredValue]) -> StructuredValue {
    var document: StructuredValue = [
      "name": .text(scenario.name), "interval": "1m",
      "input_series": IndicatorSeries(objective.indicator).inputs(scenario, suffix: suffix),
    ]
    if !alerts.isEmpty { document.append("alert_rule_test", .list(alerts)) }
    return document
  }

  private func alertTest(_ minute: Int, _ name: String, _ expected: [StructuredValue]) -> StructuredValue {
    ["eval_time": .text(NumberText.minutes(minute)), "alertname": .text(name), "exp_alerts": .list(expected)]
  }

  private func expected(_ labels: [(String, String)], _ annotations: [(String, String)]) -> StructuredValue {
    ["exp_labels": .labels(labels), "exp_annotations": .labels(annotations)]
  }

  /// Samples with all labels of the objective; the name `value` stands for none, as expressions drop it.
  private func expression(_ minute: Int, _ text: String, _ samples: [(name: String, value: Double)]) -> StructuredValue {
    let window = text.contains("rate1h") ? "1h" : "5m"
    let labels = (maker.labels + [("window", window), ("sloth_window", window)]).map { "\($0.0)=\(PromQL.quoted($0.1))" }
    return [
      "expr": .text(text), "eval_time": .text(NumberText.minutes(minute)),
      "exp_samples": .list(
        samples.map { sample in
          let name = sample.name == "value" ? "" : sample.name
          return ["labels": .text("\(name){\(labels.joined(separator: ", "))}"), "value": .number(sample.value)]
        }),
    ]
  }
}
