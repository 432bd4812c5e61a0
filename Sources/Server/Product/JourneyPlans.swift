internal import SLO

/// Journeys with their indicators and objectives, made from what is stored. Reading a long history takes its time, so what was made lately is kept.
actor JourneyPlans {
  private struct Key: Hashable {
    var journey: String
    var revision: Int
    var latency: Int64?
  }

  /// What budgets are for.
  private let window: ObjectiveWindow
  private var known: [Key: JourneyPlan] = [:]
  /// A journey of three months is some ten megabytes.
  private static let capacity = 32

  init(window: ObjectiveWindow) { self.window = window }

  /// - Parameter latency: the latency threshold that somebody chose, nanoseconds.
  /// - Throws: `JourneyDocument.Failure`, errors of the reader: the stored document is damaged.
  func plan(_ journey: StoredJourney, latency: Int64?) throws -> JourneyPlan {
    let key = Key(journey: journey.id, revision: journey.revision, latency: latency)
    if let plan = known[key] { return plan }
    guard var found = try JourneyDocument.read(try JSONReader.read(Array(journey.document.utf8))).first else {
      throw NotStored(kind: "journey")
    }
    found.name = journey.name
    var options = ArtifactOptions()
    options.window = window
    let plan = JourneyPlan(found, options, latency: latency)
    if known.count >= Self.capacity { known.removeAll() }
    known[key] = plan
    return plan
  }
}
