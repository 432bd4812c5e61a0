/// A step that waits: a call to another service. Several batches are under way at once; the operators around it stay synchronous.
///
/// Implementations must be safe to call from several tasks, and must not keep a batch. What a stage remembers (answers that need not be asked for
/// again) is part of checkpoints: nothing is under way when `snapshot` is called, nor when `restore` is.
public protocol AsyncStage: Sendable {
  /// Called once, before `restore` and the first batch.
  func open(_ context: OperatorContext) throws

  /// Works on a batch and gives it back, or another one. Throws `StageError`; anything else counts as not retryable.
  func apply(_ batch: RecordBatch) async throws -> StageResult

  /// Hands over everything that `restore` needs.
  func snapshot(_ into: inout SnapshotBuilder) throws

  /// Takes back what `snapshot` gave, from all subtasks that have keys of this one's range.
  func restore(_ from: StateReader) throws

  /// What the stage counts besides records, as an operator does.
  var counts: [(name: String, count: Int)] { get }
}

extension AsyncStage {
  /// Needs nothing.
  public func open(_ context: OperatorContext) throws {}
  /// Remembers nothing.
  public func snapshot(_ into: inout SnapshotBuilder) throws {}
  /// Remembers nothing.
  public func restore(_ from: StateReader) throws {}
  /// Counts nothing besides.
  public var counts: [(name: String, count: Int)] { [] }
}

/// What became of a batch in an async stage.
public struct StageResult: Sendable {
  /// A record that the stage could not do, while it could do others of its batch.
  public struct Refusal: Sendable {
    /// Its row in the batch, no longer selected.
    public let row: Int
    /// Why: a stable code.
    public let reason: ErrorReason
    /// More about it, for people; holds no record contents.
    public let detail: String

    /// A refusal.
    public init(row: Int, reason: ErrorReason, detail: String) {
      self.row = row
      self.reason = reason
      self.detail = detail
    }
  }

  /// What goes on: its selected rows.
  public let batch: RecordBatch
  /// What goes the way of `onError`: rows of the same batch.
  public let refusals: [Refusal]

  /// A result; nothing refused unless said otherwise.
  public init(_ batch: RecordBatch, refusals: [Refusal] = []) {
    self.batch = batch
    self.refusals = refusals
  }
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
  func run(_ stage: any AsyncStage, _ batch: RecordBatch, _ runtime: any Runtime) async throws -> Result<StageResult, StageError> {
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
