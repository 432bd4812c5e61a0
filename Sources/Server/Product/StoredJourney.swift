/// A journey as the newest analysis found it, and what people decided about it. Durable.
struct StoredJourney: Sendable {
  var id: String
  /// The analysis that found it.
  var analysis: String
  /// As discovery calls it.
  var discoveredName: String
  var slug: String
  var service: String
  var environment: String
  var services: [String]
  var requests: Double
  var errors: Double
  /// What tells of errors: `spans`, `logs`, or `none`.
  var errorEvidence: String
  var confidence: Double
  /// A `JourneyDocument` of this one journey.
  var document: String
  /// What people call it.
  var customName: String?
  var isPinned: Bool
  var mergedInto: String?
  /// A merge or a split was decided that the next analysis will carry out.
  var isPending: Bool
  var revision: Int
  /// RFC 3339.
  var discoveredAt: String
  var lastSeenAt: String

  var name: String { customName ?? discoveredName }
}
