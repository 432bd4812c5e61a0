/// The subtasks of one attempt with their gates and controls, made from the plan.
struct Wiring: Sendable {
  private(set) var subtasks: [Subtask.Plan] = []
  private(set) var controls: [SourceControl] = []
  /// The coordinator's: sources and stages ring it when they have come to their end.
  let news = Bell()
  private(set) var stages: [StageControl] = []
  private var gates: [InputGate] = []

  init(
    _ plan: PhysicalPlan, graph: JobGraph, runtime: any Runtime, taps: EdgeTaps, attempt: UInt64, state: [String: [[String: [[UInt8]]]]]?,
    isFirstOfCut: Bool
  ) {
    let parallelism = graph.parallelism
    // The first checkpoint of a cut holds what several shards had: each takes its part, as subtasks do. Later ones are a shard's own.
    let (shard, shards) = isFirstOfCut ? graph.shard.map { ($0.index, $0.count) } ?? (0, 1) : (0, 1)
    let splits = SplitTable()
    // Gates first: one per subtask of every vertex that reads from others, one channel per sending subtask.
    var gateOf: [[InputGate]] = []
    var channelNodes: [[Int]] = []
    var firstChannel: [Int: Int] = [:]
    for vertex in plan.vertices {
      var nodes: [Int] = []
      for edge in vertex.inputs {
        firstChannel[edge] = nodes.count
        let senders = plan.edges[edge].partitioning == .forward ? 1 : parallelism
        nodes += Array(repeating: plan.edges[edge].node, count: senders)
      }
      channelNodes.append(nodes)
      gateOf.append(
        vertex.source == nil ? (0..<parallelism).map { _ in InputGate(channels: nodes.count, capacity: JobRunner.channelCapacity) } : [])
    }
    gates = gateOf.flatMap { $0 }
    for (index, vertex) in plan.vertices.enumerated() {
      // Records of a source's subtasks mix behind the next exchange; keep them within the disorder that the job allows anyway.
      let time = vertex.nodes.lazy.compactMap { node in if case .assignTime(let policy, _) = node.kind { policy } else { nil } }.first
      let alignment =
        vertex.source != nil && parallelism > 1
        ? time.map { SourceAlignment(subtasks: parallelism, maxDrift: max($0.maxOutOfOrder, 60_000_000_000)) } : nil
      for subtask in 0..<parallelism {
        var outputs: [(edge: Int, plan: PhysicalPlan.Edge, targets: [(gate: InputGate, channel: Int)])] = []
        for (edgeIndex, edge) in plan.edges.enumerated() where edge.from == index {
          let first = firstChannel[edgeIndex] ?? 0
          let targets =
            edge.partitioning == .forward
            ? [(gateOf[edge.to][subtask], first)] : (0..<parallelism).map { (gateOf[edge.to][$0], first + subtask) }
          outputs.append((edgeIndex, edge, targets))
        }
        let control = vertex.source == nil ? nil : SourceControl(ended: news)
        if let control { controls.append(control) }
        let stage = vertex.stage == nil ? nil : StageControl(ended: news)
        if let stage { stages.append(stage) }
        subtasks.append(
          Subtask.Plan(
            vertexIndex: index, vertex: vertex, subtask: subtask, parallelism: parallelism, job: graph.name, shard: graph.shard,
            attempt: attempt, runtime: runtime, taps: taps, splits: splits, gate: vertex.source == nil ? gateOf[index][subtask] : nil,
            inputSchema: vertex.inputs.first.map { plan.edges[$0].schema } ?? Schema(), channelNodes: channelNodes[index], outputs: outputs,
            control: control, stage: stage, alignment: alignment,
            restored: state.map { state in
              state.mapValues {
                StateReader(
                  subtasks: $0,
                  keyGroups: KeyGroup.range(ofSubtask: shard * parallelism + subtask, parallelism: shards * parallelism),
                  isFirst: shard == 0 && subtask == 0)
              }
            }))
      }
    }
  }

  func tick() {
    for gate in gates { gate.post(0, .tick) }
    for control in controls { control.tick() }
  }

  func kill() {
    for gate in gates { gate.kill() }
    for control in controls { control.kill() }
  }
}
