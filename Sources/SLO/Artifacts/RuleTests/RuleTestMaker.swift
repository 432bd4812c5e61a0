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

  private var burnTests: [StructuredValue] {
    let begin = RuleScenario.history
    let quiet = RuleScenario.Segment(minutes: 20, total: traffic, badShare: 0)
    let outage = burn("a total outage", [healthy, burning(1 / objective.target.budget, 70)], [begin, begin + 1, begin + 2, begin + 10])
    return [
      burn("15 times the allowed burn", [healthy, burning(15, 62)], [begin + 30, begin + 57, begin + 60]),
      burn("13 times the allowed burn", [healthy, burning(13, 175)], [begin + 60, begin + 120]),
      exhausted(outage, begin),
      burn("it stops", [healthy, burning(15, 60), quiet], [begin + 60, begin + 65, begin + 70]),
      burn("1.1 times the allowed burn for three days", [healthy, burning(1.1, begin)], [begin + 600, begin + 1500, begin * 2]),
    ]
  }

  /// A test that asks at given minutes, and at the minute before each alert begins and at that minute itself.
  private func burn(_ name: String, _ segments: [RuleScenario.Segment], _ minutes: [Int]) -> StructuredValue {
    let scenario = RuleScenario(name: name, segments: segments)
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
            return expected(alerts.burnLabels(pair), alerts.annotations(pair, value: ratio))
          })
      })
  }

  /// The period's budget in a total outage: it is counted at full hours.
  private func exhausted(_ test: StructuredValue, _ begin: Int) -> StructuredValue {
    var members = test.members
    guard let index = members.firstIndex(where: { $0.key == "alert_rule_test" }),
      let rule = alerts.guards.first(where: { $0.name == "SLOBudgetExhausted" })
    else { return test }
    let share = 1.0 / Double(begin / 60 + 1)
    let isGone = share > objective.target.budget
    let more = [
      alertTest(begin + 59, rule.name, []), alertTest(begin + 60, rule.name, isGone ? [expected(rule.labels, rule.annotations)] : []),
    ]
    members[index].value = .list(members[index].value.elements + more)
    return .map(members)
  }

  // MARK: Guards

  private var guardTests: [StructuredValue] { [lowTraffic, absent(hasPrefix: true), reset, noTraffic] }

  /// Everything fails, but there are too few events for any pair.
  private var lowTraffic: StructuredValue {
    let least = objective.pairs.map { Double($0.minimumEvents) / Double($0.long.minutes) }.min() ?? 1
    let scenario = RuleScenario(
      name: "too little traffic", segments: [RuleScenario.Segment(minutes: 240, total: NumberText.rounded(least * 0.5), badShare: 1)])
    return test(scenario, [alertTest(60, alerts.burnName, []), alertTest(240, alerts.burnName, [])])
  }

  private func absent(hasPrefix: Bool) -> StructuredValue {
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
    var document = test(scenario, [alertTest(90, alerts.burnName, []), alertTest(90, "SLOBudgetExhausted", [])])
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
    return [document, absent(hasPrefix: true), noTraffic]
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
