internal import Dataflow
package import SLO

/// What an analysis found, for programs: `sloscout analyze --json`. Equal inputs give equal bytes; times are not in it.
package enum AnalysisJSON {
  /// One object, with a line end.
  package static func text(_ analysis: Analysis, quality: QualityTable? = nil, proof: PrometheusProof? = nil) -> String {
    let discovery = analysis.discovery
    var members: [(String, JSONText)] = [
      ("files", .strings(analysis.files)),
      (
        "window",
        .object([
          ("from", .string(RFC3339.format(analysis.window.lowerBound))), ("to", .string(RFC3339.format(analysis.window.upperBound))),
        ])
      ),
      ("spans", .int(Int64(analysis.traces.spans.count))),
      ("duplicates", .int(Int64(analysis.traces.duplicates))),
      ("traces", .int(Int64(discovery.traces))),
      ("attached", .int(Int64(discovery.attached))),
      (
        "unassigned",
        .object(
          discovery.unassigned.sorted { $0.key.rawValue < $1.key.rawValue }.map { ("\($0.key)", .int(Int64($0.value))) })
      ),
      ("log_records", .int(Int64(analysis.logs.records))),
      ("journeys", .array(analysis.journeys.map { journey($0) })),
      (
        "findings",
        .array(
          analysis.findings.map {
            .object([
              ("weight", .string($0.weight.rawValue)), ("code", .string($0.code)), ("message", .string($0.message)),
              ("advice", .string($0.advice)),
            ])
          })
      ),
    ]
    if let quality { members.append(("quality", QualityText.json(quality))) }
    if let proof { members.append(("prometheus", proof.json)) }
    return JSONText.object(members).prettyText
  }

  private static func journey(_ journey: Journey) -> JSONText {
    .object([
      ("id", .string(journey.id)), ("name", .string(journey.name)), ("slug", .string(journey.slug)),
      ("entry_service", .string(journey.entryService)), ("entry_operation", .string(journey.entryOperation)),
      ("environment", .string(journey.environment)), ("services", .strings(journey.services)),
      ("requests", .double(journey.requests)), ("errors", .double(journey.errors)),
      ("error_evidence", .string(journey.errorEvidence.rawValue)),
      ("duration_ns", summary(journey.duration)), ("confidence", .double(journey.confidence)),
      (
        "confidence_factors",
        .array(
          journey.confidenceFactors.map {
            .object([("name", .string($0.name)), ("value", .double($0.value)), ("reason", .string($0.reason))])
          })
      ),
      (
        "steps",
        .array(
          journey.steps.map {
            .object([
              ("service", .string($0.service)), ("operation", .string($0.operation)), ("traces", .int(Int64($0.traces))),
              ("spans", .int(Int64($0.spans))), ("errors", .int(Int64($0.errors))), ("error_origins", .int(Int64($0.errorOrigins))),
              ("critical_share", .double($0.criticalShare)), ("duration_ns", summary($0.duration)),
            ])
          })
      ),
      (
        "calls",
        .array(
          journey.calls.map {
            .object([
              ("from", .int(Int64($0.from))), ("to", .int(Int64($0.to))), ("probability", .double($0.probability)),
              ("calls_per_trace", .double($0.callsPerTrace)), ("asynchronous", .bool($0.isAsynchronous)),
            ])
          })
      ),
      (
        "variants",
        .array(journey.variants.map { .object([("services", .strings($0.services)), ("traces", .int(Int64($0.traces)))]) })
      ),
      ("slow_traces", .strings(journey.slowTraces)), ("failed_traces", .strings(journey.failedTraces)),
    ])
  }

  private static func summary(_ summary: DurationSummary) -> JSONText {
    .object([
      ("p50", .int(summary.p50)), ("p95", .int(summary.p95)), ("p99", .int(summary.p99)), ("max", .int(summary.max)),
    ])
  }
}
