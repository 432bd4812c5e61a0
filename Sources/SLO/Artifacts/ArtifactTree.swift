/// All files that are written about journeys.
package enum ArtifactTree {
  /// A file of the tree.
  package struct File: Sendable, Equatable {
    /// Relative, with slashes.
    package var path: String
    package var bytes: [UInt8]
  }

  /// The files, by path. The same journeys and options give the same bytes.
  ///
  /// Every expression in them was parsed and typed. Throws `ArtifactError` when one is wrong, which is a mistake of ours.
  package static func make(journeys: [Journey], options: ArtifactOptions = ArtifactOptions()) throws(ArtifactError) -> [File] {
    let journeys = journeys.sorted { ($0.entryService, $0.slug) < ($1.entryService, $1.slug) }
    let interchange = JourneyDocument.write(journeys)
    let provenance = Provenance(
      generator: ArtifactOptions.generator,
      inputs: Digest.sha256(Array((interchange.json + "\(options.window)\(options.variant)" + fingerprint(options)).utf8)))
    let plans = journeys.map { JourneyPlan($0, options) }
    var files = [File(path: "journeys.json", bytes: Array(interchange.json.utf8))]
    func add(_ path: String, _ bytes: [UInt8]) { files.append(File(path: path, bytes: bytes)) }
    let paths = ArtifactPaths(options)
    for service in Set(journeys.map(\.entryService)).sorted() {
      let own = plans.filter { $0.journey.entryService == service }
      let slo = OpenSLOMaker(service: service, plans: own, options: options, provenance: provenance)
      add(paths.openSLO(service), provenance.yaml(try slo.documents()))
      add(paths.drafts(service), provenance.yaml(try slo.drafts()))
      let boards = DashboardMaker(service: service, plans: own, options: options)
      var dashboards = [try boards.list(), try boards.detail()]
      for plan in own { dashboards.append(try boards.journey(plan)) }
      for board in dashboards { add(paths.dashboard(board["uid"]?.string ?? ""), Array(board.json.utf8)) }
      add("kubernetes/dashboards/\(Names.label(service)).yaml", provenance.yaml([configMap(service, dashboards, options)]))
      let objectives = own.flatMap(\.objectives)
      add("sloth/\(Names.label(service)).yaml", provenance.yaml([try SlothExchange.document(service, objectives, options)]))
      for plan in own { for objective in plan.objectives { files += try self.files(objective, plan, options, provenance) } }
    }
    add("grafana/provider.yaml", provenance.yaml([provider]))
    add("prometheus/alertmanager-inhibit.yaml", provenance.yaml([inhibition]))
    add("index.html", ReportMaker(plans: plans, options: options, provenance: provenance).bytes)
    files.sort { $0.path < $1.path }
    let list = files.map { file -> StructuredValue in ["path": .text(file.path), "sha256": .text(Digest.sha256(file.bytes))] }
    let record: StructuredValue = [
      "generator": .text(provenance.generator), "inputs_sha256": .text(provenance.inputs), "files": .list(list),
    ]
    files.append(File(path: "provenance.json", bytes: Array(record.json.utf8)))
    return files.sorted { $0.path < $1.path }
  }

  /// The files of one objective, whoever chose its target: rules and their tests, runbook, and the same for clusters. Throws `ArtifactError`.
  package static func make(_ objective: Objective, of plan: JourneyPlan, options: ArtifactOptions = ArtifactOptions()) throws(ArtifactError)
    -> [File]
  {
    let wanted = "\(objective.id) \(objective.target.millionths) \(objective.window)"
    let inputs = JourneyDocument.write([plan.journey]).json + wanted + fingerprint(options)
    let provenance = Provenance(generator: ArtifactOptions.generator, inputs: Digest.sha256(Array(inputs.utf8)))
    return try files(objective, plan, options, provenance).sorted { $0.path < $1.path }
  }

  private static func files(
    _ objective: Objective, _ plan: JourneyPlan, _ options: ArtifactOptions, _ provenance: Provenance
  ) throws(ArtifactError) -> [File] {
    let paths = ArtifactPaths(options)
    let maker = RuleMaker(objective, options)
    let tests = RuleTestMaker(maker)
    func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
    func file(_ path: String, _ document: StructuredValue) -> File { File(path: path, bytes: provenance.yaml([document])) }
    let rules = paths.rules(objective)
    let period = paths.periodRules(objective)
    var files = [
      file(rules, try maker.file.document()), file(paths.ruleTests(objective), tests.document(ruleFile: name(rules))),
      file(period, try maker.periodFile.document()), file(paths.periodRuleTests(objective), tests.periodDocument(ruleFile: name(period))),
      File(
        path: paths.runbook(objective),
        bytes: try RunbookMaker(objective: objective, plan: plan, options: options, provenance: provenance).bytes()),
    ]
    let whole = RuleFile(groups: maker.file.groups + maker.periodFile.groups)
    files.append(
      File(
        path: "kubernetes/prometheusrules/\(objective.id).yaml",
        bytes: provenance.yaml(try PrometheusRuleMaker.documents(objective.id, whole, options))))
    if let pyrra = PyrraExchange.document(objective, options) { files.append(file("pyrra/\(objective.id).yaml", pyrra)) }
    return files
  }

  /// The journey's objectives as one specification of Sloth. Throws `ArtifactError`.
  package static func sloth(_ plan: JourneyPlan, _ options: ArtifactOptions) throws(ArtifactError) -> StructuredValue {
    try SlothExchange.document(plan.journey.entryService, plan.objectives, options)
  }

  /// The journey's objectives as Pyrra's objects; slices of time have no form there.
  package static func pyrra(_ plan: JourneyPlan, _ options: ArtifactOptions) -> [StructuredValue] {
    plan.objectives.compactMap { PyrraExchange.document($0, options) }
  }

  /// OpenSLO documents for journeys of one service. Throws `ArtifactError`.
  package static func openSLO(_ plans: [JourneyPlan], _ options: ArtifactOptions) throws(ArtifactError) -> [StructuredValue] {
    let provenance = Provenance(generator: ArtifactOptions.generator, inputs: "")
    return try OpenSLOMaker(service: plans.first?.journey.entryService ?? "", plans: plans, options: options, provenance: provenance)
      .documents()
  }

  /// The options that change files, as text.
  private static func fingerprint(_ options: ArtifactOptions) -> String {
    let texts = [options.team, options.repository, options.grafana, options.prometheus, options.kubernetesNamespace, options.traceURL]
    let changes = options.templateChanges.map { "\($0.fingerprint)/\($0.service)/\($0.count)/\($0.countBefore)" }
    let similar = options.similarTemplates.sorted { $0.key < $1.key }.flatMap { id, templates in
      templates.map { "\(id)/\($0.fingerprint)/\($0.service)/\($0.count)/\($0.errors)" }
    }
    let workloads = options.workloads.sorted { $0.key < $1.key }.map { "\($0.key)/\($0.value)" }
    return (texts + options.notificationTargets + changes + similar + workloads + options.maintenance.map { "\($0)" }).joined(
      separator: "\n")
  }

  private static let provider: StructuredValue = [
    "apiVersion": 1,
    "providers": [
      [
        "name": "slo-scout", "folder": "SLO", "type": "file", "disableDeletion": false, "allowUiUpdates": false,
        "options": ["path": "/var/lib/grafana/dashboards/slo-scout"],
      ]
    ],
  ]

  private static func configMap(_ service: String, _ dashboards: [StructuredValue], _ options: ArtifactOptions) -> StructuredValue {
    [
      "apiVersion": "v1", "kind": "ConfigMap",
      "metadata": [
        "name": .text(Names.label("\(service)-slo-dashboards")), "namespace": .text(options.kubernetesNamespace),
        "labels": ["grafana_dashboard": "1", "app.kubernetes.io/managed-by": "slo-scout"],
      ], "data": .map(dashboards.map { StructuredValue.Member("\($0["uid"]?.string ?? "").json", .text($0.json)) }),
    ]
  }

  /// A faster pair says all that a slower one of the same objective would; errors explain why a journey is slow.
  private static let inhibition: StructuredValue = {
    let windows: [RateWindow] = [.h1, .h6, .d1, .d3]
    let equal = StructuredValue.texts(["sloth_id", "environment"])
    var rules: [StructuredValue] = []
    for (index, window) in windows.dropLast().enumerated() {
      let slower = windows[(index + 1)...].map(\.name).joined(separator: "|")
      rules.append([
        "source_matchers": .texts(["long_window=\"\(window.name)\""]), "target_matchers": .texts(["long_window=~\"\(slower)\""]),
        "equal": equal,
      ])
    }
    rules.append([
      "source_matchers": .texts(["severity=\"page\"", "slo=~\".*-errors\""]), "target_matchers": .texts(["slo=~\".*-latency\""]),
      "equal": .texts(["journey", "environment"]),
    ])
    return ["inhibit_rules": .list(rules)]
  }()
}
