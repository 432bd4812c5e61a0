public import Dataflow

/// A source, an operator or a sink as the file declares it.
public struct ComponentDefinition: Sendable {
  /// Its name: unique in the job.
  public var id: String
  /// Source, operator or sink.
  public var role: GraphShape.Role
  /// A type of the catalog, or what stands there instead.
  public var type: String
  /// The name of the Connection it uses.
  public var connection: String?
  /// What it reads; empty for a source.
  public var inputs: [NodeInput]
  /// What becomes of a record that it cannot process; `fail` for a sink.
  public var onError: ErrorPolicy
  /// Where the event time of its records is.
  public var time: TimeDefinition?
  /// `delivery: live`: the job accepts that rows of this sink may leave twice.
  public var acceptsLive: Bool
  /// The checked options of its type; nil when something is wrong with them, which has been reported.
  public var config: Config?
  /// An input was written that is no input at all; reported.
  var hasUnreadableInput: Bool

  /// `operators.complete`
  var path: String { "\(role.section).\(id)" }
  var node: GraphShape.Node { GraphShape.Node(id: id, role: role, inputs: inputs, onError: onError) }
}

/// The `time:` of a source or an operator. The unit may be left out where the field's column says it.
public struct TimeDefinition: Sendable, Hashable {
  /// The field that holds the time; nil when the source knows it by itself.
  public var field: String?
  /// How the field is read; nil when its column says it.
  public var unit: TimePolicy.Unit?
  /// Nanoseconds.
  public var maxOutOfOrder: Int64
  /// Nanoseconds; nil when a quiet split always holds the watermark back.
  public var idleAfter: Int64?
}

/// A `Connection` document, checked.
public struct ConnectionDefinition: Sendable {
  /// What components refer to it by.
  public var name: String
  /// The kind of system; empty when there is no such kind.
  public var type: String
  /// Nil when something is wrong with its options, which has been reported.
  public var config: Config?
}

/// One entry of `tests:`: what a job must make of a few records, on virtual time.
public struct JobTestSpec: Sendable {
  /// What happens to the source, in order.
  public enum Step: Sendable {
    /// A record for the source, as a map of field names to values.
    case record(ConfigValue)
    /// No later record is older than this.
    case watermark(ConfigValue)
  }

  /// What the test claims.
  public var name: String
  /// The id of the source that the records stand in for.
  public var source: String
  /// The records and watermarks, in order.
  public var given: [Step]
  /// For each output that is looked at: the records it must have given, in order, each with at least the fields that are written.
  public var expected: [(output: NodeInput, records: [ConfigValue])]
}
