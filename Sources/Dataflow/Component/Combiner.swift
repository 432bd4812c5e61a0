/// Combines the records of one key on their way to a keyed step in another process, so that few cross where many would.
///
/// Synchronous and owned by the sending end of an exchange, which empties it before every barrier: it has no state of its own. What it hands on are
/// rows of the same schema that have the key's fields, the event time that decides where they belong, and a summary.
public protocol Combiner: AnyObject {
  /// Takes alive rows in, whose keys are hashed, and drops them from the selection. What it cannot combine stays alive there.
  ///
  /// - Parameter clock: what would be late by this time is left alive: only who receives it knows.
  func combine(_ batch: RecordBatch, clock: Int64)

  /// Whether it holds so much that it should be emptied before the barrier.
  var isFull: Bool { get }

  /// Hands on all that it took, and is empty.
  func flush(_ send: (RecordBatch) throws -> Void) rethrows
}

/// How the records for a keyed step are combined before they cross, and how that step is made when they are.
///
/// The result must be the same, whichever records are combined with which.
public struct PlannedCombining: Sendable {
  /// The most bytes of a row that a combiner hands on.
  public var summaryBytes: Int
  /// Makes a combiner, once per sending subtask. Gets the schema of the rows, and the field of it that is null but in combined ones.
  public var makeCombiner: @Sendable (Schema, Field) -> any Combiner
  /// Makes the step, which then takes both: records as they are, and combined ones.
  public var makeOperator: @Sendable (Field) throws -> any Operator

  /// How.
  public init(
    summaryBytes: Int, makeCombiner: @escaping @Sendable (Schema, Field) -> any Combiner,
    makeOperator: @escaping @Sendable (Field) throws -> any Operator
  ) {
    self.summaryBytes = summaryBytes
    self.makeCombiner = makeCombiner
    self.makeOperator = makeOperator
  }
}
