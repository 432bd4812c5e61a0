public import Dataflow

/// What one step of a job has counted, and how busy it is, over some of its subtasks: those of a process, or those of a shard.
public struct StepLoad: Codable, Sendable, Equatable {
  /// The step's id.
  public var id: String
  /// How many subtasks it is about.
  public var subtasks = 0
  /// Records that came in.
  public var received = 0
  /// Records handed on, or taken into state.
  public var emitted = 0
  /// Records dropped because the job says so.
  public var filtered = 0
  /// Records that had been seen before.
  public var duplicates = 0
  /// Records whose window was closed already.
  public var late = 0
  /// Records that could not be processed.
  public var errors = 0
  /// Records a second that came in between the two looks.
  public var rate = 0.0
  /// The busiest subtask's share of the time, 0…1. Steps of one chain share a thread, and so this number.
  public var busy = 0.0
  /// The share of the time, 0…1, in which the subtask that was held back most could not go on because whoever comes next had no room: back-pressure.
  public var backPressure = 0.0
  /// Batches that wait at its input.
  public var queued = 0
  /// The smallest of its subtasks, nanoseconds since 1970; nil before the first.
  public var watermark: Int64?

  /// A step that nobody has looked at.
  public init(_ id: String) { self.id = id }

  /// From one look at all subtasks of a process, and the one before.
  ///
  /// - Parameter seconds: between the two; 0 when there was none before.
  public init(_ id: String, older: [SubtaskStatus], newest: [SubtaskStatus], seconds: Double) {
    self.init(id)
    var before = 0
    for (index, subtask) in newest.enumerated() {
      let parts = self.parts(subtask.counters)
      guard !parts.isEmpty else { continue }
      subtasks += 1
      add(counted: parts)
      if subtask.counters.first?.id == parts.first?.id { queued += subtask.queued }
      if subtask.watermark != .min { watermark = min(watermark ?? .max, subtask.watermark) }
      guard older.count == newest.count else { continue }
      let earlier = older[index]
      before += self.parts(earlier.counters).map(\.counters.received).max() ?? 0
      let elapsed = subtask.elapsedNanoseconds - earlier.elapsedNanoseconds
      guard elapsed > 0 else { continue }
      func share(_ time: (SubtaskStatus) -> Int64) -> Double { min(1, Double(time(subtask) - time(earlier)) / Double(elapsed)) }
      busy = max(busy, share(\.busyNanoseconds))
      backPressure = max(backPressure, share(\.backPressureNanoseconds))
    }
    if older.count == newest.count, seconds > 0 { rate = max(0, Double(received - before)) / seconds }
  }

  /// What the plan made of a step (decoders, the time check: `telemetry#time`) belongs to it.
  private func parts(_ counted: [(id: String, counters: OperatorCounters)]) -> [(id: String, counters: OperatorCounters)] {
    counted.filter { $0.id == id || $0.id.hasPrefix(id + "#") }
  }

  private mutating func add(counted parts: [(id: String, counters: OperatorCounters)]) {
    guard let last = parts.last else { return }
    received += parts.map(\.counters.received).max() ?? 0
    emitted += last.counters.emitted + last.counters.absorbed
    filtered += parts.reduce(0) { $0 + $1.counters.filtered }
    duplicates += parts.reduce(0) { $0 + $1.counters.duplicates }
    late += parts.reduce(0) { $0 + $1.counters.late }
    errors += parts.reduce(0) { $0 + $1.counters.errors }
  }

  /// Counts what all operators have counted over all runs, in place of what the subtasks have in this one.
  public mutating func count(_ totals: [(id: String, counters: OperatorCounters)]) {
    (received, emitted, filtered, duplicates, late, errors) = (0, 0, 0, 0, 0, 0)
    add(counted: parts(totals))
  }

  /// Of other subtasks of the same step too.
  public mutating func add(_ other: StepLoad) {
    subtasks += other.subtasks
    received += other.received
    emitted += other.emitted
    filtered += other.filtered
    duplicates += other.duplicates
    late += other.late
    errors += other.errors
    rate += other.rate
    busy = max(busy, other.busy)
    backPressure = max(backPressure, other.backPressure)
    queued += other.queued
    if let time = other.watermark { watermark = min(watermark ?? .max, time) }
  }
}
