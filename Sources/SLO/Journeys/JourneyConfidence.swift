/// How far a journey can be trusted, as factors that are multiplied. More traces never lower it.
enum JourneyConfidence {
  static func factors(_ tally: JourneyTally, _ key: JourneyKey, _ evidence: ErrorEvidence, isSampled: Bool) -> [ConfidenceFactor] {
    let traces = tally.members.count
    let complete = Double(traces - tally.incomplete) / Double(max(1, traces))
    let minutes = tally.minutes.keys
    let hours = Double((minutes.max() ?? 0) - (minutes.min() ?? 0)) / 3_600e9
    let identity: (Double, String) =
      switch key.told {
      case .entry: (1, "the entry names its own operation")
      case .hops(let places): (0.98, "told by its first call, \(places.last.map { "\($0.service) \($0.operation)" } ?? "")")
      case .noHop: (0.95, "told by calling no other service")
      case .shape(let operation): (0.9, "told by the operation \(operation) of the entry's own service")
      }
    let errors: (Double, String) =
      switch evidence {
      case .spans: (1, "status or codes of spans tell errors")
      case .logs:
        (
          0.9,
          "errors are told by log records of severity error: the spans say nothing"
            + (tally.habits.isEmpty ? "" : "; \(tally.habits.count) steps log one in most traces, which counts as their habit")
        )
      case .none: (0.8, "nothing tells errors: no status, no codes, no log records with trace ids")
      }
    var factors = [
      ConfidenceFactor(name: "traces", value: Double(traces) / Double(traces + 20), reason: "\(traces) traces"),
      ConfidenceFactor(
        name: "completeness", value: 0.5 + 0.5 * complete,
        reason: "\(tally.incomplete) of \(traces) traces have no root, several roots, or spans without their parent"),
      ConfidenceFactor(
        name: "period", value: 0.95 + 0.05 * min(1, hours / 24),
        reason: "\(minutes.count) minutes with traces within \(tenths(hours)) hours"),
      ConfidenceFactor(name: "identity", value: identity.0, reason: identity.1),
      ConfidenceFactor(name: "errors", value: errors.0, reason: errors.1),
    ]
    if isSampled {
      factors.append(
        ConfidenceFactor(
          name: "sampling", value: 0.97, reason: "\(tally.sampled) of \(traces) traces are sampled; counts are weighted by their thresholds"
        ))
    }
    return factors
  }

  private static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
