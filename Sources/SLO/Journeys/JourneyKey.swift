/// What makes a journey the one it is: where requests enter, and what tells them apart there. Its id is made of this and nothing else, so it
/// is the same on another day.
package struct JourneyKey: Sendable, Hashable {
  /// A service and an operation of it.
  package struct Place: Sendable, Hashable {
    package var service: String
    package var operation: String

    package init(service: String, operation: String) {
      self.service = service
      self.operation = operation
    }
  }

  /// What told it from others with the same entry.
  package enum Told: Sendable, Hashable {
    /// The entry's own name.
    case entry
    /// The first calls to other services: one, and more where the first says nothing either.
    case hops([Place])
    /// That it calls no other service.
    case noHop
    /// It calls no other service, but this operation of its own.
    case shape(String)
  }

  package var environment: String
  package var entry: Place
  package var told: Told

  package init(environment: String, entry: Place, told: Told) {
    self.environment = environment
    self.entry = entry
    self.told = told
  }

  /// 32 hexadecimal digits.
  package var id: String {
    var parts = ["journey", environment, entry.service, entry.operation]
    switch told {
    case .entry: parts.append("entry")
    case .hops(let places):
      parts.append("hops")
      for place in places { parts += [place.service, place.operation] }
    case .noHop: parts.append("no hop")
    case .shape(let operation): parts += ["shape", operation]
    }
    return StableHash.id(parts.joined(separator: "\u{1F}"))
  }

  /// For people.
  package func name(_ naming: JourneyNaming) -> String {
    switch told {
    case .entry: return naming.name(service: entry.service, operation: entry.operation)
    case .hops(let places):
      guard let last = places.last(where: { OperationName.kind($0.operation) != .generic }) ?? places.last else { return entry.operation }
      return naming.name(service: last.service, operation: last.operation)
    case .noHop: return "\(naming.service(entry.service)): no onward call"
    case .shape(let operation): return naming.name(service: entry.service, operation: operation)
    }
  }
}

/// Why a trace belongs to no journey.
package enum Unassigned: String, Sendable, Hashable, CaseIterable {
  /// Its beginning never came, and what came is part of several journeys or of none.
  case noRoot = "its root never came"
  /// Its entry says nothing, and the call that would tell what it wants reached no service.
  case lostCall = "its first call reached no service"
  /// There are too few of its kind to say anything.
  case rare = "too few traces of its kind"
}
