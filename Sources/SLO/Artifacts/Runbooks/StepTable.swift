/// The steps of a journey as text.
enum StepTable {
  /// Steps by their share of the journey's time.
  static func sorted(_ journey: Journey) -> [JourneyStep] {
    journey.steps.sorted { ($0.criticalShare, $1.service, $1.operation) > ($1.criticalShare, $0.service, $0.operation) }
  }

  /// A Markdown table of the ten that take most of the time.
  static func markdown(_ journey: Journey) -> String {
    var lines = ["| step | share of time | p50 | p95 | p99 | failed spans |", "|---|---:|---:|---:|---:|---:|"]
    for step in sorted(journey).prefix(10) {
      let failed = step.spans > 0 ? NumberText.percent(Double(step.errors) / Double(step.spans)) : "0%"
      let times = [step.duration.p50, step.duration.p95, step.duration.p99].map(NumberText.duration).joined(separator: " | ")
      lines.append(
        "| \(cell(step.service)) `\(cell(step.operation))` | \(NumberText.percent(step.criticalShare, places: 1)) | \(times) | \(failed) |")
    }
    return lines.joined(separator: "\n")
  }

  /// Slow and failed traces, as links where it is known what shows them.
  static func traces(_ journey: Journey, _ options: ArtifactOptions) -> String {
    func list(_ title: String, _ traces: [String]) -> String {
      guard !traces.isEmpty else { return "" }
      let shown = traces.prefix(5).map { trace in
        options.traceURL.isEmpty ? "`\(trace)`" : "[`\(trace)`](\(Templates.replaced("{trace}", with: trace, in: options.traceURL)))"
      }
      return "- \(title): \(shown.joined(separator: ", "))\n"
    }
    let text = list("slow", journey.slowTraces) + list("failed", journey.failedTraces)
    return text.isEmpty ? "No traces were kept.\n" : text
  }

  /// Text that does not end a cell or begin another element.
  static func cell(_ text: String) -> String {
    String(text.map { $0 == "|" ? "/" : $0 == "`" ? "'" : $0.isNewline ? " " : $0 })
  }
}
