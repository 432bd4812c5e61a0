/// Writes the runbook of an objective: Markdown with numbers from the journey, and nothing that could not be filled in.
struct RunbookMaker {
  let objective: Objective
  let plan: JourneyPlan
  let options: ArtifactOptions
  let provenance: Provenance

  private var journey: Journey { plan.journey }
  private var indicator: Indicator { objective.indicator }
  private var steps: [JourneyStep] { StepTable.sorted(journey) }

  func bytes() throws(ArtifactError) -> [UInt8] {
    let sections = [
      ("What fired", fired), ("User impact", impact), ("First five minutes", try checks()), ("Evidence", evidence),
      ("Diagnosis", diagnosis),
      ("Mitigations", mitigations), ("Rollback", rollback), ("Verify recovery", recovery), ("Escalation", escalation),
      ("Known history", history), ("Change log", "- Made by \(provenance.generator) from inputs `\(provenance.inputs.prefix(16))`.\n"),
    ]
    var text = "---\n\(frontMatter.yaml)---\n\n# \(journey.name): \(indicator.kind.title)\n"
    for (index, section) in sections.enumerated() { text += "\n## \(index + 1) \(section.0)\n\n\(section.1)" }
    return Array(text.utf8)
  }

  private var frontMatter: StructuredValue {
    let alert = AlertMaker(RuleMaker(objective, options)).burnName
    return [
      "title": .text("\(journey.name): \(indicator.kind.title)"), "id": .text(objective.id), "service": .text(objective.service),
      "journey": .text(journey.slug), "slo": .text(objective.name),
      "alerts": .texts((objective.pairs.isEmpty ? [] : [alert]) + ["SLOMetricAbsent", "SLOBudgetExhausted", "SLOTrafficCollapsed"]),
      "severity": objective.pairs.contains { $0.severity == .page } ? "page" : "ticket", "owner": .text(options.team),
      "escalation": .texts(options.notificationTargets), "generator": .text(provenance.generator), "inputs_hash": .text(provenance.inputs),
      "last_reviewed": .null, "blast_radius": .texts(journey.services),
    ]
  }

  private var fired: String {
    guard !objective.pairs.isEmpty else {
      return
        "This objective pages nobody: it says in how many slices of time the journey worked. `SLOBudgetExhausted` means that the budget of \(objective.window.phrase) is gone.\n"
    }
    var lines = ["Objective: \(objective.sentence).", "", "| alert | means | budget lasts |", "|---|---|---|"]
    for pair in objective.pairs {
      lines.append(
        "| \(pair.severity.rawValue), \(pair.long.name) and \(pair.short.name) | burning more than \(NumberText.decimal(pair.factor)) times the allowed rate; \(NumberText.percent(pair.budgetShare)) of the budget is gone when it fires | \(NumberText.minutes(pair.exhaustion)) |"
      )
    }
    return (lines + objective.notes.map { "- Note: \($0)." }).joined(separator: "\n") + "\n"
  }

  private var impact: String {
    let days = max(1, Double(objective.backtest.minutes)) / 1440
    let daily = NumberText.count(journey.requests / days)
    let way = journey.steps.prefix(8).map { "\($0.service) `\(StepTable.cell($0.operation))`" }.joined(separator: " → ")
    return """
      A user's `\(StepTable.cell(journey.entryOperation))` enters at **\(journey.entryService)** (\(journey.environment)), about \(daily) times a day. It usually takes \
      \(NumberText.duration(journey.duration.p50)) and for one in a hundred \(NumberText.duration(journey.duration.p99)).

      Steps: \(way)

      """
  }

  private func checks() throws(ArtifactError) -> String {
    let paths = ArtifactPaths(options)
    let bad = try ArtifactError.checked(indicator.badRate(minutes: 5), in: "runbook of \(objective.name)")
    let total = try ArtifactError.checked(indicator.totalRate(minutes: 5), in: "runbook of \(objective.name)")
    let first = steps.first.map { "\($0.service) `\(StepTable.cell($0.operation))`" } ?? journey.entryService
    return """
      1. Is it going on? Run both queries. If the first is near 0, go to 8; else go on.

         ```promql
      \(indented(bad))
         ```

         ```promql
      \(indented(total))
         ```
      2. Look at the [dashboard](\(up(paths.dashboardLink(objective)))). If traffic rose with the bad events, go to 6; if traffic is the same, go to 5.
      3. Open the traces of 4. If most of their time is in \(first), as usual, look at its load; if it is elsewhere, go to 5 with that step.
      \(commands { [$0.look, $0.logs] })

      """
  }

  /// Where the services of the steps run, those with the largest part in the journey first.
  private var workloads: [(service: String, workload: Workload)] {
    var seen: Set<String> = []
    return steps.compactMap { step in
      guard seen.insert(step.service).inserted, let workload = options.workloads[step.service] else { return nil }
      return (step.service, workload)
    }
  }

  /// A block of commands for the first three services; nothing where nobody knows where they run.
  private func commands(_ make: (Workload) -> [String?]) -> String {
    let lines = workloads.prefix(3).flatMap { make($0.workload).compactMap { $0 } }
    return lines.isEmpty ? "" : "\n```sh\n\(lines.joined(separator: "\n"))\n```"
  }

