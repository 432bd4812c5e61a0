internal import Synchronization

/// Where a checkpoint is, for progress and for tests that kill a job at a chosen moment.
public enum CheckpointPhase: String, Sendable, CaseIterable {
  /// Records are being read; no checkpoint is under way.
  case reading
  /// Barriers are on their way through the graph.
  case aligning
  /// Captured state is being compressed and written.
  case packing
  /// The manifest is being published.
  case publishing
  /// The checkpoint is durable, its rows wait for the sink.
  case staged
  /// The sink's transaction is under way.
  case applying
  /// The sink has answered.
  case applied
}

/// One complete checkpoint.
public struct CheckpointReport: Sendable {
  /// The checkpoint's number.
  public let epoch: UInt64
  /// Nanoseconds from the first barrier to the published manifest.
  public let duration: Int64
  /// How long each subtask stood still for it, those of earlier steps first.
  public let pauses: [Pause]
  /// Bytes this checkpoint wrote.
  public let storedBytes: Int
  /// Bytes it needs in all, earlier increments included.
  public let fullBytes: Int
  /// Nanoseconds since 1970.
  public let at: Int64

  /// How long one subtask stood still.
  public struct Pause: Sendable, Equatable {
    /// The id of the first step of its chain.
    public let step: String
    /// Which of its step's subtasks it is, from 0.
    public let subtask: Int
    /// How long.
    public let nanoseconds: Int64
  }

  /// The longest that one subtask stood still, nanoseconds.
  public var pause: Int64 { pauses.map(\.nanoseconds).max() ?? 0 }
}

/// Something worth telling a person.
public enum JobEvent: Sendable {
  case phase(CheckpointPhase, epoch: UInt64)
  case checkpoint(CheckpointReport)
  case applied(sink: String, epoch: UInt64, rows: Int, refused: Int)
  case restored(epoch: UInt64, records: Int)
  case restarting(attempt: Int, delay: Int64, cause: String)
  case warning(String)
}

/// Receives a job's events. Safe from anywhere; called on the engine's threads, so it must return quickly.
public final class JobObserver: Sendable {
  private let receive: @Sendable (JobEvent) -> Void

  /// Calls the closure for every event, from whichever thread it happens on.
  public init(_ receive: @escaping @Sendable (JobEvent) -> Void = { _ in }) { self.receive = receive }

  func phase(_ phase: CheckpointPhase, _ epoch: UInt64) { receive(.phase(phase, epoch: epoch)) }
  func completed(_ report: CheckpointReport) {
    receive(.checkpoint(report))
    receive(.phase(.reading, epoch: report.epoch))
  }
  func warning(_ message: String) { receive(.warning(message)) }
  func send(_ event: JobEvent) { receive(event) }
}
