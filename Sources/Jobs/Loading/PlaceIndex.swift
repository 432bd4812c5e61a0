internal import Dataflow

/// Where each path of a document was written, for diagnostics that know only a path.
struct PlaceIndex {
  private var places: [String: (location: SourceLocation, length: Int)] = [:]

  init(_ value: ConfigValue?) {
    if let value { add(value) }
  }

  /// Fills in the place of the path, or of the nearest one that holds it.
  func locate(_ diagnostic: Diagnostic) -> Diagnostic {
    guard diagnostic.location == nil else { return diagnostic }
    var result = diagnostic
    var path = Substring(diagnostic.path)
    while true {
      if let place = places[String(path)] {
        result.location = place.location
        result.length = place.length
        return result
      }
      guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { break }
      path = path[..<end]
    }
    if let place = places[""] {
      result.location = place.location
      result.length = place.length
    }
    return result
  }

  private mutating func add(_ value: ConfigValue) {
    if places[value.path] == nil, let location = value.location { places[value.path] = (location, value.length) }
    switch value.content {
    case .list(let values): for child in values { add(child) }
    case .map(let entries):
      for entry in entries {
        // A map is best pointed at by its key.
        if let location = entry.keyLocation, Self.isMap(entry.value) {
          places[entry.value.path] = (location, entry.key.unicodeScalars.count)
        }
        add(entry.value)
      }
    default: break
    }
  }

  private static func isMap(_ value: ConfigValue) -> Bool {
    if case .map = value.content { return true }
    return value.content == .null
  }
}
