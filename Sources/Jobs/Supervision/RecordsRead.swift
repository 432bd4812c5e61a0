public import Dataflow

/// How many records the sources of a job gave.
public enum RecordsRead {
  /// Of a source whose lines hold many records each (OTLP requests), the records count, not the lines.
  ///
  /// - Parameter counters: totals per operator id, or those of one subtask.
  public static func count(_ counters: [(id: String, counters: OperatorCounters)], sources: [String]) -> Int {
    sources.reduce(0) { sum, source in
      // The source and what decodes for it: `telemetry`, `telemetry#1`, `telemetry#time`.
      let parts = counters.filter { $0.id == source || $0.id.hasPrefix(source + "#") }
      return sum + (parts.map(\.counters.received).max() ?? 0)
    }
  }
}
