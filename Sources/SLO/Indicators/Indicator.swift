/// A measure of a journey as good events among all events.
package struct Indicator: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    case latency
    case errors
    case availability

    /// For people.
    package var title: String {
      switch self {
      case .latency: "latency"
      case .errors: "error rate"
      case .availability: "availability"
      }
    }
  }

  /// How events are counted: both are counters.
  package enum Events: Sendable, Equatable {
    case good(PromQL.Selector)
    case bad(PromQL.Selector)
  }

  package var kind: Kind
  /// `travel-query-latency`.
  package var name: String
  /// The journey's slug and id.
  package var journey: String
  package var journeyID: String
  /// The service that is entered.
  package var service: String
  package var environment: String
  package var events: Events
  package var total: PromQL.Selector
  /// For latency: the edge of a bucket, nanoseconds.
  package var threshold: Int64?
  package var family: SeriesFamily
  /// Why these series, for people.
  package var explanation: String
  /// 0…1.
  package var confidence: Double
  package var evidence: [Evidence]
  /// What a reader must know.
  package var warnings: [String]

  /// Good events per second over a window.
  package func goodRate(minutes: Int) -> PromQL {
    let all = PromQL.sum(.rate(total, minutes: minutes))
    switch events {
    case .good(let good): return .sum(.rate(good, minutes: minutes))
    case .bad: return .call("clamp_min", [.operation(all, .subtract, badRate(minutes: minutes)), .number(0)])
    }
  }

  /// Bad events per second over a window. A counter of errors that does not exist yet is one that stands at zero.
  package func badRate(minutes: Int) -> PromQL {
    let all = PromQL.sum(.rate(total, minutes: minutes))
    switch events {
    case .good(let good):
      return .call("clamp_min", [.operation(all, .subtract, .sum(.rate(good, minutes: minutes))), .number(0)])
    case .bad(let bad):
      return .binary(PromQL.Binary(.sum(.rate(bad, minutes: minutes)), .or, nil, .operation(all, .multiply, .number(0))))
    }
  }

  /// All events per second over a window.
  package func totalRate(minutes: Int) -> PromQL { .sum(.rate(total, minutes: minutes)) }
}

/// Something to look at that speaks for an indicator.
package struct Evidence: Sendable, Equatable {
  package enum Kind: String, Sendable {
    case trace
    case step
    case count
    case template
  }
  package var kind: Kind
  package var text: String
  /// A trace id, a step's name, a fingerprint.
  package var reference: String

  package init(_ kind: Kind, _ text: String, reference: String) {
    self.kind = kind
    self.text = text
    self.reference = reference
  }
}
