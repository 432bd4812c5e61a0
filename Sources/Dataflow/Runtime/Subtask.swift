/// One of the parallel instances of a vertex: an actor pinned to a slot. Its loop is the only asynchronous code on the data path.
actor Subtask {
  /// What a subtask is made from; everything in it may cross threads.
  struct Plan: Sendable {
    var vertexIndex: Int
    var vertex: PhysicalPlan.Vertex
    var subtask: Int
    var parallelism: Int
    var job: String
    var shard: JobShard?
    var attempt: UInt64
    var runtime: any Runtime
    var taps: EdgeTaps
    var splits: SplitTable
    /// Nil for a source.
    var gate: InputGate?
    /// The columns of what comes through the gate; none for a source.
    var inputSchema: Schema
    /// Per channel of the gate, the node that its records are for.
    var channelNodes: [Int]
    /// Per out-edge: the edge and the receivers' gates.
    var outputs: [(edge: Int, plan: PhysicalPlan.Edge, targets: [(gate: InputGate, channel: Int)])]
    var control: SourceControl?
    var stage: StageControl?
    var alignment: SourceAlignment?
    /// Per node id, the state to start from; nil = a fresh start.
    var restored: [String: StateReader]?
  }

  /// A snapshot and how long the subtask stood still for it.
  struct Acknowledgement: Sendable {
    let vertex: Int
    let subtask: Int
    let barrier: Barrier
    let operators: [OperatorSnapshot]
    let positions: [SplitPosition]?
    let pause: Int64
  }

  nonisolated let slot: any Slot
  nonisolated var unownedExecutor: UnownedSerialExecutor { slot.asUnownedSerialExecutor() }

  /// Nanoseconds between two ticks: whatever is due by the clock is done then.
  static let tickInterval: Int64 = 100_000_000
  let plan: Plan
  private let coordinator: CheckpointCoordinator
  private var chain: Chain?
  private var watermark = Int64.min
  private var busy: Int64 = 0
  private var backPressure: Int64 = 0
  private var started: Int64 = 0

  init(_ plan: Plan, slot: any Slot, coordinator: CheckpointCoordinator) {
    self.plan = plan
    self.slot = slot
    self.coordinator = coordinator
  }

  /// Runs until the final barrier. Throws what an operator threw, or `GateKilled` when another subtask failed.
  func run() async throws {
    started = plan.runtime.monotonic()
    let chain = try makeChain()
    defer { chain.close() }
    try chain.open(context: context)
    self.chain = chain
    if let source = plan.vertex.source {
      try await runSource(source, chain)
    } else if let stage = plan.vertex.stage {
      try await runAsyncStage(stage, chain)
    } else {
      try await runOperators(chain)
    }
  }

  /// What the subtask is doing, for progress and metrics. Answered between two batches.
  func status() -> SubtaskStatus? {
    guard let chain else { return nil }
    return SubtaskStatus(
      subtask: plan.subtask, isSource: plan.vertex.source != nil, counters: chain.nodes.map { ($0.id, $0.output.counters) },
      counts: chain.nodes.flatMap { node in node.operation.counts.map { NamedCount(id: node.id, name: $0.name, count: $0.count) } },
      watermark: chain.timeNode?.assign.current ?? watermark, queued: plan.gate?.depth ?? 0, busyNanoseconds: busy,
      backPressureNanoseconds: backPressure,
      elapsedNanoseconds: plan.runtime.monotonic() - started,
      splits: chain.timeNode?.assign.allSplits.map { SplitStatus(name: $0.name, maxTime: $0.maxTime, isIdle: $0.isIdle) } ?? [])
  }

  private func makeChain() throws -> Chain {
    let outbox = Outbox()
    var exchanges: [Int: Exchange] = [:]
    for (edge, edgePlan, targets) in plan.outputs {
      exchanges[edge] = Exchange(
        edgePlan.partitioning, schema: edgePlan.schema, reads: edgePlan.reads, targets: targets, subtask: plan.subtask, outbox: outbox)
    }
    return try Chain(plan.vertex, exchanges: exchanges, outbox: outbox, taps: plan.taps, context: context)
  }

  private func context(_ id: String) -> OperatorContext {
    OperatorContext(job: plan.job, id: id, subtask: plan.subtask, parallelism: plan.parallelism, splits: plan.splits, runtime: plan.runtime)
  }

  func restoreOperators(_ chain: Chain) throws {
    guard let restored = plan.restored else { return }
    for node in chain.nodes { if let state = restored[node.id] { try node.operation.restore(state) } }
  }

  // MARK: Source

  private func runSource(_ source: SourceNode, _ chain: Chain) async throws {
    guard let control = plan.control else { preconditionFailure("source \"\(source.id)\" has no control") }
    let runtime = plan.runtime
    let reader = try source.planned.make()
    defer { reader.close() }
    // Readers divide the input among all shards as they do among subtasks.
    let (index, count) = plan.shard.map { ($0.index, $0.count) } ?? (0, 1)
    try reader.open(
      SourceContext(
        job: plan.shard?.job ?? plan.job, id: source.id, subtask: index * plan.parallelism + plan.subtask,
        parallelism: count * plan.parallelism, splits: plan.splits, runtime: runtime))
    if let state = plan.restored?["\(source.id)@reader"] { try reader.restore(SplitPosition.decode(state.sections("positions"))) }
    watchSplits(reader, chain)
    try restoreOperators(chain)
    let schema = source.planned.schema
    // Nothing more is to be read: the input is at its end, or at a cut.
    var isOver = false
    var isIdle = false
    while true {
      if control.isDead { throw GateKilled() }
      if let barrier = control.takeBarrier() {
        let start = runtime.monotonic()
        let positions = reader.snapshot()
        try await pass(barrier, chain, positions: positions)
        if barrier.kind.isLast { return }
        chain.timeNode?.assign.stalled(runtime.monotonic() - start)
      }
      if control.takeTick() {
        watchSplits(reader, chain)
        try chain.onTick(runtime.now())
        isIdle = try advance(reader, chain, isIdle)
        try await chain.outbox.drain()
      }
      let start = runtime.monotonic()
      let isPaused = control.isPaused
      if isOver || isPaused || plan.alignment?.isAhead(plan.subtask) == true {
        if isOver || isPaused { try await control.news.wait() } else { try await runtime.sleep(nanoseconds: 1_000_000) }
        if isPaused && !isOver { backPressure += runtime.monotonic() - start }
        chain.timeNode?.assign.stalled(runtime.monotonic() - start)
        continue
      }
      let batch = RecordBatch(schema: schema)
      let status = try reader.poll(batch)
      if batch.selectedCount > 0 { try chain.process(batch, at: 0) }
      isIdle = try advance(reader, chain, isIdle)
      let end = runtime.monotonic()
      busy += end - start
      if !chain.outbox.isEmpty {
        try await send(chain)
        chain.timeNode?.assign.stalled(runtime.monotonic() - end)
      }
      switch status {
      case .more:
        // Those who read the records, on this slot, get them while they are in the core's cache; and control calls get their turn.
        await Task.yield()
      case .wait(let duration):
        chain.flush()
        try await chain.outbox.drain()
        let nanoseconds = duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
        if nanoseconds >= Self.tickInterval {
          try await control.news.wait()
        } else {
          // Barriers must not wait for long.
          try await runtime.sleep(nanoseconds: max(100_000, min(nanoseconds, 20_000_000)))
        }
      case .cut:
        isOver = true
        chain.flush()
        try await chain.outbox.drain()
        control.setCut()
      case .drained:
        isOver = true
        // Whether or not the reader says so of each: none of them holds anybody back any more.
        for position in reader.positions() { plan.splits.finish(plan.splits.register(position.name)) }
        isIdle = try advance(reader, chain, isIdle)
        try chain.onEndOfInput()
        try await chain.outbox.drain()
        control.setDrained()
      }
    }
  }

  private func watchSplits(_ reader: any SourceReader, _ chain: Chain) {
    guard let assign = chain.timeNode?.assign else { return }
    for position in reader.positions() { assign.addSplit(plan.splits.register(position.name)) }
  }

  /// Passes a risen watermark or a changed idle state on. Returns the idle state.
  private func advance(_ reader: any SourceReader, _ chain: Chain, _ wasIdle: Bool) throws -> Bool {
    guard let assign = chain.timeNode?.assign else { return false }
    for mark in reader.takeMarks() { assign.relay(mark) }
    if let risen = assign.advance() { try chain.onWatermark(risen) }
    if assign.isIdle != wasIdle { try chain.onIdle(assign.isIdle) }
    plan.alignment?.publish(plan.subtask, assign.isIdle ? nil : assign.current)
    return assign.isIdle
  }

  // MARK: Operators

  private func runOperators(_ chain: Chain) async throws {
    guard let gate = plan.gate else { preconditionFailure("a vertex that is no source has a gate") }
    try restoreOperators(chain)
    let channels = plan.channelNodes.count
    var valve = WatermarkValve(channels: channels)
    var alignment = BarrierAlignment(channels: channels)
    var ended = 0
    var isIdle = false
    while true {
      let (channel, element) = try await gate.next()
      let start = plan.runtime.monotonic()
      switch element {
      case .batch(let batch): try chain.process(batch, at: plan.channelNodes[channel])
      case .watermark(let mark):
        if let risen = valve.advance(channel, to: mark) { try onWatermark(risen, chain) }
      case .idle(let idle):
        if let risen = valve.setIdle(channel, idle) { try onWatermark(risen, chain) }
      case .tick: try chain.onTick(plan.runtime.now())
      case .endOfInput:
        ended += 1
        if ended == channels { try chain.onEndOfInput() }
      case .barrier(let barrier):
        switch alignment.arrive(barrier, on: channel) {
        case .block: gate.block(channel)
        case .complete:
          gate.unblockAll()
          try await pass(barrier, chain, positions: nil)
          if barrier.kind.isLast { return }
        }
      }
      if valve.isIdle != isIdle {
        isIdle = valve.isIdle
        try chain.onIdle(isIdle)
      }
      busy += plan.runtime.monotonic() - start
      try await send(chain)
    }
  }

  /// Sends what there is to send. The time that it takes is back-pressure: whoever comes next has no room.
  func send(_ chain: Chain) async throws {
    guard !chain.outbox.isEmpty else { return }
    let start = plan.runtime.monotonic()
    try await chain.outbox.drain()
    backPressure += plan.runtime.monotonic() - start
  }

  func onWatermark(_ risen: Int64, _ chain: Chain) throws {
    watermark = risen
    try chain.onWatermark(risen)
  }

  // MARK: Checkpoints

  /// Sends the barrier behind everything that belongs before it, captures the state, and acknowledges.
  func pass(_ barrier: Barrier, _ chain: Chain, positions: [SplitPosition]?) async throws {
    let start = plan.runtime.monotonic()
    for node in chain.nodes { try node.output.flushErrors() }
    if barrier.kind == .drain { for node in chain.nodes { node.operation.onDrain() } }
    chain.broadcast(.barrier(barrier))
    let operators = try chain.snapshot()
    let pause = plan.runtime.monotonic() - start
    try await chain.outbox.drain()
    await coordinator.acknowledge(
      Acknowledgement(
        vertex: plan.vertexIndex, subtask: plan.subtask, barrier: barrier, operators: operators, positions: positions, pause: pause))
  }
}

