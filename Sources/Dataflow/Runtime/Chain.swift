/// The operators of one subtask, wired: each has an `Output` that calls the next one or fills an exchange. Synchronous; owned by the subtask.
final class Chain {
  struct Node {
    let id: String
    let operation: any Operator
    let output: ChainOutput
    /// What must be added to a batch before the operator sees it; nil when nothing.
    let added: Schema?
    /// The operator as a sink writer, if it is one.
    let writer: (any SinkWriter)?
  }
  private(set) var nodes: [Node] = []
  let exchanges: [Int: Exchange]
  let outbox: Outbox
  /// The node that knows the watermark, in a source's chain.
  private(set) var timeNode: (index: Int, assign: AssignTime)?

  /// Makes the operators of a vertex.
  init(
    _ vertex: PhysicalPlan.Vertex, exchanges: [Int: Exchange], outbox: Outbox, taps: EdgeTaps, context: (String) -> OperatorContext
  ) throws {
    self.exchanges = exchanges
    self.outbox = outbox
    for (index, plan) in vertex.nodes.enumerated() {
      let context = context(plan.id)
      let operation: any Operator
      switch plan.kind {
      case .operation(let planned):
        operation = try planned.stage.map { StageOperator(try $0.make(), isKeyed: planned.keyFields != nil) } ?? planned.make()
      case .sink(let planned): operation = try planned.make()
      case .assignTime(let policy, let field):
        let assign = AssignTime(policy, field: field, context: context)
        timeNode = (nodes.count, assign)
        operation = assign
      }
      // Errors name the operator of the job file, not the parts that the plan made of it.
      let shown = Self.step(plan.id)
      let output = ChainOutput(operatorID: shown, onError: plan.onError, plan: plan)
      output.chain = self
      // What the last of the parts hands on is what the step does.
      if !vertex.nodes[(index + 1)...].contains(where: { Self.step($0.id) == shown }) { output.tap = taps.edge(shown) }
      output.errorsTap = taps.edge("\(shown).errors")
      output.lateTap = taps.edge("\(shown).late")
      nodes.append(
        Node(
          id: plan.id, operation: operation, output: output, added: plan.handsOnBatches ? plan.schema : nil,
          writer: operation as? any SinkWriter))
    }
  }

  /// The step of the job file that a part belongs to.
  private static func step(_ id: String) -> String { String(id.prefix { $0 != "#" }) }

  /// Opens the operators. When one cannot be opened, `close` closes them all.
  func open(context: (String) -> OperatorContext) throws {
    for node in nodes { try node.operation.open(context(node.id)) }
  }

  /// Runs a batch through a node and all that hangs on it.
  func process(_ batch: RecordBatch, at index: Int) throws {
    let node = nodes[index]
    node.output.received(batch.selectedCount)
    if let schema = node.added { batch.extend(to: schema) }
    try node.operation.process(batch, node.output)
    try node.output.flushErrors()
  }

  /// Passes a watermark through the nodes, upstream first, then to the exchanges. In a source's chain it starts behind the node that made it.
  func onWatermark(_ watermark: Int64) throws {
    for index in (timeNode.map { $0.index + 1 } ?? 0)..<nodes.count {
      let node = nodes[index]
      try node.operation.onWatermark(watermark, node.output)
      try node.output.flushErrors()
    }
    broadcast(.watermark(watermark))
  }

  /// Nothing upstream holds the time back any more, or something does again.
  func onIdle(_ isIdle: Bool) throws {
    for node in nodes { try node.operation.onIdle(isIdle, node.output) }
    broadcast(.idle(isIdle))
  }

  func onTick(_ now: Int64) throws {
    for node in nodes { try node.operation.onTick(now, node.output) }
    flush()
  }

  /// Queues the partly filled batches of every edge, in the order of the plan: a simulation must not depend on a dictionary's.
  func flush() {
    for edge in exchanges.keys.sorted() { exchanges[edge]?.flush() }
  }

  func onEndOfInput() throws {
    for node in nodes {
      try node.operation.onEndOfInput(node.output)
      try node.output.flushErrors()
    }
    broadcast(.endOfInput)
  }

  /// Queues a control element on every edge, in the order of the plan.
  func broadcast(_ element: Element) {
    for edge in exchanges.keys.sorted() { exchanges[edge]?.broadcast(element) }
  }

  /// Captures the state of every node. Pointer copies only.
  func snapshot() throws -> [OperatorSnapshot] {
    try nodes.map { node in
      var builder = SnapshotBuilder()
      try node.operation.snapshot(&builder)
      let stage = node.writer?.takeStage()
      return OperatorSnapshot(
        id: node.id, sections: builder.sections, counters: node.output.counters, stage: stage?.bytes, stagedRows: stage?.rows ?? 0)
    }
  }

  func close() {
    for node in nodes {
      node.operation.close()
      node.output.chain = nil
    }
  }
}

/// An operator's output inside a chain.
final class ChainOutput: Output {
  // The chain owns its outputs; `close` cuts this back-reference.
  unowned(unsafe) var chain: Chain!
  private let main: [PhysicalPlan.Target]
  private let errors: [PhysicalPlan.Target]
  private let late: [PhysicalPlan.Target]
  private let schema: Schema
  /// Where somebody may look at what goes out.
  var tap: EdgeTaps.Edge?
  var errorsTap: EdgeTaps.Edge?
  var lateTap: EdgeTaps.Edge?

  init(operatorID: String, onError: ErrorPolicy, plan: PhysicalPlan.Node) {
    main = plan.main
    errors = plan.errors
    late = plan.late
    schema = plan.schema
    super.init(operatorID: operatorID, onError: onError)
  }

  override func deliver(_ batch: RecordBatch) throws {
    tap?.offer(batch, schema)
    try deliver(batch, main, schema)
  }

  override func deliver(_ batch: RecordBatch, to side: SideOutput) throws {
    (side == .errors ? errorsTap : lateTap)?.offer(batch, ErrorRecords.schema)
    try deliver(batch, side == .errors ? errors : late, ErrorRecords.schema)
  }

  override func hasReader(of side: SideOutput) -> Bool { !(side == .errors ? errors : late).isEmpty }

  private func deliver(_ batch: RecordBatch, _ targets: [PhysicalPlan.Target], _ schema: Schema) throws {
    guard let last = targets.last else { return }
    // Operators edit batches in place, so every reader but the last gets a copy.
    for target in targets.dropLast() { try deliver(batch.copy(schema), to: target) }
    try deliver(batch, to: last)
  }

  private func deliver(_ batch: RecordBatch, to target: PhysicalPlan.Target) throws {
    switch target {
    case .node(let index): try chain.process(batch, at: index)
    case .edge(let edge): chain.exchanges[edge]?.send(batch)
    }
  }
}

/// What one operator of one subtask handed over at a barrier.
struct OperatorSnapshot: Sendable {
  let id: String
  let sections: [(name: String, content: SnapshotBuilder.SectionContent)]
  let counters: OperatorCounters
  /// Rows that a sink writer encoded since the last barrier.
  let stage: [UInt8]?
  let stagedRows: Int
}
