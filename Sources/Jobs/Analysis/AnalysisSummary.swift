internal import Dataflow
internal import SLO

/// What an analysis found, for people.
package enum AnalysisSummary {
  /// Several paragraphs, ending with a line end.
  package static func text(_ analysis: Analysis) -> String {
    var lines = head(analysis)
    lines += ["", "JOURNEYS"] + journeys(analysis)
    lines += ["", "WHERE THE TIME GOES"] + steps(analysis)
    let failing = origins(analysis)
    if !failing.isEmpty { lines += ["", "WHERE ERRORS BEGIN"] + failing }
    if !analysis.findings.isEmpty { lines += ["", "WHAT IS MISSING OR WORTH KNOWING"] + findings(analysis) }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func head(_ analysis: Analysis) -> [String] {
    let set = analysis.traces
    let hours = Double(analysis.window.upperBound - analysis.window.lowerBound) / 3_600e9
    var head = [
      "\(Readable.count(set.spans.count)) spans in \(Readable.count(set.traces.count)) traces of \(set.store.services.strings.count { !$0.isEmpty }) services"
        + (analysis.logs.records > 0 ? ", \(Readable.count(analysis.logs.records)) log records" : ""),
      "from \(AnalysisFailureText.span(analysis.window)), \(Readable.decimal(hours, 1)) hours"
        + (analysis.discovery.traces < set.traces.count
          ? "; \(Readable.count(analysis.discovery.traces)) traces of the files are in this window" : ""),
    ]
    let unassigned = analysis.discovery.unassigned.values.reduce(0, +)
    head.append(
      "\(analysis.journeys.count) journeys"
        + (analysis.journeys.count < analysis.discovery.journeys.count ? " of \(analysis.discovery.journeys.count)" : "")
        + (unassigned > 0 ? "; \(unassigned) traces unassigned" : "; every trace is in one"))
    return head
  }

  private static func journeys(_ analysis: Analysis) -> [String] {
    let days = max(Double(analysis.window.upperBound - analysis.window.lowerBound) / 86_400e9, 1 / 1440)
    var table = TextTable(["name", "id", "requests", "per day", "p50", "p95", "p99", "errors", "by", "confidence", "services", "variants"])
    for journey in analysis.journeys {
      let (requests, d) = (journey.requests, journey.duration)
      table.add([
        journey.name, String(journey.id.prefix(8)), Readable.count(requests), Readable.count(requests / days), Readable.duration(d.p50),
        Readable.duration(d.p95), Readable.duration(d.p99),
        journey.errorEvidence == .none ? "unknown" : Readable.percent(requests > 0 ? journey.errors / requests : 0),
        journey.errorEvidence == .none ? "-" : journey.errorEvidence.rawValue, Readable.decimal(journey.confidence * 100, 0) + " %",
        "\(journey.services.count)", "\(journey.variants.count)",
      ])
    }
    return table.lines
  }

  private static func steps(_ analysis: Analysis) -> [String] {
    var table = TextTable(["journey", "step", "share", "p95", "in traces"], leftColumns: 2)
    for journey in analysis.journeys {
      let most = journey.steps.sorted { $0.criticalShare > $1.criticalShare }.prefix(3)
      let traces = journey.steps.map(\.traces).max() ?? 1
      for (index, step) in most.enumerated() where step.criticalShare >= 0.01 {
        table.add([
          index == 0 ? journey.name : "", "\(step.service) \(step.operation)", Readable.percent(step.criticalShare),
          Readable.duration(step.duration.p95), Readable.percent(Double(step.traces) / Double(max(1, traces))),
        ])
      }
    }
    return table.lines
  }

  private static func origins(_ analysis: Analysis) -> [String] {
    var table = TextTable(["journey", "step", "failed traces"], leftColumns: 2)
    var isEmpty = true
    for journey in analysis.journeys {
      let origins = journey.steps.filter { $0.errorOrigins > 0 }.sorted { $0.errorOrigins > $1.errorOrigins }.prefix(2)
      for (index, step) in origins.enumerated() {
        table.add([index == 0 ? journey.name : "", "\(step.service) \(step.operation)", Readable.count(step.errorOrigins)])
        isEmpty = false
      }
    }
    return isEmpty ? [] : table.lines
  }

  private static func findings(_ analysis: Analysis) -> [String] {
    analysis.findings.map { "\($0.weight.rawValue.padding(to: 7))  \($0.message)\($0.advice == "nothing to do" ? "" : ": \($0.advice)")" }
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
