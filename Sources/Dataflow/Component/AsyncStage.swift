/// A step that waits: a call to another service. Several batches are under way at once; the operators around it stay synchronous.
///
/// Implementations must be safe to call from several tasks, and must not keep a batch. What a stage remembers (answers that need not be asked for
/// again) is part of checkpoints, and so are the rows that it has not answered for: a checkpoint waits for no call, and a run that begins from it
/// does those rows first.
public protocol AsyncStage: Sendable {
  /// Called once, before `restore` and the first batch.
  func open(_ context: OperatorContext) throws

  /// Does what takes time for a batch, and answers with what is left to do. Only reads the batch: meanwhile it may become part of a checkpoint.
  ///
  /// - Throws: `StageError` for what makes error records of the batch, or of which another attempt may help. Any other error ends the attempt of the
  ///   job: nothing is lost while a person acts.
  func apply(_ batch: RecordBatch) async throws -> StageFinish

  /// Hands over everything that `restore` needs. Calls may be under way.
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

/// What is left to do for a batch whose call is over: writes into the batch, and gives it back, or another one. Called at most once, when nobody else
/// has the batch; must not wait.
public typealias StageFinish = @Sendable () throws -> StageResult

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
  /// Rows that were dropped because they had been seen before.
  public let duplicates: Int

  /// A result; nothing refused or dropped unless said otherwise.
  public init(_ batch: RecordBatch, refusals: [Refusal] = [], duplicates: Int = 0) {
    self.batch = batch
    self.refusals = refusals
    self.duplicates = duplicates
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
  /// Batches that are worked on at once, at most.
  public var inFlight: Int
  /// Rows that were taken in and have not left, at most (and one batch more): what a checkpoint may have to hold of them. When it is reached, checkpoints
  /// wait for calls.
  public var maxRows: Int
  /// Batches leave in the order in which they came; otherwise as they are done. Watermarks never overtake in either case.
  public var isOrdered: Bool
  /// Attempts per batch, the first included.
  public var maxAttempts: Int
  /// Nanoseconds before the second attempt; doubled for each further one, with jitter.
  public var initialDelay: Int64
  /// Nanoseconds: the longest pause between attempts.
  public var maxDelay: Int64

  /// A plan; four batches in flight, 16,384 rows, ordered, five attempts unless said otherwise.
  public init(
    inFlight: Int = 4, maxRows: Int = 16_384, isOrdered: Bool = true, maxAttempts: Int = 5, initialDelay: Int64 = 200_000_000,
    maxDelay: Int64 = 10_000_000_000,
    make: @escaping @Sendable () throws -> any AsyncStage
  ) {
    self.make = make
    self.inFlight = max(1, inFlight)
    self.maxRows = max(1, maxRows)
    self.isOrdered = isOrdered
    self.maxAttempts = max(1, maxAttempts)
    self.initialDelay = initialDelay
    self.maxDelay = maxDelay
  }

  /// Calls the stage, again after transient failures.
  ///
  /// - Returns: the error of the last attempt when every one failed: the batch's records then go to the errors output.
  func run(_ stage: any AsyncStage, _ batch: RecordBatch, _ runtime: any Runtime) async throws -> Result<StageFinish, StageError> {
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
