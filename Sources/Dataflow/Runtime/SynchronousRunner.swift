/// Runs a job's operators on the calling thread, one subtask each, fed record by record: for the `tests:` of a job file.
///
/// The chains, exchanges and operators are those of a real run; there are no gates to wait at, no checkpoints, and time is what the test says.
public final class SynchronousRunner {
  private let plan: PhysicalPlan
  private let splits = SplitTable()
  private let runtime: any Runtime
  private let job: String
  private var chains: [Chain] = []
  private var gates: [ObjectIdentifier: Int] = [:]
  private var valves: [Int: WatermarkValve] = [:]
  private var channelNodes: [[Int]] = []

  /// Makes and opens all operators. Throws what they throw.
  public init(_ graph: JobGraph, runtime: any Runtime) throws {
    var graph = graph
    graph.parallelism = 1
    plan = PhysicalPlan(graph)
    job = graph.name
    self.runtime = runtime
    var targets: [Int: (gate: InputGate, channel: Int)] = [:]
    for (index, vertex) in plan.vertices.enumerated() {
      let gate = InputGate(channels: max(1, vertex.inputs.count), capacity: 1)
      gates[ObjectIdentifier(gate)] = index
      for (channel, edge) in vertex.inputs.enumerated() { targets[edge] = (gate, channel) }
      channelNodes.append(vertex.inputs.map { plan.edges[$0].node })
      valves[index] = WatermarkValve(channels: vertex.inputs.count)
    }
    for (index, vertex) in plan.vertices.enumerated() {
      let outbox = Outbox()
      var exchanges: [Int: Exchange] = [:]
      for (edgeIndex, edge) in plan.edges.enumerated() where edge.from == index {
        guard let target = targets[edgeIndex] else { continue }
        exchanges[edgeIndex] = Exchange(
          edge.partitioning, schema: edge.schema, reads: edge.reads, targets: [target], subtask: 0, outbox: outbox)
      }
      let splits = splits
      func context(_ id: String) -> OperatorContext { OperatorContext(job: graph.name, id: id, splits: splits, runtime: runtime) }
      let chain = try Chain(vertex, exchanges: exchanges, outbox: outbox, taps: EdgeTaps(), context: context)
      chains.append(chain)
      try chain.open(context: context)
    }
  }

  deinit { for chain in chains { chain.close() } }

  /// The columns that a source's reader fills: what `send` takes.
  public func readerSchema(of source: String) -> Schema? { vertex(of: source).map { plan.vertices[$0].source?.planned.schema ?? Schema() } }

  /// Hands a batch to a source's chain, as its reader would, and runs what follows.
  public func send(_ batch: RecordBatch, from source: String) throws {
    guard let vertex = vertex(of: source) else { return }
    let split = splits.register("test")
    for row in 0..<batch.count { batch.splits[row] = split }
    chains[vertex].timeNode?.assign.addSplit(split)
    try chains[vertex].process(batch, at: 0)
    try settle()
  }

  /// Lets event time pass at a source.
  public func advance(to watermark: Int64, from source: String) throws {
    guard let vertex = vertex(of: source) else { return }
    try chains[vertex].onWatermark(watermark)
    try settle()
  }

  /// Totals per operator.
  public var totals: [(id: String, counters: OperatorCounters)] { chains.flatMap { $0.nodes.map { ($0.id, $0.output.counters) } } }

  private func vertex(of source: String) -> Int? { plan.vertices.firstIndex { $0.source?.id == source } }

  /// Delivers what the chains have queued until nothing is left.
  private func settle() throws {
    var isQuiet = false
    while !isQuiet {
      isQuiet = true
      for chain in chains {
        for exchange in chain.exchanges.values { exchange.flush() }
        for (target, element) in chain.outbox.takeAll() {
          isQuiet = false
          guard let receiver = gates[ObjectIdentifier(target.gate)] else { continue }
          try deliver(element, channel: target.channel, to: receiver)
        }
      }
    }
  }

  private func deliver(_ element: Element, channel: Int, to receiver: Int) throws {
    switch element {
    case .batch(let batch): try chains[receiver].process(batch, at: channelNodes[receiver][channel])
    case .watermark(let mark): if let risen = valves[receiver]?.advance(channel, to: mark) { try chains[receiver].onWatermark(risen) }
    case .idle(let idle): if let risen = valves[receiver]?.setIdle(channel, idle) { try chains[receiver].onWatermark(risen) }
    case .barrier, .endOfInput, .tick: break
    }
  }
}
