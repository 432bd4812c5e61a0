/// A step of a job: takes batches, gives batches. Synchronous, and owned by one subtask, so an implementation needs no locks.
///
/// One call per *batch* crosses the existential; inside, loop over `batch.selection[0..<batch.selectedCount]`.
/// An operator may edit the batch in place (write columns that its output schema added, drop rows from the selection) and pass it on with
/// `output.emit(batch)`; it may also emit batches of its own. It must not keep a batch after the call returns.
///
/// Every record that comes in is accounted for: it leaves in an emitted batch, is absorbed (`output.absorb`), or is reported to
/// `output.filtered`, `.duplicate`, `.late` or `.fail`. The conformance suite checks the sum.
public protocol Operator: AnyObject {
  /// Called once, before `restore` and the first record.
  func open(_ context: OperatorContext) throws

  func process(_ batch: RecordBatch, _ output: Output) throws

  /// No later record will have an event time at or before `watermark`, unless it is late.
  func onWatermark(_ watermark: Int64, _ output: Output) throws

  /// All splits that the records come from fell idle, so that none says how far time has come, or one has records again.
  func onIdle(_ isIdle: Bool, _ output: Output) throws

  /// Called about every 100 ms of processing time, for results that are due by the clock.
  func onTick(_ now: Int64, _ output: Output) throws

  /// The bounded input is at its end: emit what is still open. The state stays: a later run may go on from it.
  func onEndOfInput(_ output: Output) throws

  /// The checkpoint that comes now is the last of this cut of the job: `snapshot` follows, and then nothing.
  func onDrain()

  /// Hands over everything that `restore` needs. Pointer copies only: bytes are encoded later, on another thread.
  func snapshot(_ into: inout SnapshotBuilder) throws

  /// Takes back what `snapshot` gave, from all subtasks that have keys of this one's range. Called before the first record.
  func restore(_ from: StateReader) throws

  func close()

  /// What the operator counts besides records, for progress and metrics: names and numbers since it was opened, never record contents.
  var counts: [(name: String, count: Int)] { get }
}

extension Operator {
  /// Needs nothing.
  public func open(_ context: OperatorContext) throws {}
  /// Does nothing when time advances.
  public func onWatermark(_ watermark: Int64, _ output: Output) throws {}
  /// Does not care whether there are records.
  public func onIdle(_ isIdle: Bool, _ output: Output) throws {}
  /// Does nothing by the clock.
  public func onTick(_ now: Int64, _ output: Output) throws {}
  /// Holds nothing back.
  public func onEndOfInput(_ output: Output) throws {}
  /// Need not know.
  public func onDrain() {}
  /// Has no state.
  public func snapshot(_ into: inout SnapshotBuilder) throws {}
  /// Has no state.
  public func restore(_ from: StateReader) throws {}
  /// Has nothing to give back.
  public func close() {}
  /// Counts nothing besides.
  public var counts: [(name: String, count: Int)] { [] }
}

/// What an operator may know about where it runs.
public struct OperatorContext: Sendable {
  /// The job's name.
  public let job: String
  /// The operator's id in the job: the name its state and its errors are filed under.
  public let id: String
  /// Which of the subtasks this is, from 0.
  public let subtask: Int
  /// How many subtasks the operator has.
  public let parallelism: Int
  /// The names of the job's splits.
  public let splits: SplitTable
  /// The clock, randomness and I/O this run uses.
  public let runtime: any Runtime

  /// A context; of a single subtask unless said otherwise.
  public init(job: String, id: String, subtask: Int = 0, parallelism: Int = 1, splits: SplitTable = SplitTable(), runtime: any Runtime) {
    self.job = job
    self.id = id
    self.subtask = subtask
    self.parallelism = parallelism
    self.splits = splits
    self.runtime = runtime
  }
}
