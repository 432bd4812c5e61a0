/// Rules as objects of the Prometheus operator.
enum PrometheusRuleMaker {
  /// Kubernetes takes objects of 1 MB; we stay at half of it.
  static let largest = 500_000

  /// One object for a file of rules, or more when it would be too large.
  static func documents(_ name: String, _ file: RuleFile, _ options: ArtifactOptions) throws(ArtifactError) -> [StructuredValue] {
    var parts: [[StructuredValue]] = [[]]
    var size = 0
    for group in try file.document()["groups"]?.elements ?? [] {
      let bytes = group.yaml.utf8.count
      if size + bytes > largest, size > 0 {
        parts.append([])
        size = 0
      }
      parts[parts.count - 1].append(group)
      size += bytes
    }
    return parts.enumerated().map { index, groups in
      [
        "apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule",
        "metadata": [
          "name": .text(index == 0 ? Names.label(name) : Names.label("\(name)-\(index + 1)")),
          "namespace": .text(options.kubernetesNamespace),
          "labels": ["app.kubernetes.io/managed-by": "slo-scout", "prometheus": "k8s", "role": "alert-rules"],
        ],
        "spec": ["groups": .list(groups)],
      ]
    }
  }
}
