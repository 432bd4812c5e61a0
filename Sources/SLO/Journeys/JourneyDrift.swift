/// What changed between two discoveries of one system.
package enum JourneyDrift {
  /// One change, with what it was and what it is.
  package enum Change: Sendable, Equatable {
    case newJourney(id: String, name: String)
    case lostJourney(id: String, name: String)
    case newStep(journey: String, service: String, operation: String)
    case lostStep(journey: String, service: String, operation: String)
    case newService(journey: String, service: String)
    case lostService(journey: String, service: String)
    /// Nanoseconds of the p95 of the whole journey.
    case latency(journey: String, before: Int64, after: Int64)
    /// Shares of failed requests.
    case errors(journey: String, before: Double, after: Double)
  }

  /// All changes, in the order of the journeys' ids.
  ///
  /// A step counts as new or lost when it was part of at least a twentieth of the journey's traces on one side and of none on the other, so a
  /// rare branch that happened not to be taken is no change. Latency counts from a factor of 1.5 on, the share of errors from a change that
  /// chance explains in less than about one of a thousand cases.
  package static func between(_ before: [Journey], _ after: [Journey]) -> [Change] {
    let old = Dictionary(before.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let new = Dictionary(after.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var changes: [Change] = []
    for id in Set(old.keys).union(new.keys).sorted() {
      switch (old[id], new[id]) {
      case (nil, let journey?): changes.append(.newJourney(id: id, name: journey.name))
      case (let journey?, nil): changes.append(.lostJourney(id: id, name: journey.name))
      case (let before?, let after?): changes += within(before, after)
      case (nil, nil): break
      }
    }
    return changes
  }

  private static func within(_ before: Journey, _ after: Journey) -> [Change] {
    var changes: [Change] = []
    let gone = missing(before, in: after)
    let came = missing(after, in: before)
    changes += gone.services.map { .lostService(journey: before.id, service: $0) }
    changes += came.services.map { .newService(journey: before.id, service: $0) }
    changes += gone.steps.map { .lostStep(journey: before.id, service: $0.service, operation: $0.operation) }
    changes += came.steps.map { .newStep(journey: before.id, service: $0.service, operation: $0.operation) }
    let (a, b) = (before.duration.p95, after.duration.p95)
    if a > 0, b > 0, max(a, b) * 2 >= min(a, b) * 3 { changes.append(.latency(journey: before.id, before: a, after: b)) }
    let (n, m) = (before.requests, after.requests)
    if n > 0, m > 0 {
      let (p, q) = (before.errors / n, after.errors / m)
      let joint = (before.errors + after.errors) / (n + m)
      let deviation = (joint * (1 - joint) * (1 / n + 1 / m)).squareRoot()
      if deviation > 0, abs(p - q) > 3.3 * deviation { changes.append(.errors(journey: before.id, before: p, after: q)) }
    }
    return changes
  }

  /// Frequent steps of `one` that `other` lacks, and the services of which nothing is left.
  private static func missing(_ one: Journey, in other: Journey) -> (services: [String], steps: [JourneyStep]) {
    let known = Set(other.steps.map { $0.service + "\u{1F}" + $0.operation })
    let traces = one.steps.map(\.traces).max() ?? 0
    let steps = one.steps.filter { $0.traces * 20 >= traces && !known.contains($0.service + "\u{1F}" + $0.operation) }
    let services = Set(steps.map(\.service)).subtracting(other.services).sorted()
    return (services, steps.filter { !services.contains($0.service) })
  }
}
