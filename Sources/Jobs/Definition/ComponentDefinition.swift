public import Dataflow

/// A source, an operator or a sink as the file declares it.
public struct ComponentDefinition: Sendable {
  public var id: String
  public var role: GraphShape.Role
  public var type: String
  /// The name of the Connection it uses.
  public var connection: String?
  public var inputs: [NodeInput]
  public var onError: ErrorPolicy
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
  public var field: String?
  public var unit: TimePolicy.Unit?
  /// Nanoseconds.
  public var maxOutOfOrder: Int64
  /// Nanoseconds; nil when a quiet split always holds the watermark back.
  public var idleAfter: Int64?
}

/// A `Connection` document, checked.
public struct ConnectionDefinition: Sendable {
  public var name: String
  public var type: String
  /// Nil when something is wrong with its options, which has been reported.
  public var config: Config?
}

/// One entry of `tests:`: what a job must make of a few records, on virtual time.
public struct JobTestSpec: Sendable {
  public enum Step: Sendable {
    /// A record for the source, as a map of field names to values.
    case record(ConfigValue)
    /// No later record is older than this.
    case watermark(ConfigValue)
  }

  public var name: String
  /// The id of the source that the records stand in for.
  public var source: String
  public var given: [Step]
  /// For each output that is looked at: the records it must have given, in order, each with at least the fields that are written.
  public var expected: [(output: NodeInput, records: [ConfigValue])]
}
