public import Dataflow

/// Runs a planned operator on a number of subtasks without a job around it: partitions its input as an exchange would, collects what it
/// hands on, takes checkpoints as the engine does (increments included) and goes on from them at any parallelism.
public final class OperatorDriver {
  /// Keeps what one subtask hands on.
  private final class Collector: Output {
    let schema: Schema
    var rows: [String] = []
    var sides: [SideOutput: [String]] = [:]

    init(_ schema: Schema, _ onError: ErrorPolicy) {
      self.schema = schema
      super.init(operatorID: "tested", onError: onError)
    }

    override func deliver(_ batch: RecordBatch) throws { rows += RowText.rows(batch, schema) }
    override func deliver(_ batch: RecordBatch, to side: SideOutput) throws {
      sides[side, default: []] += RowText.rows(batch, ErrorRecords.schema)
    }
    override func hasReader(of side: SideOutput) -> Bool { true }
  }

  private struct Subtask {
    let operation: any Operator
    let output: Collector
    /// Section name to its parts so far, as a manifest would list them.
    var saved: [String: [[UInt8]]] = [:]
  }

  private let planned: PlannedOperator
  private let input: Schema
  private let onError: ErrorPolicy
  private let runtime: any Runtime
  private let splits = SplitTable()
  private var subtasks: [Subtask] = []
  private var doneRows: [String] = []
  private var doneSides: [SideOutput: [String]] = [:]
  private var doneCounters = OperatorCounters()
  private var sent: Int64 = 0

  /// An operator that starts afresh.
  ///
  /// - Throws: what the operator throws.
  public init(_ planned: PlannedOperator, input: Schema, subtasks: Int = 1, onError: ErrorPolicy = .route) throws {
    self.planned = planned
    self.input = input
    self.onError = onError
    runtime = SimulatedRuntime(seed: 1, disk: SimulatedDisk(seed: 1))
    try start(subtasks)
  }

  private func start(_ count: Int) throws {
    subtasks = try (0..<count).map { index in
      let operation = try planned.make()
      try operation.open(OperatorContext(job: "test", id: "tested", subtask: index, parallelism: count, splits: splits, runtime: runtime))
      return Subtask(operation: operation, output: Collector(planned.schema, onError))
    }
  }

  /// What came out of the main output so far, `time|field=value|…`.
  public var rows: [String] { doneRows + subtasks.flatMap(\.output.rows) }
  /// What came out of a side output so far.
  public func rows(of side: SideOutput) -> [String] { (doneSides[side] ?? []) + subtasks.flatMap { $0.output.sides[side] ?? [] } }
  /// Totals over all subtasks and restarts.
  public var counters: OperatorCounters { subtasks.reduce(doneCounters) { $0 + $1.output.counters } }

  /// Sends rows in one batch, each to the subtask that owns its key.
  public func send(_ rows: [TestRow], dead: Set<Int> = []) throws {
    let schema = input
    let first = sent
    sent += Int64(rows.count - dead.count)
    let batch = TestRow.batch(rows, schema, dead: dead, firstOffset: first)
    guard let keys = planned.keyFields else {
      try process(batch, 0)
      return
    }
    Exchange.hashKeys(of: batch, keys)
    for index in subtasks.indices {
      // A batch of its own for each: operators edit in place.
      let part = TestRow.batch(rows, schema, dead: dead, firstOffset: first)
      Exchange.hashKeys(of: part, keys)
      let range = KeyGroup.range(ofSubtask: index, parallelism: subtasks.count)
      part.filterSelection { range.contains(part.keys[$0].group) }
      if part.selectedCount > 0 { try process(part, index) }
    }
  }

  /// Sends a batch to the only subtask there is.
  public func send(_ batch: RecordBatch) throws {
    precondition(subtasks.count == 1, "a batch for one subtask; there are \(subtasks.count)")
    if let keys = planned.keyFields { Exchange.hashKeys(of: batch, keys) }
    try process(batch, 0)
  }

  private func process(_ batch: RecordBatch, _ index: Int) throws {
    let subtask = subtasks[index]
    subtask.output.received(batch.selectedCount)
    batch.extend(to: planned.schema)
    try subtask.operation.process(batch, subtask.output)
    try subtask.output.flushErrors()
  }

  /// Raises the watermark of all subtasks, or of one.
  public func watermark(_ watermark: Int64, subtask only: Int? = nil) throws {
    for (index, subtask) in subtasks.enumerated() where only.map({ $0 == index }) ?? true {
      try subtask.operation.onWatermark(watermark, subtask.output)
      try subtask.output.flushErrors()
    }
  }

  /// A clock tick.
  public func tick(_ now: Int64) throws { for subtask in subtasks { try subtask.operation.onTick(now, subtask.output) } }

  /// The input is at its end.
  public func endOfInput() throws {
    for subtask in subtasks {
      try subtask.operation.onEndOfInput(subtask.output)
      try subtask.output.flushErrors()
    }
  }

  /// Takes a complete checkpoint, incremental where the operator's state allows it.
  public func checkpoint() throws {
    for index in subtasks.indices {
      var builder = SnapshotBuilder()
      try subtasks[index].operation.snapshot(&builder)
      var saved: [String: [[UInt8]]] = [:]
      for (name, content) in builder.sections {
        switch content {
        case .bytes(let bytes): saved[name] = [bytes]
        case .lazy(let section):
          let earlier = subtasks[index].saved[name] ?? []
          let isFull = section.isFull || earlier.isEmpty
          var part: [UInt8] = []
          try section.encode(full: isFull) { part.append(contentsOf: $0) }
          section.completed()
          saved[name] = isFull ? [part] : part.isEmpty ? earlier : earlier + [part]
        }
      }
      subtasks[index].saved = saved
    }
  }

  /// Throws all subtasks away and starts others from the last checkpoint. Counters and rows since then are kept: take a checkpoint before.
  public func restart(subtasks count: Int) throws {
    doneRows = rows
    for side in SideOutput.allCases { doneSides[side] = rows(of: side) }
    doneCounters = counters
    let saved = subtasks.map(\.saved)
    for subtask in subtasks { subtask.operation.close() }
    try start(count)
    for index in subtasks.indices {
      try subtasks[index].operation.restore(
        StateReader(subtasks: saved, keyGroups: KeyGroup.range(ofSubtask: index, parallelism: count), isFirst: index == 0))
    }
  }

  /// Bytes of the last checkpoint, all subtasks and parts.
  public var savedBytes: Int { subtasks.reduce(0) { $0 + $1.saved.values.joined().reduce(0) { $0 + $1.count } } }
}
