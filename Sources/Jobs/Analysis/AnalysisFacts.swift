package import SLO

/// What was met while files were read: the ground of what an analysis says is missing.
package struct AnalysisFacts: Sendable, Equatable {
  package var lines = 0
  package var bytes: Int64 = 0
  /// Lines that are no OTLP request, and records that cannot be.
  package var refusedLines = 0
  package var refusedRecords = 0
  /// Requests with metrics or profiles.
  package var otherLines = 0
  /// Files without a span or a log record.
  package var emptyFiles: [String] = []
  package var unnamedResources = 0
  package var resourcesWithoutEnvironment = 0
  package var spansWithKind = 0
  package var spansWithStatus = 0
  package var spansWithCode = 0
  package var sampledSpans = 0
  /// Where services run in Kubernetes, by their names.
  package var workloads: [String: Workload] = [:]

  package init() {}

  mutating func add(_ kind: SpanKind, _ status: UInt8, hasCode: Bool) {
    if kind != .unspecified { spansWithKind += 1 }
    if status != 0 { spansWithStatus += 1 }
    if hasCode { spansWithCode += 1 }
  }
}
