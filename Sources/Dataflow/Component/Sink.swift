/// Where results leave the job, exactly once: rows are *staged* with the checkpoint and applied after it is durable.
///
/// A sink has two halves. The **writer** is an operator: one a subtask, it encodes rows into its `stage`. The **committer** is one a sink:
/// when checkpoint *e* is durable the runtime calls `apply(epoch: e, …)` with the staged bytes of all subtasks, in epoch order, never twice at once.
/// After a crash the epochs above `lastApplied()` are applied again from the checkpoint.
public protocol SinkCommitter: AnyObject, Sendable {
  /// Claims the sink for this run and answers with the newest epoch applied so far, or nil if there never was one.
  ///
  /// May block: called on a thread meant for that. Throws `SinkError` (retryable or not).
  func open(_ context: SinkContext) throws -> UInt64?

  /// Applies the epoch in one transaction together with the ledger row. Idempotent: an epoch at or below the ledger's is left alone.
  ///
  /// - Returns: how many rows the system took and how many it refused (already routed to the sink's own error table).
  func apply(_ epoch: StagedEpoch) throws -> ApplyReport

  func close()
}

/// What a committer may know about where it runs.
public struct SinkContext: Sendable {
  /// The job's name, as the ledger knows it.
  public let job: String
  /// The sink's id in the job, as the ledger knows it.
  public let id: String
  /// True when the job starts without a checkpoint: a ledger that has rows then means that the state was lost.
  public let isFresh: Bool
  /// The generation of the lease that the job runs under; nil where nobody else can run it.
  public let lease: UInt64?
  /// The clock, randomness and threads this run uses.
  public let runtime: any Runtime

  /// A context; without a lease unless said otherwise.
  public init(job: String, id: String, isFresh: Bool, lease: UInt64? = nil, runtime: any Runtime) {
    self.job = job
    self.id = id
    self.isFresh = isFresh
    self.lease = lease
    self.runtime = runtime
  }
}

/// The rows of one epoch, as the writers of all subtasks encoded them, in subtask order.
public struct StagedEpoch: Sendable {
  /// The checkpoint's number.
  public let epoch: UInt64
  /// Encoded rows, one chunk a subtask.
  public let chunks: [[UInt8]]
  /// Rows in all chunks.
  public let rows: Int
  /// A digest of the chunks, kept in the ledger.
  public let digest: UInt64
  /// The name of the manifest that made the epoch durable.
  public let manifest: String
  /// The sink is new to the job: nothing was ever staged for it up to this epoch, which has no rows for it either.
  public let begins: Bool

  /// An epoch's rows; of a sink that has had epochs before unless said otherwise.
  public init(epoch: UInt64, chunks: [[UInt8]], rows: Int, digest: UInt64, manifest: String, begins: Bool = false) {
    self.epoch = epoch
    self.chunks = chunks
    self.rows = rows
    self.digest = digest
    self.manifest = manifest
    self.begins = begins
  }
}

/// What became of an epoch's rows.
public struct ApplyReport: Sendable, Equatable {
  /// Rows that the system took.
  public var applied: Int
  /// Rows that it refused; they are kept in the sink's own error table.
  public var refused: Int
  /// The epoch stood in the ledger already (an unknown commit that had succeeded).
  public var wasApplied: Bool

  /// A report; nothing refused and not applied before unless said otherwise.
  public init(applied: Int, refused: Int = 0, wasApplied: Bool = false) {
    self.applied = applied
    self.refused = refused
    self.wasApplied = wasApplied
  }
}

/// A sink that could not do its work.
public struct SinkError: Error, CustomStringConvertible {
  /// What to do after the failure.
  public enum Retry: Sendable {
    /// The system may answer later: the runtime tries again with growing pauses, the job keeps its rows staged.
    case withBackoff
    /// A person must act. The message says how.
    case never
  }
  /// What happened, for people.
  public let message: String
  /// What a person can do about it; empty when there is nothing to say.
  public let hint: String
  /// Whether another attempt may succeed.
  public let retry: Retry

  /// A failure.
  public init(_ message: String, hint: String = "", retry: Retry) {
    self.message = message
    self.hint = hint
    self.retry = retry
  }

  /// The message, and the hint on a line of its own.
  public var description: String { hint.isEmpty ? message : "\(message)\n  hint: \(hint)" }
}

/// A writer's half of a sink. Encoded rows go to `stage`; the runtime takes it at every barrier.
public protocol SinkWriter: Operator {
  /// The rows encoded since the last barrier. The runtime calls this once per checkpoint and clears it.
  func takeStage() -> (bytes: [UInt8], rows: Int)
}
