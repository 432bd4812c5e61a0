/// An analysis: what was asked, how far it is, and what came of it. Durable.
struct StoredAnalysis: Sendable {
  /// Where it stands.
  enum Status: String, Sendable, Codable, CaseIterable {
    case pending
    case running
    case completed
    case failed
    case cancelled

    var isOver: Bool { self == .completed || self == .failed || self == .cancelled }
  }

  /// What somebody who uses the result should know.
  struct Warning: Sendable, Codable {
    /// `missing`, `weak` or `note`.
    var weight: String
    var code: String
    var message: String
    var advice: String
  }

  /// When a stage began, RFC 3339.
  struct Stage: Sendable, Codable {
    var name: String
    var startedAt: String
  }

  var id: String
  var request: AnalysisRequest
  var status = Status.pending
  /// What is being done, in the words of `AnalysisStage`.
  var stage: String?
  /// Those that have begun; an analysis that is taken up again begins anew.
  var stages: [Stage] = []
  /// RFC 3339.
  var createdAt = ""
  var startedAt: String?
  var completedAt: String?
  /// Journeys found; nil before the end.
  var journeys: Int?
  var slis: Int?
  var slos: Int?
  var artifacts: Int?
  /// A stable code and a sentence, when it failed.
  var errorCode: String?
  var errorMessage: String?
  /// Read with a single analysis only; nil before the end.
  var warnings: [Warning]?
}

/// The stages of an analysis, in their order.
enum AnalysisStage: String, Sendable, CaseIterable {
  case collect
  case assemble
  case journeys
  case artifacts

  /// Percent of the work that is done when it begins: reading takes most of the time.
  var progress: Int {
    switch self {
    case .collect: 5
    case .assemble: 70
    case .journeys: 80
    case .artifacts: 90
    }
  }
}
