/// A way that users take through a system, found in traces: what one kind of request does, how often, how fast, and how often it fails.
///
/// A pure value. Indicators, objectives and artifacts are made from it; discovery makes it. Times are nanoseconds since 1970, durations nanoseconds.
package struct Journey: Sendable, Equatable {
  /// 32 hex digits, the same for the same journey on another day of the same system.
  package var id: String
  /// For people: `travel: query trips`.
  package var name: String
  /// For file names and labels: lower-case letters, digits and hyphens, unique among the journeys of an analysis.
  package var slug: String
  /// The service and operation of the root span.
  package var entryService: String
  package var entryOperation: String
  /// `deployment.environment.name` of the root; `default` where it says nothing.
  package var environment: String
  /// All services that take part, sorted.
  package var services: [String]
  /// Its steps: one for each (service, operation), in the order of their first appearance on the typical path.
  package var steps: [JourneyStep]
  /// Calls between steps, as indices into `steps`.
  package var calls: [JourneyCall]
  /// One entry for each minute that has traces, ascending: what objectives are tested on.
  package var minutes: [JourneyMinute]
  /// The duration of the root span over all traces.
  package var duration: DurationSummary
  /// Where the errors of `minutes` come from.
  package var errorEvidence: ErrorEvidence
  /// 0…1, the product of `confidenceFactors`.
  package var confidence: Double
  package var confidenceFactors: [ConfidenceFactor]
  /// Ids of a few slow and a few failed traces, for people to look at; sorted by how telling they are.
  package var slowTraces: [String]
  package var failedTraces: [String]
  /// The sets of services that its traces touch, most frequent first: branches of one journey.
  package var variants: [JourneyVariant]

  package init(
    id: String, name: String, slug: String, entryService: String, entryOperation: String, environment: String, services: [String],
    steps: [JourneyStep], calls: [JourneyCall], minutes: [JourneyMinute], duration: DurationSummary, errorEvidence: ErrorEvidence,
    confidence: Double, confidenceFactors: [ConfidenceFactor], slowTraces: [String], failedTraces: [String],
    variants: [JourneyVariant] = []
  ) {
    self.id = id
    self.name = name
    self.slug = slug
    self.entryService = entryService
    self.entryOperation = entryOperation
    self.environment = environment
    self.services = services
    self.steps = steps
    self.calls = calls
    self.minutes = minutes
    self.duration = duration
    self.errorEvidence = errorEvidence
    self.confidence = confidence
    self.confidenceFactors = confidenceFactors
    self.slowTraces = slowTraces
    self.failedTraces = failedTraces
    self.variants = variants
  }

  /// All requests; sampling is accounted for.
  package var requests: Double { minutes.reduce(0) { $0 + $1.requests } }
  /// Those of them that failed.
  package var errors: Double { minutes.reduce(0) { $0 + $1.errors } }
}

/// A branch of a journey: the traces that touch the same services.
package struct JourneyVariant: Sendable, Equatable {
  /// Sorted.
  package var services: [String]
  package var traces: Int

  package init(services: [String], traces: Int) {
    self.services = services
    self.traces = traces
  }
}

/// What tells that a request failed.
package enum ErrorEvidence: String, Sendable, Equatable, CaseIterable {
  /// Status codes of spans, or status codes of their protocols.
  case spans
  /// Log records of severity error with the trace's id: the spans say nothing about errors.
  case logs
  /// Neither is there: errors cannot be counted, and no indicator of errors is proposed.
  case none
}

/// One factor of a confidence, 0…1, and what it stands for.
package struct ConfidenceFactor: Sendable, Equatable {
  package var name: String
  package var value: Double
  /// For people: `4 of 10 traces have no root`.
  package var reason: String

  package init(name: String, value: Double, reason: String) {
    self.name = name
    self.value = value
    self.reason = reason
  }
}
