/// Makes the indicators of a journey.
package struct IndicatorMaker: Sendable {
  /// The share of requests that a latency threshold is looked for at.
  static let latencyShare = 0.99

  private let inventory: SeriesInventory?

  /// - Parameter inventory: the series that exist; nil when no Prometheus was asked, then our own journey metrics are used.
  package init(_ inventory: SeriesInventory? = nil) { self.inventory = inventory }

  /// The indicators, and why others are missing.
  ///
  /// - Parameter latency: the threshold that somebody chose, one of `JourneyMinute.bucketEdges`; nil takes the one that fits the history.
  package func indicators(_ journey: Journey, latency chosen: Int64? = nil) -> (indicators: [Indicator], missing: [String]) {
    let source = source(journey)
    var indicators: [Indicator] = []
    var missing: [String] = []
    if let latency = latency(journey, source, chosen) {
      indicators.append(latency)
    } else {
      missing.append(
        "no latency indicator: fewer than \(NumberText.percent(Self.latencyShare)) of the requests lie below the highest edge of a bucket")
    }
    if journey.errorEvidence == .none {
      missing.append("no indicators of errors: spans carry neither status nor protocol codes, and no logs with trace ids were given")
    } else if !source.hasErrors {
      missing.append("no indicators of errors: \(source.family.title) of \(journey.entryService) carry no status")
    } else {
      indicators.append(make(.errors, journey, source, .bad(source.bad), source.total))
      indicators.append(make(.availability, journey, source, .bad(source.bad), source.total))
    }
    return (indicators, missing)
  }

  /// The history that an indicator's counters would have had.
  package static func history(_ indicator: Indicator, _ journey: Journey) -> EventHistory {
    switch indicator.kind {
    case .latency: .slower(than: historyEdge(indicator.threshold ?? 0), journey.minutes)
    case .errors, .availability: .errors(journey.minutes)
    }
  }

  /// Other instruments have other buckets: history is counted at our next edge above.
  private static func historyEdge(_ threshold: Int64) -> Int64 {
    JourneyMinute.bucketEdges.first { $0 >= threshold } ?? JourneyMinute.bucketEdges[JourneyMinute.bucketEdges.count - 1]
  }

  // MARK: Series

  private struct Source {
    var family: SeriesFamily
    var total: PromQL.Selector
    var bad: PromQL.Selector
    var matchers: [PromQL.Matcher]
    var edges: [(edge: Int64, label: String)]
    var hasErrors: Bool
    var explanation: String
    var warnings: [String]
  }

  private func source(_ journey: Journey) -> Source {
    let own = ownSource(journey)
    guard let inventory else { return own }
    let mine = inventory.named(SeriesFamily.journey.count).contains { $0.labels["journey"] == journey.slug }
    if mine {
      var found = own
      found.explanation = "journey metrics of this journey exist: they count exactly its requests"
      return found
    }
    let matches = SeriesFamily.known.compactMap { SeriesMatch($0, journey, inventory) }
    // Some instruments share the counter: the one whose histogram exists is meant.
    if let match = matches.first(where: { !$0.edges.isEmpty }) ?? matches.first {
      let family = match.family
      let total = PromQL.Selector(family.count, match.matchers)
      let bad = family.error.map { total.with([$0]) } ?? PromQL.Selector(family.errorCount ?? family.count, match.matchers)
      let shown = match.matchers.map { "\($0.label)=\"\($0.value)\"" }.joined(separator: ", ")
      return Source(
        family: family, total: total, bad: bad, matchers: match.matchers, edges: match.edges, hasErrors: match.hasErrors,
        explanation: "\(family.title): \(family.count) has series with \(shown)",
        warnings: match.isWholeService ? ["measures all requests to \(journey.entryService), not only this journey"] : [])
    }
    var fallback = own
    fallback.explanation = "no known series of \(journey.entryService) exist: journey metrics are used"
    fallback.warnings = ["needs the journey metrics of this product in Prometheus"]
    return fallback
  }

  private func ownSource(_ journey: Journey) -> Source {
    let matchers = [
      PromQL.Matcher("journey", .equal, journey.slug), PromQL.Matcher("entry_service", .equal, journey.entryService),
      PromQL.Matcher("environment", .equal, journey.environment),
    ]
    let family = SeriesFamily.journey
    return Source(
      family: family, total: PromQL.Selector(family.count, matchers), bad: PromQL.Selector(family.errorCount ?? family.count, matchers),
      matchers: matchers, edges: JourneyMinute.bucketEdges.map { ($0, MetricBook.edge($0, family.unit)) },
      hasErrors: true, explanation: "journey metrics: they count exactly the requests of this journey", warnings: [])
  }

  // MARK: Indicators

  private func latency(_ journey: Journey, _ source: Source, _ chosen: Int64?) -> Indicator? {
    guard journey.requests > 0 else { return nil }
    var below = 0.0
    var wanted: Int64?
    for (index, edge) in JourneyMinute.bucketEdges.enumerated() {
      below += journey.minutes.reduce(0) { $0 + $1.buckets[index] }
      if below >= journey.requests * Self.latencyShare {
        wanted = edge
        break
      }
    }
    if let chosen { wanted = chosen }
    guard let wanted, let edge = source.edges.first(where: { $0.edge >= wanted }) else { return nil }
    let family = source.family
    let good = PromQL.Selector(family.bucket, source.matchers + [PromQL.Matcher("le", .equal, edge.label)])
    var indicator = make(.latency, journey, source, .good(good), PromQL.Selector(family.bucketCount, source.matchers))
    indicator.threshold = edge.edge
    if Double(edge.edge) > Double(wanted) * 1.1 {
      indicator.warnings.append(
        "no bucket of \(family.bucket) within 10 % of \(NumberText.duration(wanted)): add one with le=\"\(NumberText.decimal(Double(wanted) / Double(family.unit)))\""
      )
    }
    return indicator
  }

  private func make(
    _ kind: Indicator.Kind, _ journey: Journey, _ source: Source, _ events: Indicator.Events, _ total: PromQL.Selector
  ) -> Indicator {
    var warnings = source.warnings
    var confidence = journey.confidence
    if kind != .latency, journey.errorEvidence == .logs {
      warnings.append("errors are known from logs of severity error with the trace's id, not from spans")
      if source.family == .journey {
        warnings.append("the job traces reads no logs: \(source.bad.name) has no series until spans carry a status")
      }
      confidence *= 0.8
    }
    return Indicator(
      kind: kind, name: Names.label("\(journey.slug)-\(kind.rawValue)"), journey: journey.slug, journeyID: journey.id,
      service: journey.entryService, environment: journey.environment, events: events, total: total, threshold: nil,
      family: source.family, explanation: source.explanation, confidence: confidence, evidence: evidence(kind, journey), warnings: warnings)
  }

  private func evidence(_ kind: Indicator.Kind, _ journey: Journey) -> [Evidence] {
    var evidence = [
      Evidence(
        .count,
        "\(NumberText.count(journey.requests)) requests in \(journey.minutes.count) minutes with traffic, \(NumberText.count(journey.errors)) failed",
        reference: journey.id)
    ]
    let steps = journey.steps.sorted { ($0.criticalShare, $1.service, $1.operation) > ($1.criticalShare, $0.service, $0.operation) }
    for step in steps.prefix(3) {
      evidence.append(
        Evidence(
          .step, "\(step.service) \(step.operation) takes \(NumberText.percent(step.criticalShare, places: 1)) of the journey's time",
          reference: "\(step.service)/\(step.operation)"))
    }
    let traces = kind == .latency ? journey.slowTraces : journey.failedTraces
    for trace in traces.prefix(3) {
      evidence.append(Evidence(.trace, kind == .latency ? "a slow trace" : "a failed trace", reference: trace))
    }
    return evidence
  }
}