extension SplitPosition {
  static func encode(_ positions: [SplitPosition]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(integer: UInt32(positions.count))
    for position in positions {
      bytes.append(counted: position.name)
      bytes.append(counted: position.state)
    }
    return bytes
  }

  static func decode(_ sections: [[UInt8]]) throws -> [SplitPosition] {
    try sections.flatMap { section in
      try section.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        let count = try reader.integer(UInt32.self)
        return try (0..<count).map { _ in SplitPosition(name: try reader.text(), state: try reader.counted()) }
      }
    }
  }
}

/// What one subtask is doing.
public struct SubtaskStatus: Sendable {
  /// Which of its step's subtasks it is, from 0.
  public let subtask: Int
  /// Whether it reads a source.
  public let isSource: Bool
  /// Where the records of each operator in its chain went, the first operator first.
  public let counters: [(id: String, counters: OperatorCounters)]
  /// What its operators count besides records.
  public let counts: [NamedCount]
  /// Nanoseconds since 1970; `Int64.min` before the first.
  public let watermark: Int64
  /// Batches waiting at its input.
  public let queued: Int
  /// Nanoseconds of work since the start.
  public let busyNanoseconds: Int64
  /// Nanoseconds since the start in which it could not go on because whoever comes next had no room, or a sink was behind: back-pressure.
  public let backPressureNanoseconds: Int64
  /// Nanoseconds since the start.
  public let elapsedNanoseconds: Int64
  /// Of a source: how far each of its splits has come.
  public let splits: [SplitStatus]
}

/// A number that an operator counts besides records.
public struct NamedCount: Sendable, Equatable {
  /// The operator's id in the job.
  public let id: String
  /// What is counted.
  public let name: String
  /// How many, since the run began.
  public var count: Int

  /// The sums of counts of the same operator and name, in the order of their first appearance.
  static func sums(_ counts: [NamedCount]) -> [NamedCount] {
    var result: [NamedCount] = []
    for count in counts {
      if let index = result.firstIndex(where: { $0.id == count.id && $0.name == count.name }) {
        result[index].count += count.count
      } else {
        result.append(count)
      }
    }
    return result
  }
}

/// How far event time has come in one split.
public struct SplitStatus: Sendable {
  /// The split's name.
  public let name: String
  /// `Int64.min` before the first record.
  public let maxTime: Int64
  /// Whether it has had no records for so long that it no longer holds the time back.
  public let isIdle: Bool
}
