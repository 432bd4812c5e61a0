internal import Connectors
internal import Dataflow
internal import Glibc
package import SLO

/// From files of telemetry to journeys, in one call: what `sloscout analyze` prints, and what a server answers with.
package struct Analysis: Sendable {
  /// What is analysed.
  package struct Request: Sendable {
    /// Files, folders and patterns.
    package var paths: [String]
    /// Only journeys that touch this service.
    package var service: String?
    /// Only this environment.
    package var environment: String?
    /// How far back, counted from the newest record, in nanoseconds; nil takes all.
    package var lookback: Int64?
    package var edits = JourneyEdits()
    /// The folder of a sentence model, which orders the log templates that are like a journey's failures; nil goes by words.
    package var model: String?

    package init(paths: [String]) { self.paths = paths }
  }

  /// How far it is.
  package enum Progress: Sendable, Equatable {
    case reading(file: String, number: Int, of: Int, bytes: Int64)
    case assembling(spans: Int)
    case discovering(traces: Int)
  }

  /// Where the time went, in nanoseconds.
  package struct Timing: Sendable, Equatable {
    package var stage: String
    package var nanoseconds: Int64
  }

  /// Why there is no result.
  package enum Failure: Error, Equatable, CustomStringConvertible {
    /// No spans at all.
    case noSpans(String)
    /// Nothing is left of what there is; the text names the range and what there would be.
    case nothingLeft(String)
    case unknownService(String)

    package var description: String {
      switch self {
      case .noSpans(let text), .nothingLeft(let text), .unknownService(let text): text
      }
    }
  }

  package var files: [String] = []
  package var facts = AnalysisFacts()
  package var logs = LogEvidence()
  /// All traces, also those that were left out.
  package var traces: TraceSet
  package var discovery: JourneyDiscovery.Result
  /// Those asked for; all of the discovery without a service.
  package var journeys: [Journey]
  /// Nanoseconds since 1970: the window that was looked at.
  package var window: ClosedRange<Int64>
  package var findings: [AnalysisFinding] = []
  /// Log templates that are new at the end of the window, or come at another rate.
  package var templateChanges: [TemplateChange] = []
  /// Log templates that read like what goes wrong in a journey, by the journey's id.
  package var similarTemplates: [String: [SimilarTemplate]] = [:]
  package var timings: [Timing] = []

  /// Reads, assembles and discovers. Blocking.
  ///
  /// - Throws: `Analysis.Failure` when there is nothing to show; `SourceError` and errors of files as they come; `EmbeddingError` when the model that
  ///   was asked for does not work.
  package static func run(_ request: Request, progress: (Progress) -> Void = { _ in }) throws -> Analysis {
    var clock = Stopwatch()
    let files = try TelemetryFiles.find(request.paths)
    let ingest = TelemetryIngest()
    for (index, file) in files.enumerated() {
      progress(.reading(file: file, number: index + 1, of: files.count, bytes: 0))
      try ingest.read(file) { progress(.reading(file: file, number: index + 1, of: files.count, bytes: $0)) }
    }
    clock.lap("read")
    guard !ingest.store.rows.isEmpty else { throw Failure.noSpans(AnalysisFailureText.noSpans(files, ingest.facts, ingest.logs)) }
    progress(.assembling(spans: ingest.store.rows.count))
    let set = TraceAssembler.assemble(ingest.store)
    clock.lap("assemble")
    progress(.discovering(traces: set.traces.count))
    var options = JourneyDiscovery.Options()
    options.edits = request.edits
    options.environment = request.environment
    if let lookback = request.lookback {
      options.since = max(ingest.oldest, ingest.newest.subtractingReportingOverflow(lookback).partialValue)
    }
    let discovery = JourneyDiscovery.discover(set, logs: ingest.logs, options: options)
    clock.lap("discover")

    let range = ingest.oldest...ingest.newest
    var journeys = discovery.journeys
    guard discovery.traces > 0 else {
      throw Failure.nothingLeft(AnalysisFailureText.nothingLeft(range, set, request))
    }
    if let service = request.service {
      journeys = journeys.filter { $0.services.contains(service) }
      if journeys.isEmpty { throw AnalysisFailureText.service(service, range, set, request) }
    } else if journeys.isEmpty {
      throw Failure.nothingLeft(AnalysisFailureText.noJourneys(range, discovery))
    }
    var analysis = Analysis(
      traces: set, discovery: discovery, journeys: journeys,
      window: max(range.lowerBound, min(options.since, range.upperBound))...range.upperBound)
    (analysis.files, analysis.facts, analysis.logs) = (files, ingest.facts, ingest.logs)
    analysis.templateChanges = ingest.templates.changes(in: analysis.window)
    analysis.similarTemplates = try SimilarTemplates.find(
      analysis.journeys, analysis.templateChanges, among: ingest.templates.all, model: request.model)
    clock.lap("evidence")
    analysis.findings = AnalysisFinding.all(analysis)
    analysis.timings = clock.laps
    return analysis
  }

  /// What artifacts are made with, as far as the files say.
  package var artifactOptions: ArtifactOptions {
    var options = ArtifactOptions()
    options.workloads = facts.workloads
    options.templateChanges = templateChanges
    options.similarTemplates = similarTemplates
    return options
  }

  private init(traces: TraceSet, discovery: JourneyDiscovery.Result, journeys: [Journey], window: ClosedRange<Int64>) {
    (self.traces, self.discovery, self.journeys, self.window) = (traces, discovery, journeys, window)
  }
}

/// Measures stages.
private struct Stopwatch {
  private var last = Stopwatch.now
  var laps: [Analysis.Timing] = []

  private static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  mutating func lap(_ stage: String) {
    let now = Self.now
    laps.append(.init(stage: stage, nanoseconds: now - last))
    last = now
  }
}
