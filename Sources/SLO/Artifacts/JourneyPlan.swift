/// A journey with its indicators and objectives: what all artifacts are written from.
package struct JourneyPlan: Sendable, Equatable {
  /// The variants of one objective.
  package struct Choice: Sendable, Equatable {
    /// The strictest first.
    package var variants: [Objective]
    /// The one that is used.
    package var chosen: Objective
  }

  package var journey: Journey
  package var indicators: [Indicator]
  package var choices: [Choice]
  /// Why indicators are missing.
  package var missing: [String]

  /// - Parameter latency: the latency threshold that somebody chose, nanoseconds; nil takes the one that fits the history.
  package init(_ journey: Journey, _ options: ArtifactOptions, latency: Int64? = nil) {
    self.journey = journey
    (indicators, missing) = IndicatorMaker(options.inventory).indicators(journey, latency: latency)
    let changes = options.templateChanges.filter { journey.services.contains($0.service) }.prefix(3).map { change in
      Evidence(
        .template, "\(change.service) logs \(change.count) times, \(change.countBefore) before: \(change.template)",
        reference: change.fingerprint)
    }
    let similar = (options.similarTemplates[journey.id] ?? []).prefix(3).map { template in
      Evidence(
        .template,
        "\(template.service) logs what reads like it \(template.count) times, \(template.errors) as errors: \(template.template)",
        reference: template.fingerprint)
    }
    for index in indicators.indices where indicators[index].kind != .latency { indicators[index].evidence += changes + similar }
    choices = indicators.map { indicator in
      let history = IndicatorMaker.history(indicator, journey).excluding(options.maintenance)
      // The errors objective pages; the one for availability says in how many slices of time the journey worked.
      let method: Objective.Method =
        indicator.kind == .availability ? .timeslices(minutes: 5, target: ObjectiveTarget.ladder[7]) : .occurrences
      let variants = ObjectiveChooser(indicator, history: history, window: options.window, method: method).variants().map { objective in
        var objective = objective
        let ceiling = CompositeAvailability.services(of: journey, availability: objective.target.ratio)
        if indicator.kind == .errors, let objection = ceiling.objection(to: objective.target) {
          objective.notes.append("if each of \(journey.services.count) services only keeps the same target, \(objection)")
        }
        return objective
      }
      let chosen = variants.first { $0.variant == options.variant } ?? variants[0]
      return Choice(variants: variants, chosen: chosen)
    }
  }

  /// The objectives that are used.
  package var objectives: [Objective] { choices.map(\.chosen) }
}
