/// Puts panels on Grafana's grid, 24 columns wide, and writes the dashboard.
struct DashboardBuilder {
  enum Kind: String {
    case stat
    case table
    case timeseries
  }

  /// Marks `$__rate_interval`, which is no duration to a parser: a range that nobody else asks for, 59 s.
  static let rateInterval: Int64 = 59_000

  let title: String
  let uid: String
  let service: String
  let options: ArtifactOptions
  private var panels: [StructuredValue] = []
  private var id = 0
  private var (x, y, lineHeight) = (0, 0, 0)

  init(title: String, uid: String, service: String, options: ArtifactOptions) {
    self.title = title
    self.uid = uid
    self.service = service
    self.options = options
  }

  private static let source: StructuredValue = ["type": "prometheus", "uid": "${datasource}"]

  private mutating func place(_ width: Int, _ height: Int) -> StructuredValue {
    if x + width > 24 { (x, y, lineHeight) = (0, y + lineHeight, 0) }
    defer { (x, lineHeight) = (x + width, max(lineHeight, height)) }
    return ["x": .int(x), "y": .int(y), "w": .int(width), "h": .int(height)]
  }

  private mutating func nextID() -> StructuredValue {
    id += 1
    return .int(id)
  }

  /// Panels that follow stand below it.
  mutating func row(_ title: String) {
    (x, y, lineHeight) = (0, y + lineHeight, 0)
    panels.append(["id": nextID(), "type": "row", "title": .text(title), "collapsed": false, "panels": [], "gridPos": place(24, 1)])
    (x, y, lineHeight) = (0, y + 1, 0)
  }

  /// Every expression is parsed and typed first: throws `ArtifactError`.
  mutating func panel(
    _ kind: Kind, _ title: String, width: Int, height: Int, unit: String, thresholds: [(color: String, value: Double?)] = [("green", nil)],
    isLogarithmic: Bool = false, _ queries: [(expression: PromQL, legend: String)]
  ) throws(ArtifactError) {
    var targets: [StructuredValue] = []
    for (index, query) in queries.enumerated() {
      let text = Templates.replaced(
        "[59s]", with: "[$__rate_interval]", in: try ArtifactError.checked(query.expression, in: "\(self.title): \(title)"))
      var target: StructuredValue = [
        "refId": .text(String(Character(Unicode.Scalar(UInt8(65 + index % 26))))), "expr": .text(text), "legendFormat": .text(query.legend),
        "datasource": Self.source,
      ]
      if kind != .timeseries { target.append("instant", true) }
      if kind == .table { target.append("format", "table") }
      targets.append(target)
    }
    var custom: StructuredValue = [:]
    if kind == .timeseries {
      custom = ["fillOpacity": 8, "lineWidth": 1]
      if isLogarithmic { custom.append("scaleDistribution", ["type": "log", "log": 10]) }
    }
    let steps = thresholds.map { step -> StructuredValue in ["color": .text(step.color), "value": step.value.map { .number($0) } ?? .null] }
    var panel: StructuredValue = [
      "id": nextID(), "type": .text(kind.rawValue), "title": .text(title), "datasource": Self.source, "gridPos": place(width, height),
      "fieldConfig": [
        "defaults": ["unit": .text(unit), "thresholds": ["mode": "absolute", "steps": .list(steps)], "custom": custom], "overrides": [],
      ], "targets": .list(targets), "options": [:],
    ]
    if kind == .table {
      panel.append("transformations", [["id": "merge", "options": [:]]])
    }
    panels.append(panel)
  }

  mutating func text(_ title: String, width: Int, height: Int, _ markdown: String) {
    panels.append([
      "id": nextID(), "type": "text", "title": .text(title), "gridPos": place(width, height),
      "options": ["mode": "markdown", "content": .text(markdown)],
    ])
  }

  func document(_ objectives: [Objective]) -> StructuredValue {
    let paths = ArtifactPaths(options)
    func variable(_ name: String, _ query: String) -> StructuredValue {
      [
        "name": .text(name), "type": "query", "datasource": Self.source, "query": .text(query), "refresh": 2, "includeAll": true,
        "multi": true,
        "allValue": ".*", "current": ["text": "All", "value": "$__all"],
      ]
    }
    let links = objectives.map { objective -> StructuredValue in
      [
        "title": .text("Runbook \(objective.name)"), "type": "link", "url": .text(paths.link(paths.runbook(objective))),
        "targetBlank": true,
      ]
    }
    let alerts = "ALERTS{service=\(PromQL.quoted(service)), slo=~\"$slo\", alertstate=\"firing\"}"
    return [
      "uid": .text(uid), "title": .text(title), "tags": .texts(["slo-scout", service]), "schemaVersion": 39, "version": 1,
      "timezone": "browser", "editable": true, "refresh": "1m", "time": ["from": "now-6h", "to": "now"],
      "templating": [
        "list": [
          ["name": "datasource", "type": "datasource", "query": "prometheus", "current": ["text": "default", "value": "default"]],
          variable("environment", "label_values(slo:slo_info{service=\(PromQL.quoted(service))}, environment)"),
          variable("slo", "label_values(slo:slo_info{service=\(PromQL.quoted(service))}, slo)"),
        ]
      ],
      "annotations": [
        "list": [
          ["name": "Alerts", "enable": true, "iconColor": "red", "datasource": Self.source, "expr": .text(alerts)],
          [
            "name": "Deployments", "enable": false, "iconColor": "blue", "datasource": Self.source,
            "expr": "changes(kube_deployment_status_observed_generation[5m]) > 0",
          ],
        ]
      ], "links": .list(links), "panels": .list(panels),
    ]
  }
}
