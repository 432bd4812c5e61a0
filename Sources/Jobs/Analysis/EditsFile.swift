internal import Dataflow
package import SLO

/// Reads what people decided about journeys.
///
/// ```yaml
/// rename:
///   travel-trips-left: Search for a train        # a journey by its slug, its id, or the first 8 digits of it
/// pin: [cancel]
/// merge:
///   - { into: travel-trips-left, journeys: [travel2-trips-left] }
/// split:
///   - { journey: food, service: ts-station-food-service, name: Food at the station }
/// ```
package enum EditsFile {
  /// What is wrong with the file, each with its place.
  package struct Failure: Error, CustomStringConvertible, Equatable {
    package let description: String
  }

  /// - Throws: `EditsFile.Failure`; errors of the file as they come.
  package static func read(path: String) throws -> JourneyEdits {
    let (source, problems) = YAMLReader.decode(try LocalFile.read(path), name: path)
    if let problem = problems.first { throw Failure(description: "\(path): \(problem.message)") }
    return try parse(source)
  }

  /// - Parameter name: what messages call the text.
  package static func parse(_ text: String, name: String) throws -> JourneyEdits { try parse(SourceText(name: name, text: text)) }

  private static func parse(_ source: SourceText) throws -> JourneyEdits {
    let result = YAMLReader.read(source)
    if let problem = result.diagnostics.first(where: { $0.severity == .error }) {
      throw failure(problem.message, ConfigValue(.null, at: problem.location), source.name)
    }
    var edits = JourneyEdits()
    for document in result.documents {
      for entry in try map(document, source.name) {
        switch entry.key {
        case "rename": for name in try map(entry.value, source.name) { edits.names[name.key] = try text(name.value, source.name) }
        case "pin": edits.pins.formUnion(try list(entry.value, source.name).map { try text($0, source.name) })
        case "merge": for item in try list(entry.value, source.name) { try merge(item, &edits, source.name) }
        case "split": edits.splits += try list(entry.value, source.name).map { try split($0, source.name) }
        default:
          let hint = NearestName.hint(entry.key, in: ["rename", "pin", "merge", "split"])
          throw failure(
            "there is no edit \"\(entry.key)\"; \(hint.isEmpty ? "expected rename, pin, merge or split" : hint)", entry.value, source.name)
        }
      }
    }
    return edits
  }

  private static func merge(_ item: ConfigValue, _ edits: inout JourneyEdits, _ name: String) throws {
    try check(item, ["into", "journeys"], name)
    let into = try text(required(item, "into", name), name)
    for journey in try list(required(item, "journeys", name), name) {
      let from = try text(journey, name)
      if from != into { edits.merges[from] = into }
    }
  }

  private static func split(_ item: ConfigValue, _ name: String) throws -> JourneyEdits.Split {
    try check(item, ["journey", "service", "operation", "name"], name)
    return JourneyEdits.Split(
      journey: try text(required(item, "journey", name), name), service: try text(required(item, "service", name), name),
      operation: try item["operation"].map { try text($0, name) }, name: try item["name"].map { try text($0, name) })
  }

  // MARK: Values

  private static func check(_ item: ConfigValue, _ known: [String], _ name: String) throws {
    for entry in try map(item, name) where !known.contains(entry.key) {
      throw failure("there is no \"\(entry.key)\" here; expected \(known.joined(separator: ", "))", entry.value, name)
    }
  }

  private static func required(_ item: ConfigValue, _ key: String, _ name: String) throws -> ConfigValue {
    guard let value = item[key] else { throw failure("\"\(key)\" is missing", item, name) }
    return value
  }

  private static func map(_ value: ConfigValue, _ name: String) throws -> [ConfigValue.Entry] {
    switch value.content {
    case .map(let entries): return entries
    case .null: return []
    default: throw failure("expected names and values", value, name)
    }
  }

  private static func list(_ value: ConfigValue, _ name: String) throws -> [ConfigValue] {
    switch value.content {
    case .list(let items): return items
    case .null: return []
    default: throw failure("expected a list", value, name)
    }
  }

  private static func text(_ value: ConfigValue, _ name: String) throws -> String {
    switch value.content {
    case .string(let text): return text
    // An id of digits only.
    case .int(let number): return "\(number)"
    default: throw failure("expected a text", value, name)
    }
  }

  private static func failure(_ message: String, _ value: ConfigValue, _ name: String) -> Failure {
    Failure(description: value.location.map { "\($0.file):\($0.line):\($0.column): \(message)" } ?? "\(name): \(message)")
  }
}
