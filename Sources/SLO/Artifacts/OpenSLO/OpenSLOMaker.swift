/// Writes OpenSLO v1 documents for the objectives of a service.
struct OpenSLOMaker {
  let service: String
  let plans: [JourneyPlan]
  let options: ArtifactOptions
  let provenance: Provenance

  private static let source = "prometheus"

  /// Everything about the service, with the objectives that are used.
  func documents() throws(ArtifactError) -> [StructuredValue] {
    var slis: [StructuredValue] = []
    for plan in plans { for indicator in plan.indicators { slis.append(try sli(indicator)) } }
    let objectives = plans.flatMap(\.objectives)
    return [serviceDocument, dataSource] + slis + objectives.map { slo($0, name: $0.name) }
      + objectives.flatMap { objective in objective.pairs.map { condition(objective, $0) } }
      + objectives.flatMap { objective in objective.pairs.map { policy(objective, $0) } }
      + plans.compactMap(composite)
  }

  /// All variants, for whoever decides.
  func drafts() throws(ArtifactError) -> [StructuredValue] {
    var documents: [StructuredValue] = [serviceDocument, dataSource]
    for plan in plans { for indicator in plan.indicators { documents.append(try sli(indicator)) } }
    for choice in plans.flatMap(\.choices) {
      documents += choice.variants.map { slo($0, name: Names.label("\($0.name)-\($0.variant.rawValue)"), withPolicies: false) }
    }
    return documents
  }

  // MARK: Kinds

  private func document(
    _ kind: String, _ name: String, title: String? = nil, labels: [(String, String)] = [], annotations: [(String, String)] = [],
    spec: StructuredValue
  ) -> StructuredValue {
    var metadata: StructuredValue = ["name": .text(name)]
    if let title { metadata.append("displayName", .text(title)) }
    metadata.append("labels", .labels(labels + [("generator", ArtifactOptions.generator.split(separator: "/").joined(separator: "-"))]))
    metadata.append("annotations", .labels(annotations + [("slo-scout.io/inputs-hash", provenance.inputs)]))
    return ["apiVersion": "openslo/v1", "kind": .text(kind), "metadata": metadata, "spec": spec]
  }

  private var serviceDocument: StructuredValue {
    let names = plans.map(\.journey.name).joined(separator: ", ")
    return document(
      "Service", Names.label(service), title: service,
      spec: ["description": .text(String("Entry of \(plans.count == 1 ? "the journey" : "the journeys") \(names)".prefix(1000)))])
  }

  private var dataSource: StructuredValue {
    document("DataSource", Self.source, spec: ["type": "Prometheus", "connectionDetails": ["url": .text(options.prometheus)]])
  }

  private func sli(_ indicator: Indicator) throws(ArtifactError) -> StructuredValue {
    func metric(_ expression: PromQL) throws(ArtifactError) -> StructuredValue {
      let query = try ArtifactError.checked(expression, in: indicator.name)
      return ["metricSource": ["metricSourceRef": .text(Self.source), "type": "Prometheus", "spec": ["query": .text(query)]]]
    }
    // Errors are counted as such; the others count what was good.
    let side = indicator.kind == .errors ? "bad" : "good"
    let part = indicator.kind == .errors ? indicator.badRate(minutes: 5) : indicator.goodRate(minutes: 5)
    let ratio: StructuredValue = [
      "counter": true, (side): try metric(part), "total": try metric(indicator.totalRate(minutes: 5)),
    ]
    return document(
      "SLI", indicator.name, title: "\(indicator.journey): \(indicator.kind.title)", labels: [("journey", indicator.journeyID)],
      annotations: annotations(indicator) + [("slo-scout.io/series", indicator.explanation)],
      spec: ["description": .text(indicator.explanation), "ratioMetric": ratio])
  }

  private func annotations(_ indicator: Indicator) -> [(String, String)] {
    [
      ("slo-scout.io/evidence-count", "\(indicator.evidence.count)"),
      ("slo-scout.io/confidence", NumberText.fixed(indicator.confidence, places: 2)),
    ]
  }

