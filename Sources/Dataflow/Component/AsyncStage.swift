/// A step that waits: a call to another service. Several batches are under way at once; the operators around it stay synchronous.
///
/// Implementations must be safe to call from several tasks, and must not keep a batch.
public protocol AsyncStage: Sendable {
  /// Works on a batch and gives it back, or another one. Throws `StageError`; anything else counts as not retryable.
  func apply(_ batch: RecordBatch) async throws -> RecordBatch
}

/// A call that failed.
public struct StageError: Error, CustomStringConvertible {
  /// What happened, for people.
  public let message: String
  /// Trying again may help.
  public let isTransient: Bool

  /// A failure.
  public init(_ message: String, isTransient: Bool) {
    self.message = message
    self.isTransient = isTransient
  }

  /// The message.
  public var description: String { message }
}

/// How an async stage is driven.
public struct AsyncStagePlan: Sendable {
  /// Makes the stage, once per subtask.
  public var make: @Sendable () throws -> any AsyncStage
  /// Batches under way at once, at most.
  public var inFlight: Int
  /// Batches leave in the order in which they came; otherwise as they are done. Watermarks never overtake in either case.
  public var isOrdered: Bool
  /// Attempts per batch, the first included.
  public var maxAttempts: Int
  /// Nanoseconds before the second attempt; doubled for each further one, with jitter.
  public var initialDelay: Int64
  /// Nanoseconds: the longest pause between attempts.
  public var maxDelay: Int64

  /// A plan; four batches in flight, ordered, five attempts unless said otherwise.
  public init(
    inFlight: Int = 4, isOrdered: Bool = true, maxAttempts: Int = 5, initialDelay: Int64 = 200_000_000, maxDelay: Int64 = 10_000_000_000,
    make: @escaping @Sendable () throws -> any AsyncStage
  ) {
    self.make = make
    self.inFlight = max(1, inFlight)
    self.isOrdered = isOrdered
    self.maxAttempts = max(1, maxAttempts)
    self.initialDelay = initialDelay
    self.maxDelay = maxDelay
  }

  /// Calls the stage, again after transient failures.
  ///
  /// - Returns: nil when every attempt failed: the batch's records then go to the errors output.
  func run(_ stage: any AsyncStage, _ batch: RecordBatch, _ runtime: any Runtime) async throws -> Result<RecordBatch, StageError> {
    var delay = initialDelay
    for attempt in 1...maxAttempts {
      do { return .success(try await stage.apply(batch)) } catch let error as StageError {
        if !error.isTransient || attempt == maxAttempts { return .failure(error) }
        try await runtime.sleep(nanoseconds: delay / 2 + Int64(runtime.random() % UInt64(max(1, delay / 2))))
        delay = min(delay * 2, maxDelay)
      }
    }
    return .failure(StageError("no attempt was made", isTransient: false))
  }
}
