/// What artifacts are made with besides the journeys.
package struct ArtifactOptions: Sendable, Equatable {
  /// The version of this generator; it changes when the same journeys would give other files.
  package static let generator = "sloscout/1"

  package var window = ObjectiveWindow.rolling(days: 30)
  /// The variant that rules, dashboards and runbooks are made of.
  package var variant = ObjectiveVariant.balanced
  package var team = "unassigned"
  /// Where the tree is published, without a slash at the end; empty for links inside of the tree.
  package var repository = ""
  /// Where dashboards are, as `https://grafana.example`; empty when unknown.
  package var grafana = ""
  /// The address of Prometheus in OpenSLO's data source, without credentials.
  package var prometheus = "http://prometheus:9090"
  /// Names of notification targets.
  package var notificationTargets = ["on-call"]
  package var kubernetesNamespace = "monitoring"
  /// Where traces are shown: `{trace}` stands for the id; empty when unknown.
  package var traceURL = ""
  /// Where time is not to spend budget, nanoseconds since 1970.
  package var maintenance: [Range<Int64>] = []
  /// Log templates that changed, as evidence.
  package var templateChanges: [TemplateChange] = []
  /// Log templates that read like what goes wrong in a journey, by the journey's id.
  package var similarTemplates: [String: [SimilarTemplate]] = [:]
  /// Where services run, by their names.
  package var workloads: [String: Workload] = [:]
  /// Series that exist in Prometheus; nil when it was not asked.
  package var inventory: SeriesInventory?

  package init() {}
}
