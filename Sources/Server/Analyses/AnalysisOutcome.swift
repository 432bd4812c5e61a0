internal import Dataflow
internal import Jobs
internal import SLO

/// What an analysis leaves behind.
struct AnalysisOutcome: Sendable {
  /// The analysis as one JSON object.
  var json: String
  var journeys: [Journey]
  var slis = 0
  var slos = 0
  /// What it wrote: rules, dashboards, runbooks.
  var files: [(path: String, content: String)] = []

  /// Why an analysis has no outcome, for its status.
  struct Failure: Error {
    var code: String
    var message: String

    init(_ error: any Error) {
      message = "\(error)"
      switch error {
      case Analysis.Failure.unknownService: code = "SERVICE_NOT_FOUND"
      case is Analysis.Failure: code = "NOTHING_TO_ANALYZE"
      default: code = "ANALYSIS_FAILED"
      }
    }
  }

  /// Does the whole work. Blocking.
  ///
  /// - Parameter stage: is told when a stage begins.
  static func make(
    _ request: AnalysisRequest, paths: [String], edits: JourneyEdits, window: ObjectiveWindow, stage: @escaping (AnalysisStage) -> Void
  ) throws(Failure) -> AnalysisOutcome {
    do {
      var wanted = Analysis.Request(paths: paths)
      (wanted.service, wanted.environment) = (request.service, request.environment)
      wanted.edits = edits
      wanted.lookback = Int64(request.hours) * 3_600_000_000_000
      var current = AnalysisStage.collect
      let analysis = try Analysis.run(wanted) { progress in
        let next: AnalysisStage =
          switch progress {
          case .reading: .collect
          case .assembling: .assemble
          case .discovering: .journeys
          }
        if next != current { stage(next) }
        current = next
      }
      stage(.artifacts)
      var options = analysis.artifactOptions
      options.window = window
      let files = try ArtifactTree.make(journeys: analysis.journeys, options: options)
      var outcome = AnalysisOutcome(json: AnalysisJSON.text(analysis), journeys: analysis.journeys)
      // Each objective stands on one indicator of its own, and each has one file of rules.
      outcome.slos = files.count { $0.path.hasPrefix("kubernetes/prometheusrules/") }
      outcome.slis = outcome.slos
      outcome.files = files.map { ($0.path, String(decoding: $0.bytes, as: UTF8.self)) }
      return outcome
    } catch { throw Failure(error) }
  }
}
