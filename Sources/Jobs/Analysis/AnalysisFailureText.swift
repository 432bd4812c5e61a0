internal import Dataflow
internal import SLO

/// What an analysis without a result says: what there was, and what would help.
enum AnalysisFailureText {
  static func noSpans(_ files: [String], _ facts: AnalysisFacts, _ logs: LogEvidence) -> String {
    let what = files.count == 1 ? files[0] : "\(files.count) files"
    if facts.lines == 0 { return "\(what): nothing in it" }
    if logs.records > 0 {
      return "\(what): \(logs.records) log records and no spans; journeys are found in traces: give a file of traces too"
    }
    if facts.otherLines > 0 { return "\(what): only metrics or profiles; journeys are found in traces" }
    return
      "\(what): no OTLP spans in \(facts.lines) lines; expected one OTLP request in JSON a line, as the OpenTelemetry Collector's file exporter writes it"
  }

  static func nothingLeft(_ range: ClosedRange<Int64>, _ set: TraceSet, _ request: Analysis.Request) -> String {
    var text = "no trace began"
    if let lookback = request.lookback { text += " within \(Units.format(duration: lookback)) before the newest record" }
    if let environment = request.environment { text += " in the environment \(environment)" }
    text += "; the files hold \(set.traces.count) traces from \(span(range))"
    if request.environment != nil { text += ", environments: \(environments(set).joined(separator: ", "))" }
    return text
  }

  static func noJourneys(_ range: ClosedRange<Int64>, _ discovery: JourneyDiscovery.Result) -> String {
    let reasons = discovery.unassigned.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value): \($0.key.rawValue)" }
    return "\(discovery.traces) traces from \(span(range)), and no journey in them (\(reasons.joined(separator: "; ")))"
  }

  static func service(
    _ service: String, _ range: ClosedRange<Int64>, _ set: TraceSet, _ request: Analysis.Request
  ) -> Analysis.Failure {
    let services = set.store.services.strings.filter { !$0.isEmpty }.sorted()
    if services.contains(service) {
      var text = "\(service) is part of no journey"
      if let lookback = request.lookback { text += " of the last \(Units.format(duration: lookback))" }
      return .nothingLeft(text + "; the files hold traces from \(span(range))")
    }
    var close = services.filter { $0.contains(service) || service.contains($0) }
    if let nearest = NearestName.of(service, in: services), !close.contains(nearest) { close.insert(nearest, at: 0) }
    let hint =
      close.isEmpty
      ? "known are \(services.prefix(12).joined(separator: ", "))\(services.count > 12 ? " and \(services.count - 12) more" : "")"
      : "did you mean \(close.prefix(4).joined(separator: ", "))?"
    return .unknownService("there is no service \(service) in traces from \(span(range)); \(hint)")
  }

  static func span(_ range: ClosedRange<Int64>) -> String {
    "\(RFC3339.format(seconds(range.lowerBound))) to \(RFC3339.format(seconds(range.upperBound)))"
  }

  private static func seconds(_ time: Int64) -> Int64 { time - time % 1_000_000_000 }

  private static func environments(_ set: TraceSet) -> [String] {
    let names = Set(set.traces.map { set.spans[$0.root].environment }).map { set.store.environments.string($0) }
    return names.map { $0.isEmpty ? "default" : $0 }.sorted()
  }
}
