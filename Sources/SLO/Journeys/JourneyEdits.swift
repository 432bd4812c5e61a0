/// What people decided about journeys. It is applied at every discovery, so it outlives them all.
package struct JourneyEdits: Sendable, Equatable {
  /// A new name, by the journey's id.
  package var names: [String: String] = [:]
  /// Journeys that are kept however rare they are, and missed when they do not come.
  package var pins: Set<String> = []
  /// From a journey to the one it is part of.
  package var merges: [String: String] = [:]
  package var splits: [Split] = []

  /// Part of a journey becomes one of its own: the traces that touch a place.
  package struct Split: Sendable, Equatable {
    package var journey: String
    package var service: String
    /// Any operation of the service where it is nil.
    package var operation: String?
    package var name: String?

    package init(journey: String, service: String, operation: String? = nil, name: String? = nil) {
      self.journey = journey
      self.service = service
      self.operation = operation
      self.name = name
    }

    /// The id of the new journey.
    package var id: String { StableHash.id(["split", journey, service, operation ?? ""].joined(separator: "\u{1F}")) }
  }

  package init() {}

  /// All ids that something is said about; they may be written as the beginning of an id, or as a slug.
  package var references: Set<String> {
    Set(names.keys).union(pins).union(merges.keys).union(merges.values).union(splits.map(\.journey))
  }

  /// The same with every reference replaced by the id it means.
  package func resolved(_ resolve: (String) -> String?) -> JourneyEdits {
    var result = JourneyEdits()
    func full(_ reference: String) -> String { resolve(reference) ?? reference }
    for (journey, name) in names { result.names[full(journey)] = name }
    result.pins = Set(pins.map(full))
    for (from, into) in merges { result.merges[full(from)] = full(into) }
    result.splits = splits.map { Split(journey: full($0.journey), service: $0.service, operation: $0.operation, name: $0.name) }
    return result
  }

  /// Where a journey ends up after all merges; circles end where they began.
  package func target(of id: String) -> String {
    var seen: Set<String> = [id]
    var present = id
    while let next = merges[present], seen.insert(next).inserted { present = next }
    return present
  }
}
