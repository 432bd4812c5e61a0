/// One operation of one service within a journey.
package struct JourneyStep: Sendable, Equatable {
  package var service: String
  package var operation: String
  /// How many of the journey's traces take the step.
  package var traces: Int
  /// How many spans those are.
  package var spans: Int
  /// Spans that failed.
  package var errors: Int
  /// Failed traces whose deepest failed span is one of this step: where the failure began.
  package var errorOrigins: Int
  /// The share of the journey's time that passes in this step alone, on the critical path. All steps of a journey add up to 1.
  package var criticalShare: Double
  package var duration: DurationSummary

  package init(
    service: String, operation: String, traces: Int, spans: Int, errors: Int, criticalShare: Double, duration: DurationSummary,
    errorOrigins: Int = 0
  ) {
    self.service = service
    self.operation = operation
    self.traces = traces
    self.spans = spans
    self.errors = errors
    self.criticalShare = criticalShare
    self.duration = duration
    self.errorOrigins = errorOrigins
  }
}

/// A call from one step of a journey to another.
package struct JourneyCall: Sendable, Equatable {
  /// Indices into the journey's steps.
  package var from: Int
  package var to: Int
  /// The share of the traces with `from` that make this call, 0…1.
  package var probability: Double
  /// Calls per trace that makes any.
  package var callsPerTrace: Double
  /// Whether it has been seen that the caller does not wait: a message, or work that goes on behind its back.
  package var isAsynchronous: Bool

  package init(from: Int, to: Int, probability: Double, callsPerTrace: Double, isAsynchronous: Bool = false) {
    self.from = from
    self.to = to
    self.probability = probability
    self.callsPerTrace = callsPerTrace
    self.isAsynchronous = isAsynchronous
  }
}

/// Quantiles of durations, in nanoseconds.
package struct DurationSummary: Sendable, Equatable {
  package var p50: Int64
  package var p95: Int64
  package var p99: Int64
  package var max: Int64

  package init(p50: Int64, p95: Int64, p99: Int64, max: Int64) {
    self.p50 = p50
    self.p95 = p95
    self.p99 = p99
    self.max = max
  }
}
