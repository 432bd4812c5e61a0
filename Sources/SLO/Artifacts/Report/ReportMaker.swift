/// Writes `index.html`: one page without scripts and without anything from elsewhere.
struct ReportMaker {
  /// The busiest journey first.
  private let plans: [JourneyPlan]
  private let options: ArtifactOptions
  private let provenance: Provenance

  init(plans: [JourneyPlan], options: ArtifactOptions, provenance: Provenance) {
    self.plans = plans.sorted { ($1.journey.requests, $0.journey.slug) < ($0.journey.requests, $1.journey.slug) }
    self.options = options
    self.provenance = provenance
  }

  var bytes: [UInt8] {
    let requests = plans.reduce(0) { $0 + $1.journey.requests }
    let objectives = plans.flatMap(\.objectives)
    var out = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Journeys and objectives</title><style>\(Self.style)</style></head><body><main>
      <h1>Journeys and objectives</h1>
      <p class="lead">\(plans.count) journeys, \(NumberText.count(requests)) requests, \(objectives.count) objectives.
      <a href="provenance.json">Provenance</a>: <code>\(provenance.inputs.prefix(16))</code>, \(HTML.escaped(provenance.generator)).</p>

      """
    out += journeysTable
    for plan in plans { out += section(plan) }
    return Array((out + "</main></body></html>\n").utf8)
  }

  private var journeysTable: String {
    let rows = plans.map { plan -> String in
      let journey = plan.journey
      let errors =
        journey.errorEvidence == .none ? "unknown" : NumberText.percent(journey.requests > 0 ? journey.errors / journey.requests : 0)
      return
        "<tr><td><a href=\"#\(journey.slug)\">\(HTML.escaped(journey.name))</a></td><td>\(HTML.escaped(journey.entryService))</td><td class=\"n\">\(NumberText.count(journey.requests))</td><td class=\"n\">\(errors)</td><td class=\"n\">\(NumberText.duration(journey.duration.p50))</td><td class=\"n\">\(NumberText.duration(journey.duration.p95))</td><td class=\"n\">\(NumberText.duration(journey.duration.p99))</td><td class=\"n\">\(journey.services.count)</td><td class=\"n\">\(NumberText.fixed(journey.confidence, places: 2))</td></tr>\n"
    }
    return
      "<h2>Journeys</h2><div class=\"scroll\"><table><thead><tr><th>journey</th><th>enters at</th><th class=\"n\">requests</th><th class=\"n\">errors</th><th class=\"n\">p50</th><th class=\"n\">p95</th><th class=\"n\">p99</th><th class=\"n\">services</th><th class=\"n\">confidence</th></tr></thead><tbody>\n\(rows.joined())</tbody></table></div>\n"
  }

  /// The variants of each objective; those that came out alike share a row.
  private func objectivesTable(_ plan: JourneyPlan) -> String {
    let paths = ArtifactPaths(options)
    var rows = ""
    for choice in plan.choices {
      var groups: [[Objective]] = []
      for objective in choice.variants {
        if let last = groups.last?.first, last.sentence == objective.sentence {
          groups[groups.count - 1].append(objective)
        } else {
          groups.append([objective])
        }
      }
      for group in groups {
        let chosen = group.first { $0.variant == options.variant }
        rows += row(chosen ?? group[0], variants: group.map(\.variant.rawValue).joined(separator: ", "), isChosen: chosen != nil, paths)
      }
    }
    return
      "<div class=\"scroll\"><table><thead><tr><th>objective</th><th>variant</th><th>target</th><th class=\"n\">budget left</th><th class=\"n\">pages a month</th><th class=\"n\">minutes breached</th><th>files</th></tr></thead><tbody>\n\(rows)</tbody></table></div>\n"
  }

  private func row(_ objective: Objective, variants: String, isChosen: Bool, _ paths: ArtifactPaths) -> String {
    let backtest = objective.backtest
    let files =
      isChosen
      ? "<a href=\"\(paths.rules(objective))\">rules</a> <a href=\"\(paths.ruleTests(objective))\">test</a> <a href=\"\(paths.runbook(objective))\">runbook</a>"
      : ""
    return
      "<tr\(isChosen ? " class=\"chosen\"" : "")><td class=\"w\">\(HTML.escaped(objective.indicator.kind.title))</td><td>\(variants)</td><td>\(HTML.escaped(objective.sentence))\(objective.isFeasible ? "" : " <span class=\"warn\">not proven</span>")</td><td class=\"n\">\(backtest.budgetText)</td><td class=\"n\">\(NumberText.fixed(backtest.pagesPerMonth, places: 1, trim: true))</td><td class=\"n\">\(backtest.minutesBreached)</td><td class=\"w\">\(files)</td></tr>\n"
  }

  private func section(_ plan: JourneyPlan) -> String {
    let journey = plan.journey
    let paths = ArtifactPaths(options)
    let factors = journey.confidenceFactors.map {
      "<li>\(HTML.escaped($0.name)) \(NumberText.fixed($0.value, places: 2)): \(HTML.escaped($0.reason))</li>"
    }.joined()
    let notes = Set(plan.objectives.flatMap(\.notes) + plan.indicators.flatMap(\.warnings)).sorted() + plan.missing
    let list = notes.isEmpty ? "" : "<h4>Mind</h4><ul>\(notes.map { "<li>\(HTML.escaped($0))</li>" }.joined())</ul>"
    let map = JourneyMap(journey)
    let more =
      map.count < journey.steps.count
      ? " Of \(journey.steps.count) steps the \(map.count) are drawn that take most of the time, with the ways to them." : ""
    let dashboard = paths.dashboard(ArtifactPaths.dashboardUID("journey", journey.slug))
    let traces = (journey.slowTraces.prefix(3).map { ("slow", $0) } + journey.failedTraces.prefix(3).map { ("failed", $0) })
      .map { "<li>\($0.0) <code>\(HTML.escaped($0.1))</code></li>" }.joined()
    return """
      <section id="\(journey.slug)"><h2>\(HTML.escaped(journey.name))</h2>
      <p><code>\(HTML.escaped(journey.entryOperation))</code> at \(HTML.escaped(journey.entryService)), \(HTML.escaped(journey.environment)). \
      <a href="\(paths.openSLO(journey.entryService))">OpenSLO</a> <a href="\(dashboard)">dashboard</a></p>
      <div class="scroll">\(map.svg)</div>
      <p class="key">A box is a step; the line at its foot is its share of the time, a red frame means failed spans. Lines are calls: thicker is likelier, dashed is optional.\(more)</p>
      <h4>Objectives, replayed over the minutes that the traces cover; the marked ones are written to the rule files</h4>
      \(objectivesTable(plan))<h4>Confidence \(NumberText.fixed(journey.confidence, places: 2))</h4><ul>\(factors)</ul>\(traces.isEmpty ? "" : "<h4>Traces</h4><ul>\(traces)</ul>")\(list)</section>

      """
  }

  private static let style = """
    :root{color-scheme:light dark;--bg:#fff;--fg:#1c2430;--soft:#5b6675;--line:#d8dee6;--box:#f5f7fa;--accent:#2563c9;--mark:#e8f0fe;--bad:#c62828}
    @media(prefers-color-scheme:dark){:root{--bg:#12161c;--fg:#e4e9f0;--soft:#9aa7b8;--line:#2c3542;--box:#1b222c;--accent:#7db0ff;--mark:#1a2942;--bad:#ff7b72}}
    body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}main{max-width:1180px;margin:0 auto;padding:24px 20px 60px}
    h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:36px 0 8px}h4{margin:14px 0 4px;font-size:14px}.lead,.key{color:var(--soft)}.key{font-size:13px}
    a{color:var(--accent)}code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
    th,td{text-align:left;padding:6px 10px;border-bottom:1px solid var(--line);vertical-align:top}th{font-size:13px;color:var(--soft);font-weight:600}
    .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.w{white-space:nowrap}.chosen{background:var(--mark)}.warn{color:var(--bad);font-weight:600}
    section{border-top:1px solid var(--line);margin-top:36px}.map rect{fill:var(--box);stroke:var(--line)}.map .failed>rect:first-of-type{stroke:var(--bad)}
    .map{max-width:100%;height:auto}.map .bar{fill:var(--accent);stroke:none}.map .call{fill:none;stroke:var(--soft);opacity:.55}.map text{fill:var(--fg);font:12px system-ui,sans-serif}
    .map .service{font-weight:600}.map .operation,.map .figures{fill:var(--soft);font-size:11px}ul{margin:4px 0;padding-left:20px}
    """
}
