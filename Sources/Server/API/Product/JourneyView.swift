internal import SLO

/// A journey as clients see it. Durations are milliseconds.
struct JourneyView: Codable, SnakeCased {
  struct Step: Codable, SnakeCased {
    var service: String
    var operation: String
    var traces: Int
    /// Of the step's spans.
    var errorShare: Double
    /// Of all failed traces: those whose failure began here.
    var errorOrigins: Int
    /// Of the journey's time.
    var criticalShare: Double
    var p50: Double
    var p95: Double
    var p99: Double
  }

  struct Call: Codable, SnakeCased {
    /// Indices into the steps.
    var from: Int
    var to: Int
    var probability: Double
    var asynchronous: Bool
  }

  struct Factor: Codable, SnakeCased {
    var name: String
    var value: Double
    var reason: String
  }

  struct Latency: Codable, SnakeCased {
    var p50: Double
    var p95: Double
    var p99: Double
  }

  var id: String
  var name: String
  var slug: String
  var service: String
  var environment: String
  var services: [String]
  var requests: Double
  var errors: Double
  var errorShare: Double
  /// What tells of errors: `spans`, `logs`, or `none`, and then nobody knows how many there are.
  var errorEvidence: String
  var confidence: Double
  var pinned: Bool
  var mergedInto: String?
  /// A merge or a split waits for the next analysis.
  var pending: Bool
  var analysis: String
  var discoveredAt: String
  var lastSeenAt: String
  var revision: Int
  /// Absent in lists, like all below.
  var latency: Latency?
  var confidenceFactors: [Factor]?
  var steps: [Step]?
  var calls: [Call]?

  init(_ stored: StoredJourney, _ journey: Journey? = nil) {
    (id, name, slug, service, environment) = (stored.id, stored.name, stored.slug, stored.service, stored.environment)
    (services, requests, errors, confidence) = (stored.services, stored.requests, stored.errors, stored.confidence)
    (errorShare, errorEvidence) = (stored.requests > 0 ? stored.errors / stored.requests : 0, stored.errorEvidence)
    (pinned, mergedInto, pending, analysis) = (stored.isPinned, stored.mergedInto, stored.isPending, stored.analysis)
    (discoveredAt, lastSeenAt, revision) = (stored.discoveredAt, stored.lastSeenAt, stored.revision)
    guard let journey else { return }
    let milliseconds = { (nanoseconds: Int64) in Double(nanoseconds) / 1e6 }
    latency = Latency(
      p50: milliseconds(journey.duration.p50), p95: milliseconds(journey.duration.p95), p99: milliseconds(journey.duration.p99))
    confidenceFactors = journey.confidenceFactors.map { Factor(name: $0.name, value: $0.value, reason: $0.reason) }
    steps = journey.steps.map { step in
      Step(
        service: step.service, operation: step.operation, traces: step.traces,
        errorShare: step.spans > 0 ? Double(step.errors) / Double(step.spans) : 0, errorOrigins: step.errorOrigins,
        criticalShare: step.criticalShare, p50: milliseconds(step.duration.p50), p95: milliseconds(step.duration.p95),
        p99: milliseconds(step.duration.p99))
    }
    calls = journey.calls.map { Call(from: $0.from, to: $0.to, probability: $0.probability, asynchronous: $0.isAsynchronous) }
  }
}

/// A service as clients see it.
struct ServiceView: Codable, SnakeCased {
  var name: String
  /// Of the journeys that touch it.
  var journeys: Int
  /// Of those that enter here.
  var entries: Int
  var requests: Double
  var errors: Double
  /// Of the journey that can be trusted least.
  var confidence: Double

  /// The services of journeys, by requests.
  static func all(_ journeys: [StoredJourney]) -> [ServiceView] {
    var found: [String: ServiceView] = [:]
    for journey in journeys {
      for name in journey.services {
        var view = found[name] ?? ServiceView(name: name, journeys: 0, entries: 0, requests: 0, errors: 0, confidence: 1)
        view.journeys += 1
        view.entries += journey.service == name ? 1 : 0
        view.requests += journey.requests
        view.errors += journey.errors
        view.confidence = min(view.confidence, journey.confidence)
        found[name] = view
      }
    }
    return found.values.sorted { ($0.requests, $1.name) > ($1.requests, $0.name) }
  }
}

/// An advice as clients see it.
struct AdviceView: Codable, SnakeCased {
  var factor: String
  var reason: String
  var advice: String
  var journeys: [String]
  /// What confidence would gain, 0…1.
  var expectedUplift: Double

  init(_ advice: InstrumentationAdvice) {
    (factor, reason, self.advice, journeys, expectedUplift) = (advice.factor, advice.reason, advice.advice, advice.journeys, advice.uplift)
  }
}
