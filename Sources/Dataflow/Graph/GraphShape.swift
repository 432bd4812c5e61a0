/// The nodes of a job and who reads what, without schemas: what can be checked, and put in order, before anything is planned.
public struct GraphShape: Sendable {
  /// What a node is for.
  public enum Role: String, Sendable {
    case source
    case `operator`
    case sink

    /// The key of the job file that lists nodes of this role.
    public var section: String { "\(rawValue)s" }
  }

  /// One node and what it reads.
  public struct Node: Sendable {
    /// Its name: unique in the job.
    public var id: String
    /// Source, operator or sink.
    public var role: Role
    /// What it reads; empty for a source.
    public var inputs: [NodeInput]
    /// What becomes of a record that it cannot process.
    public var onError: ErrorPolicy

    /// A node; nothing is checked here.
    public init(id: String, role: Role, inputs: [NodeInput] = [], onError: ErrorPolicy = .fail) {
      self.id = id
      self.role = role
      self.inputs = inputs
      self.onError = onError
    }

    /// `operators.complete`
    public var path: String { "\(role.section).\(id)" }
  }

  /// The job's name, for messages.
  public var job: String
  /// In any order; messages list them in this one.
  public var nodes: [Node]

  /// A shape of these nodes; nothing is checked here.
  public init(job: String, nodes: [Node]) {
    self.job = job
    self.nodes = nodes
  }

  /// The shape of a whole graph.
  public init(_ graph: JobGraph) {
    job = graph.name
    nodes =
      graph.sources.map { Node(id: $0.id, role: .source, onError: $0.onError) }
      + graph.operators.map { Node(id: $0.id, role: .operator, inputs: $0.inputs, onError: $0.onError) }
      + graph.sinks.map { Node(id: $0.id, role: .sink, inputs: $0.inputs) }
  }

  /// Indices of nodes such that each stands behind all that it reads from. Nodes on a cycle, behind one, or behind an input that does not
  /// exist are left out.
  public func order() -> [Int] {
    let index = firstIndices()
    var waiting = nodes.map { node in node.inputs.filter { index[$0.node] != nil }.count }
    var readers: [[Int]] = nodes.map { _ in [] }
    var ready: [Int] = []
    for (position, node) in nodes.enumerated() {
      if node.inputs.contains(where: { index[$0.node] == nil }) { waiting[position] = .max }
      for input in node.inputs {
        if let from = index[input.node] { readers[from].append(position) }
      }
      if waiting[position] == 0 { ready.append(position) }
    }
    var result: [Int] = []
    while result.count < ready.count {
      let next = ready[result.count]
      result.append(next)
      for reader in readers[next] where waiting[reader] != .max {
        waiting[reader] -= 1
        if waiting[reader] == 0 { ready.append(reader) }
      }
    }
    return result
  }

  /// A cycle as ids in the order of flow, the first repeated at the end; nil when there is none.
  public func cycle() -> [String]? {
    let index = firstIndices()
    /// 0 new, 1 on the walk, 2 done.
    var state = [Int](repeating: 0, count: nodes.count)
    for start in nodes.indices where state[start] == 0 {
      // Depth first along inputs, with a stack of its own: a job may have thousands of nodes in a row.
      var walk: [(node: Int, next: Int)] = [(start, 0)]
      state[start] = 1
      while let (node, next) = walk.last {
        guard next < nodes[node].inputs.count else {
          state[node] = 2
          walk.removeLast()
          continue
        }
        walk[walk.count - 1].next += 1
        guard let from = index[nodes[node].inputs[next].node] else { continue }
        if state[from] == 1 {
          let loop = walk.drop { $0.node != from }.map { nodes[$0.node].id }
          return [nodes[from].id] + loop.reversed()
        }
        if state[from] == 0 {
          state[from] = 1
          walk.append((from, 0))
        }
      }
    }
    return nil
  }

  func firstIndices() -> [String: Int] {
    Dictionary(nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
  }
}
