internal import Dataflow

/// One look at a running job, a second after the one before.
struct JobSample: Sendable {
  /// Nanoseconds since 1970, and of the steady clock.
  var at: Int64
  var monotonic: Int64
  var status: [SubtaskStatus]
  /// Records that the sources gave in this run.
  var read: Int

  /// Records of this run that a step refused, or that came too late.
  var refused: Int { status.reduce(0) { $0 + $1.counters.reduce(0) { $0 + $1.counters.errors + $1.counters.late } } }
  /// The smallest watermark of the sources; nil before the first.
  var watermark: Int64? { status.filter(\.isSource).map(\.watermark).filter { $0 != .min }.min() }
  /// The largest event time that any split has seen.
  var newest: Int64? { status.flatMap(\.splits).map(\.maxTime).filter { $0 != .min }.max() }
}

/// A point of a job's curves.
struct JobPoint: Sendable, Codable {
  /// Milliseconds since 1970.
  var at: Int64
  /// Records a second that the sources gave.
  var rate: Double
  /// Seconds that the watermark is behind the newest record; nil before the first.
  var lag: Double?
  /// Records a second that steps refused or that came too late; nil for a job that workers run.
  var refused: Double?
  /// The busiest subtask's share of the second, 0…1; nil for a job that workers run.
  var busy: Double?
}
