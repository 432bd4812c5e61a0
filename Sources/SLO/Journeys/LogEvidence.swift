/// What log records say about requests: which spans of which traces have one of severity error.
package struct LogEvidence: Sendable, Equatable {
  /// All log records.
  package var records = 0
  /// Those that carry the id of a trace.
  package var correlated = 0
  /// The spans that have a record of severity error, by trace; 0 where a record names no span.
  package var errors: [TraceID: Set<UInt64>] = [:]

  package init() {}

  /// Counts one record.
  package mutating func add(trace: TraceID, span: UInt64, isError: Bool) {
    records += 1
    guard trace.high | trace.low != 0 else { return }
    correlated += 1
    if isError { errors[trace, default: []].insert(span) }
  }
}
