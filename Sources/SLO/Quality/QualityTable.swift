/// How well indicators tell minutes with a fault from others: what is published, the poor ones too.
package struct QualityTable: Sendable, Equatable {
  /// What is watched.
  package enum Indicator: String, Sendable, Equatable, CaseIterable {
    /// The naive one, that all others are measured by.
    case journeyP95 = "journey p95"
    case journeyErrors = "journey error share"
    /// Time that passes in a service alone, on the critical path.
    case stepP50 = "step self-time p50"
    case stepP95 = "step self-time p95"
    /// The part of all time that passes in a service.
    case criticalShare = "critical-path share"
    case stepErrors = "step error share"

    /// Whether there is a series for each service of a journey, not only one for the journey.
    var isPerService: Bool { self != .journeyP95 && self != .journeyErrors }
    var isShare: Bool { self == .journeyErrors || self == .criticalShare || self == .stepErrors }
  }

  /// One indicator against one type of fault. A unit is a journey in a minute with three traces or more; of indicators per service, a service of
  /// one, looked at where that service has the fault.
  package struct Row: Sendable, Equatable {
    package var indicator: Indicator
    /// `all`, or a type of fault.
    package var faults: String
    package var faultHits: Int
    package var faultUnits: Int
    package var otherHits: Int
    package var otherUnits: Int
    /// Of the permutation test, one-sided.
    package var probability: Double

    package var faultRate: Double { faultUnits > 0 ? Double(faultHits) / Double(faultUnits) : .nan }
    package var otherRate: Double { otherUnits > 0 ? Double(otherHits) / Double(otherUnits) : .nan }
  }

  /// Whether the service with the fault is the one that stands out.
  package struct Ranking: Sendable, Equatable {
    package var faults: String
    /// Faults within the traces.
    package var count: Int
    package var first: Int
    package var firstThree: Int
    /// How many services there are to choose from.
    package var services: Int
  }

  package var rows: [Row] = []
  package var rankings: [Ranking] = []
  /// Minutes with traces, and how many of them hold a fault or follow one.
  package var minutes = 0
  package var faultMinutes = 0
  /// Faults outside of the traces' time, or of a service that has none.
  package var unused = 0
}