  private var window: StructuredValue {
    switch options.window {
    case .rolling(let days): [["duration": .text("\(days)d"), "isRolling": true]]
    case .calendar(let unit):
      [
        [
          "duration": .text(unit == .week ? "1w" : unit == .month ? "1M" : "1Q"), "isRolling": false,
          "calendar": ["startTime": "2024-01-01 00:00:00", "timeZone": "UTC"],
        ]
      ]
    }
  }

  private func slo(_ objective: Objective, name: String, withPolicies: Bool = true) -> StructuredValue {
    var goal: StructuredValue = ["displayName": .text(objective.sentence), "target": .number(objective.target.ratio)]
    var spec: StructuredValue = [
      "description": .text(([objective.sentence] + objective.notes).joined(separator: "; ")), "service": .text(Names.label(service)),
      "indicatorRef": .text(objective.indicator.name), "timeWindow": window,
    ]
    if case .timeslices(let minutes, let target) = objective.method {
      goal.append("timeSliceTarget", .number(target.ratio))
      goal.append("timeSliceWindow", .text("\(minutes)m"))
      spec.append("budgetingMethod", "Timeslices")
    } else {
      spec.append("budgetingMethod", "Occurrences")
    }
    spec.append("objectives", [goal])
    if withPolicies, !objective.pairs.isEmpty { spec.append("alertPolicies", .texts(objective.pairs.map { pairName(objective, $0) })) }
    return document(
      "SLO", name, title: "\(objective.indicator.journey): \(objective.indicator.kind.title)",
      labels: [("journey", objective.indicator.journeyID), ("variant", objective.variant.rawValue)],
      annotations: annotations(objective.indicator) + [
        ("slo-scout.io/feasible", "\(objective.isFeasible)"),
        ("slo-scout.io/pages-per-month", NumberText.fixed(objective.backtest.pagesPerMonth, places: 2)),
      ], spec: spec)
  }

  private func pairName(_ objective: Objective, _ pair: BurnPair) -> String { Names.label("\(objective.name)-\(pair.long.name)") }

  private func condition(_ objective: Objective, _ pair: BurnPair) -> StructuredValue {
    document(
      "AlertCondition", pairName(objective, pair),
      spec: [
        "severity": .text(pair.severity.rawValue),
        "condition": [
          "kind": "burnrate", "op": "gt", "threshold": .number(pair.factor), "lookbackWindow": .text(pair.long.name),
          "alertAfter": .text("\(pair.hold)m"),
        ],
      ])
  }

  private func policy(_ objective: Objective, _ pair: BurnPair) -> StructuredValue {
    let name = pairName(objective, pair)
    return document(
      "AlertPolicy", name,
      spec: [
        "alertWhenBreaching": true, "alertWhenResolved": true, "alertWhenNoData": false, "conditions": [["conditionRef": .text(name)]],
        "notificationTargets": .list(options.notificationTargets.map { ["targetRef": .text($0)] }),
      ])
  }

  /// One objective for the journey, of which its indicators are parts.
  private func composite(_ plan: JourneyPlan) -> StructuredValue? {
    let parts = plan.objectives.filter { $0.method == .occurrences }
    guard parts.count > 1 else { return nil }
    return document(
      "SLO", Names.label("\(plan.journey.slug)-journey"), title: plan.journey.name,
      labels: [("journey", plan.journey.id), ("variant", options.variant.rawValue)],
      spec: [
        "description": .text("The journey \(plan.journey.name) as a whole"), "service": .text(Names.label(service)), "timeWindow": window,
        "budgetingMethod": "Occurrences",
        "objectives": .list(
          parts.map { part in
            [
              "displayName": .text(part.sentence), "indicatorRef": .text(part.indicator.name), "target": .number(part.target.ratio),
              "compositeWeight": 1,
            ]
          }),
      ])
  }
}
