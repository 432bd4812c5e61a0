/// A job as it was declared: nodes by id and who reads what. Made by the YAML planner or in Swift, checked by `GraphValidation`,
/// turned into chains and exchanges by `PhysicalPlan`.
public struct JobGraph: Sendable {
  /// The job's name: its state and its ledger are filed under it.
  public var name: String
  /// How many subtasks each step has.
  public var parallelism: Int
  /// What a crash may do to results.
  public var guarantee: Guarantee
  /// When state is saved.
  public var checkpoint: CheckpointPolicy
  /// How a failed job starts again.
  public var restart: RestartPolicy
  /// Where records come from, in the order of the job file.
  public var sources: [SourceNode]
  /// What is done with them, in the order of the job file.
  public var operators: [OperatorNode]
  /// Where results go, in the order of the job file.
  public var sinks: [SinkNode]
  /// Which part of a larger job this is; nil when it is a whole one.
  public var shard: JobShard?

  /// A graph; it is checked when the job is planned, not here.
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

  /// A policy; every five seconds unless said otherwise.
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
  /// Nanoseconds before the first attempt; doubled for each further one.
  public var initialDelay: Int64
  /// Nanoseconds: the longest pause between attempts.
  public var maxDelay: Int64
  /// Attempts in a row without a complete checkpoint between them; 0 = never restart.
  public var maxAttempts: Int

  /// A policy; ten attempts, one second to two minutes apart, unless said otherwise.
  public init(initialDelay: Int64 = 1_000_000_000, maxDelay: Int64 = 120_000_000_000, maxAttempts: Int = 10) {
    self.initialDelay = initialDelay
    self.maxDelay = maxDelay
    self.maxAttempts = maxAttempts
  }
}

/// Which output of which node is read.
public struct NodeInput: Hashable, Sendable, CustomStringConvertible {
  /// The id of the step that is read from.
  public var node: String
  /// Nil for the node's main output.
  public var side: SideOutput?

  /// An input: the step's main output, or one of its side outputs.
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
  /// How the field's number or text is read.
  public var unit: Unit
  /// Nanoseconds. The watermark of a split is its largest event time minus this.
  public var maxOutOfOrder: Int64
  /// A split without records for this many nanoseconds of processing time no longer holds the watermark back; nil = never idle.
  public var idleAfter: Int64?
  /// Times outside of this range are errors (`impossible-time`), nanoseconds since 1970.
  public var plausible: ClosedRange<Int64>
  /// The source's splits are what other stages of the job made: it says itself how far their time has come, and all times are as they should be.
  public var isRelayed = false

  /// 1990 to 2100.
  public static let defaultPlausible: ClosedRange<Int64> = 631_152_000_000_000_000...4_102_444_800_000_000_000

  /// A policy; records may not be out of order, and no split is ever idle, unless said otherwise.
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
  /// The id, unique in the job.
  public var id: String
  /// The YAML type, for display.
  public var type: String
  /// The reader's schema, decoders and factory.
  public var planned: PlannedSource
  /// Where event time is; nil when the source sets it, or nothing needs it.
  public var time: TimePolicy?
  /// What happens to a record that cannot be decoded or has no usable time.
  public var onError: ErrorPolicy

  /// A source under an id.
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
  /// The id, unique in the job.
  public var id: String
  /// Its type, for people.
  public var type: String
  /// What it reads from.
  public var inputs: [NodeInput]
  /// Its schema and factory.
  public var planned: PlannedOperator
  /// Event time read from this operator's output, when the source could not know it (a field parsed here).
  public var time: TimePolicy?
  /// What happens to a record that it cannot process.
  public var onError: ErrorPolicy

  /// An operator under an id.
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
  /// The id, unique in the job.
  public var id: String
  /// Its type, for people.
  public var type: String
  /// All of them must have the same field names and types.
  public var inputs: [NodeInput]
  /// How it delivers, and its factory.
  public var planned: PlannedSink
  /// The job says that rows of this sink may leave twice after a crash although its guarantee is exactly-once.
  public var acceptsLive: Bool

  /// A sink under an id.
  public init(id: String, type: String, inputs: [NodeInput], planned: PlannedSink, acceptsLive: Bool = false) {
    self.id = id
    self.type = type
    self.inputs = inputs
    self.planned = planned
    self.acceptsLive = acceptsLive
  }
}
