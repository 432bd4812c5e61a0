/// An objective that somebody has already, in a form of another tool.
package struct ImportedObjective: Sendable, Equatable {
  package enum Format: String, Sendable {
    case openSLO = "OpenSLO"
    case sloth = "Sloth"
    case pyrra = "Pyrra"
  }
  package var format: Format
  package var service: String
  package var name: String
  package var target: ObjectiveTarget
  /// As written.
  package var window: String
  /// Queries or selectors, with five minutes where the format leaves the window open; nil where there is none.
  package var bad: String?
  package var good: String?
  package var total: String?

  /// Reads the documents of a file; what is none of the three formats is passed over.
  package static func read(_ documents: [StructuredValue]) -> [ImportedObjective] {
    let slis = documents.filter { $0["kind"]?.string == "SLI" }
    return documents.flatMap { document -> [ImportedObjective] in
      switch (document["apiVersion"]?.string, document["kind"]?.string, document["version"]?.string) {
      case (_, _, "prometheus/v1"?), ("sloth.slok.dev/v1"?, _, _): SlothExchange.objectives(document)
      case ("pyrra.dev/v1alpha1"?, _, _): PyrraExchange.objectives(document)
      case ("openslo/v1"?, "SLO"?, _): openSLO(document, slis)
      default: []
      }
    }
  }

  private static func openSLO(_ document: StructuredValue, _ slis: [StructuredValue]) -> [ImportedObjective] {
    guard let spec = document["spec"], let name = document["metadata"]?["name"]?.string else { return [] }
    return (spec["objectives"]?.elements ?? []).compactMap { objective in
      let ratio = objective["target"]?.double ?? (objective["targetPercent"]?.double).map { $0 / 100 }
      guard let ratio, let target = ObjectiveTarget(ratio: ratio) else { return nil }
      let reference = (objective["indicatorRef"] ?? spec["indicatorRef"])?.string
      let indicator = spec["indicator"] ?? slis.first { $0["metadata"]?["name"]?.string == reference }
      let metric = indicator?["spec"]?["ratioMetric"]
      func query(_ part: String) -> String? { metric?[part]?["metricSource"]?["spec"]?["query"]?.string }
      return ImportedObjective(
        format: .openSLO, service: spec["service"]?.string ?? "", name: name, target: target,
        window: spec["timeWindow"]?.elements.first?["duration"]?.string ?? "", bad: query("bad"), good: query("good"), total: query("total")
      )
    }
  }

  /// Whether it already measures an indicator: a series of its queries has the same name, and none of its conditions contradicts.
  package func covers(_ indicator: Indicator) -> Bool {
    let queries = [bad, good, total].compactMap { $0 }.compactMap { try? PromQL.checked($0) }
    return queries.flatMap(\.selectors).contains { selector in
      selector.name == indicator.total.name
        && selector.matchers.allSatisfy { matcher in
          guard matcher.comparison == .equal, let ours = indicator.total.matchers.first(where: { $0.label == matcher.label }) else {
            return true
          }
          return ours.value == matcher.value
        }
    }
  }
}
