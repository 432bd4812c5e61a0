/// What a kind of operator is called, what it does and which options it takes. Documentation, schema, checks and `explain` are made from it.
public struct Descriptor: Sendable {
  /// The YAML `type`: kebab-case.
  public var type: String
  /// One sentence, as a user would say it.
  public var summary: String
  /// The options under `config:`, in the order of the documentation.
  public var fields: [ConfigField]
  /// A short YAML example of the `config:` object.
  public var example: String

  /// A descriptor.
  public init(type: String, summary: String, fields: [ConfigField], example: String = "") {
    self.type = type
    self.summary = summary
    self.fields = fields
    self.example = example
  }
}

/// An entry of the operator catalog: the descriptor, and how a checked configuration becomes a plan.
public struct OperatorType: Sendable {
  /// What it is called and which options it takes.
  public var descriptor: Descriptor
  /// Resolves fields against the input schema and answers with the output schema and a factory.
  ///
  /// Throws `Diagnostic` for what only the schema can tell (a field that does not exist, a wrong column type).
  public var plan: @Sendable (Config, Schema) throws -> PlannedOperator

  /// An entry.
  public init(_ descriptor: Descriptor, plan: @escaping @Sendable (Config, Schema) throws -> PlannedOperator) {
    self.descriptor = descriptor
    self.plan = plan
  }
}

/// An operator that is ready to be made, once per subtask.
public struct PlannedOperator: Sendable {
  /// The schema of the records it hands on.
  public var schema: Schema
  /// The fields by which its input must be partitioned; nil when any subtask may see any record.
  public var keyFields: [Field]?
  /// Whether its results depend on event time, so that something upstream must say what the time is.
  public var needsTime: Bool
  /// Whether it has a `late` output.
  public var hasLateOutput: Bool
  /// The input fields it reads, so that an exchange before it carries no others; nil = all.
  public var reads: [Field]?
  /// Whether it emits batches that it makes, and leaves those that it is given as they are: these then need none of its columns.
  public var makesBatches: Bool
  /// How its records can be combined before they cross to another process; nil when each has to go there as it is.
  public var combining: PlannedCombining?
  /// Set for a step that waits for calls: the runtime then drives this stage, and `make` is not used.
  public var stage: AsyncStagePlan?
  /// Makes the operator, once per subtask.
  public var make: @Sendable () throws -> any Operator

  /// A plan; not keyed, without need of time, without late output and handing on the batches that it is given unless said otherwise.
  public init(
    schema: Schema, keyFields: [Field]? = nil, needsTime: Bool = false, hasLateOutput: Bool = false,
    reads: [Field]? = nil, makesBatches: Bool = false, make: @escaping @Sendable () throws -> any Operator
  ) {
    self.schema = schema
    self.keyFields = keyFields
    self.needsTime = needsTime
    self.hasLateOutput = hasLateOutput
    self.reads = reads
    self.makesBatches = makesBatches
    self.make = make
  }

  /// A step that waits for calls; keyed when what it remembers is.
  public init(schema: Schema, keyFields: [Field]? = nil, stage: AsyncStagePlan) {
    self = .identity(schema)
    self.keyFields = keyFields
    self.stage = stage
  }
}

/// An entry of the source catalog.
public struct SourceType: Sendable {
  /// What it is called and which options it takes.
  public var descriptor: Descriptor
  /// Resolves checked options. Throws `Diagnostic` for what only the source can tell.
  public var plan: @Sendable (Config) throws -> PlannedSource
  /// Whether its records are lines in a field `line`, whose meaning a format can add.
  public var givesLines: Bool

  /// An entry.
  public init(_ descriptor: Descriptor, givesLines: Bool = false, plan: @escaping @Sendable (Config) throws -> PlannedSource) {
    self.descriptor = descriptor
    self.givesLines = givesLines
    self.plan = plan
  }
}

/// A source that is ready to be made, once per subtask.
public struct PlannedSource: Sendable {
  /// The columns of the batches that the reader fills.
  public var schema: Schema
  /// Whether a position can be sought again after a crash: exactly-once needs it.
  public var isReplayable: Bool
  /// Whether the input ends.
  public var isBounded: Bool
  /// Makes the reader, once per subtask.
  public var make: @Sendable () throws -> any SourceReader
  /// Operators that belong to the source and run right behind the reader (decoding a format).
  public var decoders: [PlannedOperator]
  /// The field that holds the event time, when the format knows one and the job names none.
  public var timeField: (name: String, unit: TimePolicy.Unit)?

  /// A plan; without decoders unless said otherwise.
  public init(
    schema: Schema, isReplayable: Bool, isBounded: Bool, decoders: [PlannedOperator] = [],
    timeField: (name: String, unit: TimePolicy.Unit)? = nil, make: @escaping @Sendable () throws -> any SourceReader
  ) {
    self.schema = schema
    self.isReplayable = isReplayable
    self.isBounded = isBounded
    self.decoders = decoders
    self.timeField = timeField
    self.make = make
  }
}

/// An entry of the sink catalog.
public struct SinkType: Sendable {
  /// What it is called and which options it takes.
  public var descriptor: Descriptor
  /// Arguments: the sink's options, the checked options of its `connection` (if it names one), its input schema.
  public var plan: @Sendable (Config, Config?, Schema) throws -> PlannedSink

  /// An entry.
  public init(_ descriptor: Descriptor, plan: @escaping @Sendable (Config, Config?, Schema) throws -> PlannedSink) {
    self.descriptor = descriptor
    self.plan = plan
  }
}

/// A sink that is ready to be made: a writer per subtask, and one committer unless rows leave at once.
public struct PlannedSink: Sendable {
  /// When rows leave, and how often.
  public enum Delivery: Sendable {
    /// Rows are staged with the checkpoint and applied after it is durable.
    case exactlyOnce(@Sendable () throws -> any SinkCommitter)
    /// Rows leave as they come; after a crash some leave twice.
    case live
  }
  /// When rows leave, and how often.
  public var delivery: Delivery
  /// Makes the writer, once per subtask; a `SinkWriter` when rows are staged.
  public var make: @Sendable () throws -> any Operator

  /// A plan.
  public init(delivery: Delivery, make: @escaping @Sendable () throws -> any Operator) {
    self.delivery = delivery
    self.make = make
  }
}
