/// Where things are in the tree, and how they link to each other.
struct ArtifactPaths: Sendable {
  private let options: ArtifactOptions

  init(_ options: ArtifactOptions) { self.options = options }

  func rules(_ objective: Objective) -> String { "prometheus/rules/\(Names.label(objective.service))/\(objective.name).rules.yaml" }
  func ruleTests(_ objective: Objective) -> String {
    "prometheus/rules/\(Names.label(objective.service))/\(objective.name).rules_test.yaml"
  }
  /// The rules of the whole window, and their test.
  func periodRules(_ objective: Objective) -> String {
    "prometheus/rules/\(Names.label(objective.service))/\(objective.name)-period.rules.yaml"
  }
  func periodRuleTests(_ objective: Objective) -> String {
    "prometheus/rules/\(Names.label(objective.service))/\(objective.name)-period.rules_test.yaml"
  }
  func runbook(_ objective: Objective) -> String { "runbooks/\(Names.label(objective.service))/\(objective.name).md" }
  func openSLO(_ service: String) -> String { "openslo/slos/\(Names.label(service)).yaml" }
  func drafts(_ service: String) -> String { "openslo/drafts/\(Names.label(service)).yaml" }
  func dashboard(_ uid: String) -> String { "grafana/dashboards/\(uid).json" }

  /// Where a file of the tree is published.
  func link(_ path: String) -> String { options.repository.isEmpty ? path : "\(options.repository)/\(path)" }

  /// The detail dashboard at the objective, around the time of the alert.
  func dashboardLink(_ objective: Objective) -> String {
    let uid = Self.dashboardUID("slo", objective.service)
    guard !options.grafana.isEmpty else { return link(dashboard(uid)) }
    return "\(options.grafana)/d/\(uid)?var-slo=\(objective.name)&from=now-6h&to=now"
  }

  /// 8 to 40 characters, the same for the same service or journey.
  static func dashboardUID(_ kind: String, _ name: String) -> String {
    "\(kind)-\(Names.label(name).prefix(20))-\(Digest.sha256(Array("\(kind)/\(name)".utf8)).prefix(8))"
  }
}
