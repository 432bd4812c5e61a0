/// A job as it was declared: nodes by id and who reads what. Made by the YAML planner or in Swift, checked by `GraphValidation`,
/// turned into chains and exchanges by `PhysicalPlan`.
public struct JobGraph: Sendable {
  public var name: String
  public var parallelism: Int
  public var guarantee: Guarantee
  public var checkpoint: CheckpointPolicy
  public var restart: RestartPolicy
  public var sources: [SourceNode]
  public var operators: [OperatorNode]
  public var sinks: [SinkNode]

  public init(
    name: String, parallelism: Int = 1, guarantee: Guarantee = .exactlyOnce, checkpoint: CheckpointPolicy = CheckpointPolicy(),
    restart: RestartPolicy = RestartPolicy(), sources: [SourceNode] = [], operators: [OperatorNode] = [], sinks: [SinkNode] = []
  ) {
    self.name = name
    self.parallelism = parallelism
    self.guarantee = guarantee
    self.checkpoint = checkpoint
    self.restart = restart
    self.sources = sources
    self.operators = operators
    self.sinks = sinks
  }
}

/// What a crash may do to results.
public enum Guarantee: String, Sendable, CaseIterable {
  case exactlyOnce = "exactly-once"
  case atLeastOnce = "at-least-once"
  case none
}

/// When checkpoints are taken and how many are kept.
public struct CheckpointPolicy: Sendable, Hashable {
  /// Nanoseconds between the starts of two checkpoints.
  public var interval: Int64
  /// Nanoseconds after which a checkpoint that is not complete is given up.
  public var timeout: Int64
  /// How many complete checkpoints are kept.
  public var retain: Int
  /// Where they are kept: an absolute or relative folder.
  public var store: String
  /// A second folder that gets a copy of everything, or nil.
  public var secondCopy: String?

  public init(
    interval: Int64 = 5_000_000_000, timeout: Int64 = 600_000_000_000, retain: Int = 3, store: String = ".sloscout",
    secondCopy: String? = nil
  ) {
    self.interval = interval
    self.timeout = timeout
    self.retain = retain
    self.store = store
    self.secondCopy = secondCopy
  }
}

/// How often and how soon a failed job is started again from its last checkpoint.
public struct RestartPolicy: Sendable, Hashable {
  public var initialDelay: Int64
  public var maxDelay: Int64
  /// Attempts in a row without a complete checkpoint between them; 0 = never restart.
  public var maxAttempts: Int

  public init(initialDelay: Int64 = 1_000_000_000, maxDelay: Int64 = 120_000_000_000, maxAttempts: Int = 10) {
    self.initialDelay = initialDelay
    self.maxDelay = maxDelay
    self.maxAttempts = maxAttempts
  }
}

/// Which output of which node is read.
public struct NodeInput: Hashable, Sendable, CustomStringConvertible {
  public var node: String
  /// Nil for the node's main output.
  public var side: SideOutput?

  public init(_ node: String, _ side: SideOutput? = nil) {
    self.node = node
    self.side = side
  }

  /// `complete` or `complete.errors`, as in YAML.
  public var description: String { side.map { "\(node).\($0.rawValue)" } ?? node }
}

/// Where the event time of records stands and how far out of order they may be.
public struct TimePolicy: Sendable, Hashable {
  /// How the field's number or text is read.
  public enum Unit: String, Sendable, CaseIterable {
    case nanoseconds, microseconds, milliseconds, seconds
    /// RFC 3339 text in a bytes column.
    case rfc3339
  }
  /// The field that holds the time; nil when the source sets `times` itself.
  public var field: String?
  public var unit: Unit
  /// Nanoseconds. The watermark of a split is its largest event time minus this.
  public var maxOutOfOrder: Int64
  /// A split without records for this many nanoseconds of processing time no longer holds the watermark back; nil = never idle.
  public var idleAfter: Int64?
  /// Times outside of this range are errors (`impossible-time`), nanoseconds since 1970.
  public var plausible: ClosedRange<Int64>

  /// 1990 to 2100.
  public static let defaultPlausible: ClosedRange<Int64> = 631_152_000_000_000_000...4_102_444_800_000_000_000

  public init(
    field: String? = nil, unit: Unit = .nanoseconds, maxOutOfOrder: Int64 = 0, idleAfter: Int64? = nil,
    plausible: ClosedRange<Int64> = TimePolicy.defaultPlausible
  ) {
    self.field = field
    self.unit = unit
    self.maxOutOfOrder = maxOutOfOrder
    self.idleAfter = idleAfter
    self.plausible = plausible
  }
}

/// A source of the job.
public struct SourceNode: Sendable {
  public var id: String
  /// The YAML type, for display.
  public var type: String
  public var planned: PlannedSource
  public var time: TimePolicy?
  public var onError: ErrorPolicy

  public init(id: String, type: String, planned: PlannedSource, time: TimePolicy? = nil, onError: ErrorPolicy = .fail) {
    self.id = id
    self.type = type
    self.planned = planned
    self.time = time
    self.onError = onError
  }
}

/// An operator of the job.
public struct OperatorNode: Sendable {
  public var id: String
  public var type: String
  public var inputs: [NodeInput]
  public var planned: PlannedOperator
  /// Event time read from this operator's output, when the source could not know it (a field parsed here).
  public var time: TimePolicy?
  public var onError: ErrorPolicy

  public init(
    id: String, type: String, inputs: [NodeInput], planned: PlannedOperator, time: TimePolicy? = nil, onError: ErrorPolicy = .fail
  ) {
    self.id = id
    self.type = type
    self.inputs = inputs
    self.planned = planned
    self.time = time
    self.onError = onError
  }
}

/// A sink of the job.
public struct SinkNode: Sendable {
  public var id: String
  public var type: String
  /// All of them must have the same field names and types.
  public var inputs: [NodeInput]
  public var planned: PlannedSink
  /// The job says that rows of this sink may leave twice after a crash although its guarantee is exactly-once.
  public var acceptsLive: Bool

  public init(id: String, type: String, inputs: [NodeInput], planned: PlannedSink, acceptsLive: Bool = false) {
    self.id = id
    self.type = type
    self.inputs = inputs
    self.planned = planned
    self.acceptsLive = acceptsLive
  }
}
