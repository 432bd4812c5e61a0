/// Objectives as Sloth's specifications, and back.
enum SlothExchange {
  /// `prometheus/v1`: what the `sloth generate` command reads.
  static func document(_ service: String, _ objectives: [Objective], _ options: ArtifactOptions) throws(ArtifactError) -> StructuredValue {
    var slos: [StructuredValue] = []
    for objective in objectives where objective.method == .occurrences {
      // A placeholder stands for the window; the expression with a real one is what is checked.
      func query(_ expression: PromQL) throws(ArtifactError) -> StructuredValue {
        .text(Templates.replaced("[5m]", with: "[{{.window}}]", in: try ArtifactError.checked(expression, in: objective.name)))
      }
      slos.append([
        "name": .text(objective.name), "objective": .number(NumberText.rounded(objective.target.ratio * 100)),
        "description": .text(objective.sentence), "labels": ["journey": .text(objective.indicator.journey)],
        "sli": [
          "events": [
            "error_query": try query(objective.indicator.badRate(minutes: 5)),
            "total_query": try query(objective.indicator.totalRate(minutes: 5)),
          ]
        ],
        "alerting": [
          "name": .text(Names.camel(objective.name) + "ErrorBudgetBurn"), "page_alert": ["labels": ["severity": "page"]],
          "ticket_alert": ["labels": ["severity": "ticket"]],
        ],
      ])
    }
    return [
      "version": "prometheus/v1", "service": .text(Names.label(service)), "labels": ["owner": .text(options.team)], "slos": .list(slos),
    ]
  }

  static func objectives(_ document: StructuredValue) -> [ImportedObjective] {
    // The Kubernetes form has the same under `spec`, in camel case.
    let spec = document["spec"] ?? document
    return (spec["slos"]?.elements ?? []).compactMap { slo in
      guard let name = slo["name"]?.string, let objective = slo["objective"]?.double, let target = ObjectiveTarget(ratio: objective / 100)
      else { return nil }
      let events = slo["sli"]?["events"]
      let raw = slo["sli"]?["raw"]
      return ImportedObjective(
        format: .sloth, service: spec["service"]?.string ?? "", name: name, target: target, window: "30d",
        bad: Templates.plain(
          (events?["error_query"] ?? events?["errorQuery"] ?? raw?["error_ratio_query"] ?? raw?["errorRatioQuery"])?.string),
        good: nil, total: Templates.plain((events?["total_query"] ?? events?["totalQuery"])?.string))
    }
  }
}

/// Queries with placeholders.
enum Templates {
  static func replaced(_ part: String, with other: String, in text: String) -> String {
    let (part, other, text) = (Array(part.utf8), Array(other.utf8), Array(text.utf8))
    var out: [UInt8] = []
    var index = 0
    while index < text.count {
      if text[index...].starts(with: part) {
        out += other
        index += part.count
      } else {
        out.append(text[index])
        index += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// A query of Sloth with five minutes for the window.
  static func plain(_ text: String?) -> String? {
    text.map { replaced("{{ .window }}", with: "5m", in: replaced("{{.window}}", with: "5m", in: $0)) }
  }
}
