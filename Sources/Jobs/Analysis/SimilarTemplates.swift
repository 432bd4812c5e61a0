internal import Connectors
internal import SLO

/// For each journey the log templates that read like what goes wrong in it, of whatever service.
///
/// What goes wrong is told by the templates that changed in the journey's services, and by its name and the operations whose spans failed. A journey with
/// neither asks nothing.
enum SimilarTemplates {
  private static let mostOfJourney = 5

  /// - Parameter model: the folder of a model that orders what words find; nil goes by words.
  /// - Throws: what keeps the model from working.
  static func find(_ journeys: [Journey], _ changes: [TemplateChange], among templates: [SimilarTemplate], model: String?) throws
    -> [String:
    [SimilarTemplate]]
  {
    let questions = journeys.compactMap { journey in question(journey, changes).map { (journey, $0) } }
    guard !templates.isEmpty, !questions.isEmpty else { return [:] }
    let search = try TemplateSearch(templates.map(\.template), model: model)
    let shown = Set(changes.map { "\($0.service)\u{0}\($0.fingerprint)" })
    var found: [String: [SimilarTemplate]] = [:]
    for (journey, question) in questions {
      // What has changed in the journey's own services is evidence already.
      let near = try search.nearest(question, limit: mostOfJourney) { number in
        let template = templates[number]
        return !(journey.services.contains(template.service) && shown.contains("\(template.service)\u{0}\(template.fingerprint)"))
      }
      if !near.isEmpty { found[journey.id] = near.map { templates[$0] } }
    }
    return found
  }

  private static func question(_ journey: Journey, _ changes: [TemplateChange]) -> String? {
    let changed = changes.filter { journey.services.contains($0.service) }.prefix(3).map(\.template)
    let failing = journey.steps.filter { $0.errors > 0 }
      .sorted { ($0.errors, $1.service, $1.operation) > ($1.errors, $0.service, $0.operation) }.prefix(3)
      .map { "\($0.service) \($0.operation) failed" }
    let parts = changed + (failing.isEmpty ? [] : [journey.name]) + failing
    return parts.isEmpty ? nil : parts.joined(separator: " ")
  }
}
