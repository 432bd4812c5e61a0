import SLO

/// Journeys of a small shop, the same on every run.
enum Fixture {
  static let hour: Int64 = 3_600_000_000_000
  /// A Monday, 2026-03-02 00:00 UTC.
  static let start: Int64 = 1_772_409_600_000_000_000

  static func journey(
    _ slug: String = "checkout", service: String = "front-end", operation: String = "POST /checkout", days: Int = 3,
    errorEvidence: ErrorEvidence = .spans, failing: (Int) -> Double = { $0 % 97 == 0 ? 1 : 0 }
  ) -> Journey {
    let minutes = (0..<days * 1440).map { index -> JourneyMinute in
      // More by day than by night.
      let requests = Double(20 + 15 * ((index / 60) % 24 >= 8 ? 1 : 0) + index % 7)
      var buckets = [Double](repeating: 0, count: JourneyMinute.bucketEdges.count + 1)
      buckets[8] = (requests * 0.6).rounded()
      buckets[11] = requests - buckets[8]
      if index % 50 == 0 {
        buckets[11] -= 1
        buckets[17] += 1
      }
      return JourneyMinute(
        start: start + Int64(index) * 60_000_000_000, requests: requests, errors: min(requests, failing(index)), buckets: buckets)
    }
    func summary(_ p50: Int64) -> DurationSummary { DurationSummary(p50: p50, p95: p50 * 3, p99: p50 * 5, max: p50 * 11) }
    let steps = [
      JourneyStep(
        service: service, operation: operation, traces: 1000, spans: 1000, errors: 9, criticalShare: 0.2, duration: summary(120_000_000)),
      JourneyStep(
        service: "cart", operation: "GetCart", traces: 1000, spans: 2000, errors: 0, criticalShare: 0.15, duration: summary(9_000_000)),
      JourneyStep(
        service: "payment", operation: "Charge", traces: 990, spans: 990, errors: 9, criticalShare: 0.55, duration: summary(70_000_000)),
      JourneyStep(
        service: "email", operation: "Send", traces: 300, spans: 300, errors: 0, criticalShare: 0.1, duration: summary(14_000_000)),
    ]
    let calls = [
      JourneyCall(from: 0, to: 1, probability: 1, callsPerTrace: 2), JourneyCall(from: 0, to: 2, probability: 0.99, callsPerTrace: 1),
      JourneyCall(from: 2, to: 3, probability: 0.3, callsPerTrace: 1),
    ]
    return Journey(
      id: String(Digest.sha256(Array("\(service)/\(slug)".utf8)).prefix(32)), name: "\(service): \(slug)", slug: slug,
      entryService: service,
      entryOperation: operation, environment: "prod", services: [service, "cart", "email", "payment"].sorted(), steps: steps, calls: calls,
      minutes: minutes, duration: summary(120_000_000), errorEvidence: errorEvidence, confidence: 0.92,
      confidenceFactors: [
        ConfidenceFactor(name: "completeness", value: 0.95, reason: "50 of 1000 traces have no root"),
        ConfidenceFactor(name: "samples", value: 0.97, reason: "1000 traces"),
      ],
      slowTraces: ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7a3ce929d0e0e4736"],
      failedTraces: ["a3ce929d0e0e47364bf92f3577b34da6"])
  }
}
