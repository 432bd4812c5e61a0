/// What the parts of a journey allow it to reach.
package indirect enum CompositeAvailability: Sendable, Equatable {
  case part(Double)
  /// All are needed.
  case series([CompositeAvailability])
  /// One of them is enough.
  case parallel([CompositeAvailability])
  /// Needed by a share of the requests.
  case optional(CompositeAvailability, probability: Double)

  /// The share of requests that can be good when the parts fail independently.
  package var ceiling: Double {
    switch self {
    case .part(let availability): availability
    case .series(let parts): parts.reduce(1) { $0 * $1.ceiling }
    case .parallel(let parts): 1 - parts.reduce(1) { $0 * (1 - $1.ceiling) }
    case .optional(let part, let probability): 1 - probability * (1 - part.ceiling)
    }
  }

  /// Why a target cannot be kept; nil when it can.
  package func objection(to target: ObjectiveTarget) -> String? {
    let ceiling = ceiling
    guard ceiling + 1e-12 < target.ratio else { return nil }
    return "\(target.percentText) % cannot be kept: its parts together reach \(NumberText.percent(ceiling, places: 3))"
  }

  /// A journey whose services each keep `availability`: in series, each needed by the share of traces that reach it.
  package static func services(of journey: Journey, availability: Double) -> CompositeAvailability {
    let most = journey.steps.map(\.traces).max() ?? 0
    guard most > 0 else { return .series([]) }
    return .series(
      journey.services.map { service in
        let traces = journey.steps.filter { $0.service == service }.map(\.traces).max() ?? 0
        return .optional(.part(availability), probability: Double(traces) / Double(most))
      })
  }
}
