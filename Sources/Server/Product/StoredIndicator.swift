internal import SLO

/// An indicator of a journey and its objective, with what people decided about both. What they measure is made from the journey.
struct StoredIndicator: Sendable {
  enum Status: String, Sendable, Codable, CaseIterable {
    case proposed
    case approved
    case rejected
  }

  /// A decision about the indicator, or about its objective.
  struct Decision: Sendable {
    var status: Status
    var by: String?
    /// RFC 3339.
    var at: String?
    var revision: Int
  }

  var id: String
  var journey: String
  var kind: String
  var indicator: Decision
  /// Nanoseconds; nil for the proposed one.
  var threshold: Int64?
  var comment: String?
  var objective: Decision
  /// Millionths; nil for the proposed one.
  var target: Int?

  static func id(_ journey: String, _ kind: Indicator.Kind) -> String { "\(journey)-\(kind.rawValue)" }
}