  private func indented(_ text: String) -> String { text.split(separator: "\n").map { "   \($0)" }.joined(separator: "\n") }

  /// A link from a runbook, which is two folders deep, to a file of the tree.
  private func up(_ link: String) -> String { link.contains("://") ? link : "../../\(link)" }

  private var evidence: String {
    var text = ""
    let changes = options.templateChanges.filter { journey.services.contains($0.service) }
    if changes.isEmpty {
      text += "No changed log templates were given.\n"
    } else {
      text += "| service | template | now | before | sample |\n|---|---|---:|---:|---|\n"
      for change in changes.prefix(10) {
        text +=
          "| \(StepTable.cell(change.service)) | `\(StepTable.cell(change.template))` | \(change.count) | \(change.countBefore) | `\(StepTable.cell(change.sample))` |\n"
      }
    }
    if let similar = options.similarTemplates[journey.id], !similar.isEmpty {
      text +=
        "\nMessages that read like these failures, of any service:\n\n| service | template | records | errors | sample |\n|---|---|---:|---:|---|\n"
      for template in similar {
        text +=
          "| \(StepTable.cell(template.service)) | `\(StepTable.cell(template.template))` | \(template.count) | \(template.errors) | `\(StepTable.cell(template.sample))` |\n"
      }
    }
    text +=
      "\nTraces:\n\n\(StepTable.traces(journey, options))\nWhere the time goes, on the critical path:\n\n\(StepTable.markdown(journey))\n"
    return text + "\nWhy these series: \(indicator.explanation). Confidence \(NumberText.fixed(indicator.confidence, places: 2)).\n"
      + indicator.warnings.map { "- Mind: \($0).\n" }.joined()
  }

  private var diagnosis: String {
    let suspects =
      indicator.kind == .latency ? steps : steps.sorted { ($0.errors, $1.service, $1.operation) > ($1.errors, $0.service, $0.operation) }
    return suspects.prefix(5).map { step in
      let index = journey.steps.firstIndex(of: step)
      let callers = journey.calls.filter { $0.to == index }.compactMap { call in
        journey.steps.indices.contains(call.from) ? journey.steps[call.from].service : nil
      }
      let from = callers.isEmpty ? "the entry" : "called by \(Set(callers).sorted().joined(separator: ", "))"
      return
        "- **\(step.service) `\(StepTable.cell(step.operation))`** (\(from)): usually p95 \(NumberText.duration(step.duration.p95)), \(step.errors) of \(step.spans) spans failed. If its spans are slower or fail more than that, the cause is here or below.\n"
    }.joined()
  }

  private var mitigations: String {
    let known = commands { [$0.restart] }
    let head =
      known.isEmpty
      ? "Nothing is known of where these services run, so no commands are offered. "
      : "Starting the pods of a service anew, one after the other (needs approval; blast radius: that service; there is nothing to undo):\n\(known)\n\n"
    return head
      + "In the order of their undoing being easy: shed or reroute the traffic of `\(StepTable.cell(journey.entryOperation))`, switch off an optional step, add instances of the step found in 5, undo the last change (7).\n"
      + optionalSteps
  }

  private var optionalSteps: String {
    let optional = journey.calls.filter { $0.probability < 0.9 && journey.steps.indices.contains($0.to) }.map { call in
      "- Optional: \(journey.steps[call.to].service) `\(StepTable.cell(journey.steps[call.to].operation))` is called in \(NumberText.percent(call.probability, places: 0)) of cases. Blast radius: that step. Needs approval.\n"
    }
    return optional.isEmpty ? "" : "\n" + optional.prefix(5).joined()
  }

  private var rollback: String {
    let known = commands { [$0.undo] }
    return
      "Blast radius: \(journey.services.joined(separator: ", ")). Roll back the newest deployment among them, the step found in 5 first; then feature flags of the same step. Undo: deploy it again\(known.isEmpty ? "" : ", or the same command once more").\n"
      + (known.isEmpty ? "" : known + "\n")
  }

  private var recovery: String {
    let id = PromQL.quoted(objective.id)
    return
      "Expected: a value below \(objective.target.budgetText), for as long as the short window of the alert.\n\n```promql\nslo:sli_error:ratio_rate5m{sloth_id=\(id)}\n```\n"
  }

  private var escalation: String {
    "Owner: \(options.team). Notify: \(options.notificationTargets.joined(separator: ", ")). Escalate after 15 minutes without a suspect, or at once when several journeys burn.\n"
  }

  private var history: String {
    let backtest = objective.backtest
    var text =
      "Replayed over \(NumberText.minutes(backtest.minutes)) of history: \(backtest.pages) pages, \(backtest.tickets) tickets, \(NumberText.count(backtest.bad)) of \(NumberText.count(backtest.total)) events bad, budget left: \(backtest.budgetText).\n"
    if !backtest.pageTimes.isEmpty {
      text += "\n" + backtest.pageTimes.map { "- would have paged at \(CivilDate.text($0)) UTC\n" }.joined()
    }
    return text
  }
}
