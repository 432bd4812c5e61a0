internal import SLO

/// Something that an analysis noticed and somebody can act on.
package struct AnalysisFinding: Sendable, Equatable {
  /// How much it matters to what was found.
  package enum Weight: String, Sendable, Equatable {
    /// Something cannot be said without it.
    case missing
    /// Something is said with less confidence.
    case weak
    /// Good to know.
    case note
  }

  package var weight: Weight
  /// A word for machines, as `no-span-status`.
  package var code: String
  package var message: String
  /// What to do about it.
  package var advice: String

  static func all(_ analysis: Analysis) -> [AnalysisFinding] { evidence(analysis) + shape(analysis) + input(analysis) }

  // MARK: What tells errors

  private static func evidence(_ analysis: Analysis) -> [AnalysisFinding] {
    let (facts, spans) = (analysis.facts, analysis.traces.spans.count)
    var found: [AnalysisFinding] = []
    let byLogs = analysis.journeys.filter { $0.errorEvidence == .logs }.count
    let blind = analysis.journeys.filter { $0.errorEvidence == .none }.count
    if facts.spansWithStatus == 0, facts.spansWithCode == 0, facts.spansWithKind == 0 {
      found.append(
        .init(
          weight: blind > 0 ? .missing : .weak, code: "no-span-status",
          message: "no span has a status or the code of a protocol"
            + (byLogs > 0 ? ": errors are told by \(analysis.logs.errors.count) traces with log records of severity error" : ""),
          advice: blind > 0 && analysis.logs.records == 0
            ? "errors cannot be counted: let the instrumentation set span status, or give the log files with trace ids as well"
            : "let the instrumentation set span status and http.response.status_code or rpc.grpc.status_code"))
    }
    if facts.spansWithKind == 0 {
      found.append(
        .init(
          weight: .weak, code: "no-span-kind", message: "no span says whether it is a server's or a client's",
          advice: "calls are told by a change of service; an instrumentation that sets kinds tells clients' and servers' times apart"))
    } else if facts.spansWithKind < spans {
      found.append(
        .init(
          weight: .note, code: "some-span-kinds", message: "\(spans - facts.spansWithKind) of \(spans) spans have no kind",
          advice: "find the services whose instrumentation is older"))
    }
    if byLogs > 0 {
      found.append(
        .init(
          weight: .weak, code: "errors-by-logs",
          message: "the errors of \(byLogs) journeys are known from logs only, and the job traces reads none",
          advice: "until spans carry a status, journey_errors_total has no series, and the objectives for errors are blind"))
    }
    if facts.otherLines == 0 {
      found.append(
        .init(
          weight: .missing, code: "no-metrics", message: "no metrics were given",
          advice:
            "indicators are made from journey_requests_total, journey_errors_total and journey_duration_seconds, which the job traces writes: sloscout run --job traces --listen 127.0.0.1:9464"
        ))
    }
    if analysis.logs.records == 0 {
      found.append(
        .init(
          weight: .note, code: "no-logs", message: "no log records were given",
          advice: "log files with trace ids add evidence: templates that change, errors that spans do not tell"))
    } else if analysis.logs.correlated == 0 {
      found.append(
        .init(
          weight: .weak, code: "uncorrelated-logs", message: "none of \(analysis.logs.records) log records has a trace id",
          advice: "let the logging library write the trace id of the active span"))
    }
    if !analysis.templateChanges.isEmpty {
      let first = analysis.templateChanges[0]
      found.append(
        .init(
          weight: .note, code: "log-templates",
          message:
            "\(analysis.templateChanges.count) log templates are new or more frequent at the end of the window, first of all \(first.service): \(first.template.prefix(80))",
          advice: "they stand as evidence in runbooks"))
    }
    if facts.sampledSpans > 0 {
      found.append(
        .init(
          weight: .note, code: "sampled", message: "\(facts.sampledSpans) spans are sampled; requests are weighted by their thresholds",
          advice: "nothing to do"))
    }
    return found
  }

  // MARK: What traces look like

  private static func shape(_ analysis: Analysis) -> [AnalysisFinding] {
    let set = analysis.traces
    var found: [AnalysisFinding] = []
    let unrooted = set.traces.count { !$0.hasRoot }
    let broken = set.traces.count { $0.hasRoot && $0.orphans > 0 }
    let many = set.traces.count { $0.extraRoots > 0 }
    if unrooted + broken + many > 0 {
      found.append(
        .init(
          weight: .weak, code: "incomplete-traces",
          message:
            "of \(set.traces.count) traces \(unrooted) have no root, \(broken) have spans whose parent never came, \(many) have several roots",
          advice:
            "they count with less confidence; look for exporters that drop spans, and for services that do not pass the trace context on"))
    }
    var fits: [TraceSet.Fit: Int] = [:]
    for fit in set.fits { fits[fit, default: 0] += 1 }
    if let shifted = fits[.shifted] {
      found.append(
        .init(
          weight: .note, code: "clock-skew", message: "\(shifted) of \(set.spans.count) spans were moved to lie within their caller's time",
          advice: "their times as recorded stand in the traces; synchronise the clocks of the hosts if it is much"))
    }
    if let detached = fits[.detached] {
      found.append(
        .init(
          weight: .note, code: "asynchronous", message: "\(detached) spans run on behind their caller's back and are on no critical path",
          advice: "nothing to do"))
    }
    if set.duplicates > 0 {
      found.append(
        .init(
          weight: .note, code: "duplicates", message: "\(set.duplicates) spans came more than once and count once", advice: "nothing to do")
      )
    }
    let receivers = set.traces.indices.count { set.upstream[$0] < 0 && set.spans[set.traces[$0].root].kind == .consumer }
    if receivers > 0 {
      found.append(
        .init(
          weight: .weak, code: "unlinked-messages",
          message: "\(receivers) traces begin with the receipt of a message and link to no sender",
          advice: "journeys end at that queue; let the instrumentation link the receiving span to the sending one"))
    }
    for (reason, count) in analysis.discovery.unassigned.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      found.append(
        .init(
          weight: .note, code: "unassigned", message: "\(count) traces belong to no journey: \(reason.rawValue)",
          advice: "they count in no indicator"))
    }
    return found
  }

  // MARK: What was read

  private static func input(_ analysis: Analysis) -> [AnalysisFinding] {
    let facts = analysis.facts
    var found: [AnalysisFinding] = []
    let refused = [(facts.refusedLines, "lines are no OTLP requests"), (facts.refusedRecords, "records lack an id or a time")]
      .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    if !refused.isEmpty {
      found.append(
        .init(
          weight: .weak, code: "unreadable",
          message: refused.joined(separator: ", "), advice: "they were left out"))
    }
    if !facts.emptyFiles.isEmpty {
      found.append(
        .init(
          weight: .note, code: "empty-files",
          message: "no spans and no log records in \(facts.emptyFiles.prefix(3).joined(separator: ", "))",
          advice: "expected is one OTLP request in JSON a line"))
    }
    if facts.unnamedResources > 0 {
      found.append(
        .init(
          weight: .weak, code: "no-service-name", message: "some spans name no service; they stand under unknown",
          advice: "set service.name (OTEL_SERVICE_NAME)"))
    }
    if !analysis.discovery.unknownEdits.isEmpty {
      found.append(
        .init(
          weight: .weak, code: "unknown-edits",
          message: "edits name journeys that are not here: \(analysis.discovery.unknownEdits.joined(separator: ", "))",
          advice: "a pinned journey without traces has gone quiet; for others see the ids in this list"))
    }
    return found
  }
}
