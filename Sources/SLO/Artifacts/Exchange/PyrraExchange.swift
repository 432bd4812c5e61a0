/// Objectives as Pyrra's objects, and back.
enum PyrraExchange {
  /// Nil for what Pyrra has no form for: slices of time, and windows of the calendar.
  static func document(_ objective: Objective, _ options: ArtifactOptions) -> StructuredValue? {
    guard objective.method == .occurrences, case .rolling(let days) = objective.window else { return nil }
    func metric(_ selector: PromQL.Selector) -> StructuredValue { ["metric": .text(PromQL.selector(selector).description)] }
    let indicator: StructuredValue
    switch objective.indicator.events {
    case .bad(let bad): indicator = ["ratio": ["errors": metric(bad), "total": metric(objective.indicator.total)]]
    case .good(let good): indicator = ["latency": ["success": metric(good), "total": metric(objective.indicator.total)]]
    }
    return [
      "apiVersion": "pyrra.dev/v1alpha1", "kind": "ServiceLevelObjective",
      "metadata": [
        "name": .text(objective.name), "namespace": .text(options.kubernetesNamespace),
        "labels": ["prometheus": "k8s", "role": "alert-rules", "pyrra.dev/team": .text(options.team)],
      ],
      "spec": [
        "target": .text(objective.target.percentText), "window": .text("\(days)d"),
        "description": .text(objective.sentence),
        "indicator": indicator,
      ],
    ]
  }

  static func objectives(_ document: StructuredValue) -> [ImportedObjective] {
    guard let spec = document["spec"], let percent = spec["target"]?.double, let target = ObjectiveTarget(ratio: percent / 100),
      let name = document["metadata"]?["name"]?.string
    else { return [] }
    let ratio = spec["indicator"]?["ratio"]
    let latency = spec["indicator"]?["latency"]
    return [
      ImportedObjective(
        format: .pyrra, service: document["metadata"]?["labels"]?["pyrra.dev/service"]?.string ?? "", name: name, target: target,
        window: spec["window"]?.string ?? "", bad: ratio?["errors"]?["metric"]?.string, good: latency?["success"]?["metric"]?.string,
        total: (ratio ?? latency)?["total"]?["metric"]?.string)
    ]
  }
}
