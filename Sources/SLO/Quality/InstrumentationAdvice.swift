/// What a service's instrumentation lacks, and what its journeys would gain.
package struct InstrumentationAdvice: Sendable, Equatable {
  /// The factor of confidence that it is about.
  package var factor: String
  /// What was seen.
  package var reason: String
  package var advice: String
  /// Slugs of the journeys, the one that gains most first.
  package var journeys: [String]
  /// How much confidence the best of them would have more, 0…1, were the factor 1 and all others as they are.
  package var uplift: Double

  /// Below this a factor is no reason to do anything.
  private static let enough = 0.99

  private static let texts = [
    "traces": "wait for more traffic, or look further back: confidence comes with the number of traces",
    "completeness": "find exporters that drop spans and services that do not pass the trace context on",
    "period": "keep telemetry for a day at least before judging",
    "identity": "name the entry's spans by their route (http.route, rpc.method), so that journeys need not be told by what they call",
    "errors": "let the instrumentation set span status and http.response.status_code or rpc.grpc.status_code",
    "sampling": "sample at a fixed probability with its threshold in the trace state, or keep all traces that fail",
  ]

  /// For the journeys of one service, what gains most first.
  package static func make(_ journeys: [Journey]) -> [InstrumentationAdvice] {
    var byFactor: [String: [(journey: Journey, factor: ConfidenceFactor, uplift: Double)]] = [:]
    for journey in journeys {
      for factor in journey.confidenceFactors where factor.value < enough && factor.value > 0 {
        byFactor[factor.name, default: []].append((journey, factor, journey.confidence / factor.value - journey.confidence))
      }
    }
    return byFactor.map { name, found in
      let ordered = found.sorted { ($0.uplift, $1.journey.slug) > ($1.uplift, $0.journey.slug) }
      return InstrumentationAdvice(
        factor: name, reason: ordered[0].factor.reason, advice: texts[name] ?? "", journeys: ordered.map(\.journey.slug),
        uplift: ordered[0].uplift)
    }.sorted { ($0.uplift, $1.factor) > ($1.uplift, $0.factor) }
  }
}
