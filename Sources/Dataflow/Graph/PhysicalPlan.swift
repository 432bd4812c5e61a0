/// A job cut into *vertices*: chains of nodes that run in one subtask without a queue between them, and the exchanges that join them.
///
/// A node joins the chain of what it reads unless its input must be partitioned by key, it reads from several vertices, or it waits for calls.
struct PhysicalPlan: Sendable {
  var vertices: [Vertex] = []
  var edges: [Edge] = []

  struct Vertex: Sendable {
    var source: SourceNode?
    /// In topological order.
    var nodes: [Node]
    var inputs: [Int]

    /// The async stage that the vertex begins with, if it does.
    var stage: AsyncStagePlan? {
      if case .operation(let planned)? = nodes.first?.kind { planned.stage } else { nil }
    }
  }

  struct Node: Sendable {
    enum Kind: Sendable {
      case operation(PlannedOperator)
      case sink(PlannedSink)
      case assignTime(TimePolicy, Field?)
    }
    var id: String
    var kind: Kind
    var onError: ErrorPolicy
    /// The columns of what it emits. They are there before it runs if it hands on the batches that it is given.
    var schema: Schema
    var handsOnBatches: Bool {
      if case .operation(let planned) = kind { return !planned.makesBatches }
      return true
    }
    var main: [Target] = []
    var errors: [Target] = []
    var late: [Target] = []
  }

  /// Where an output goes.
  enum Target: Sendable, Hashable {
    /// A later node of the same vertex.
    case node(Int)
    case edge(Int)
  }

  struct Edge: Sendable {
    var from: Int
    var to: Int
    /// The receiving node's index in its vertex.
    var node: Int
    var partitioning: Partitioning
    var schema: Schema
    var reads: [Field]?
  }

  /// Cuts the graph, which must be valid (`GraphValidation`).
  init(_ graph: JobGraph) {
    var builder = PlanBuilder(graph)
    builder.build()
    vertices = builder.plan.vertices
    edges = builder.plan.edges
  }

  fileprivate init() {}
}

private struct PlanBuilder {
  let graph: JobGraph
  var plan = PhysicalPlan()
  /// Where each id of the graph ended: vertex, and the node whose outputs are its outputs.
  var places: [String: (vertex: Int, node: Int)] = [:]
  var schemas: [String: Schema] = [:]

  init(_ graph: JobGraph) { self.graph = graph }

  mutating func build() {
    for source in graph.sources { add(source) }
    var waiting = graph.operators
    while !waiting.isEmpty {
      let ready = waiting.filter { $0.inputs.allSatisfy { places[$0.node] != nil } }
      precondition(!ready.isEmpty, "the graph of job \"\(graph.name)\" has a cycle")
      waiting.removeAll { node in ready.contains { $0.id == node.id } }
      for node in ready { add(node) }
    }
    for sink in graph.sinks {
      place(
        PhysicalPlan.Node(id: sink.id, kind: .sink(sink.planned), onError: .fail, schema: Schema()), inputs: sink.inputs, key: nil,
        reads: nil)
    }
  }

  private mutating func add(_ source: SourceNode) {
    let vertex = plan.vertices.count
    plan.vertices.append(PhysicalPlan.Vertex(source: source, nodes: [], inputs: []))
    var schema = source.planned.schema
    for (index, decoder) in source.planned.decoders.enumerated() {
      schema = decoder.schema
      // The last decoder carries the source's id: its books are in records, those of earlier ones may be in lines.
      let isLast = index == source.planned.decoders.count - 1
      chain(
        PhysicalPlan.Node(
          id: isLast ? source.id : "\(source.id)#\(index)", kind: .operation(decoder), onError: source.onError, schema: schema), vertex)
    }
    if source.planned.decoders.isEmpty {
      chain(PhysicalPlan.Node(id: source.id, kind: .operation(.identity(schema)), onError: source.onError, schema: schema), vertex)
    }
    if var time = source.time {
      if time.field == nil, let known = source.planned.timeField { (time.field, time.unit) = (known.name, known.unit) }
      assignTime(time, source.id, schema, source.onError, vertex)
    }
    schemas[source.id] = schema
    places[source.id] = (vertex, plan.vertices[vertex].nodes.count - 1)
  }

  private mutating func add(_ node: OperatorNode) {
    let planned = node.planned
    place(
      PhysicalPlan.Node(id: node.id, kind: .operation(planned), onError: node.onError, schema: planned.schema), inputs: node.inputs,
      key: planned.keyFields, reads: planned.reads, startsVertex: planned.stage != nil)
    schemas[node.id] = planned.schema
    if let time = node.time, let place = places[node.id] {
      assignTime(time, node.id, planned.schema, node.onError, place.vertex)
      places[node.id] = (place.vertex, plan.vertices[place.vertex].nodes.count - 1)
    }
  }

  private mutating func assignTime(_ policy: TimePolicy, _ id: String, _ schema: Schema, _ onError: ErrorPolicy, _ vertex: Int) {
    let field = policy.field.flatMap { schema.field($0) }
    chain(PhysicalPlan.Node(id: "\(id)#time", kind: .assignTime(policy, field), onError: onError, schema: schema), vertex)
  }

  /// Appends behind the last node of a vertex that is being made.
  private mutating func chain(_ node: PhysicalPlan.Node, _ vertex: Int) {
    let index = plan.vertices[vertex].nodes.count
    if index > 0 { plan.vertices[vertex].nodes[index - 1].main.append(.node(index)) }
    plan.vertices[vertex].nodes.append(node)
  }

  private mutating func place(_ node: PhysicalPlan.Node, inputs: [NodeInput], key: [Field]?, reads: [Field]?, startsVertex: Bool = false) {
    let origins = inputs.compactMap { places[$0.node]?.vertex }
    if key == nil, !startsVertex, let vertex = origins.first, origins.allSatisfy({ $0 == vertex }) {
      let index = plan.vertices[vertex].nodes.count
      plan.vertices[vertex].nodes.append(node)
      for input in inputs { connect(input, .node(index)) }
      places[node.id] = (vertex, index)
      return
    }
    let vertex = plan.vertices.count
    plan.vertices.append(PhysicalPlan.Vertex(source: nil, nodes: [node], inputs: []))
    for input in inputs {
      guard let origin = places[input.node] else { continue }
      let schema = input.side == nil ? schemas[input.node] ?? Schema() : ErrorRecords.schema
      let edge = plan.edges.count
      plan.edges.append(
        PhysicalPlan.Edge(
          from: origin.vertex, to: vertex, node: 0, partitioning: key.map { .hash($0) } ?? .forward, schema: schema,
          reads: input.side == nil ? reads : nil))
      plan.vertices[vertex].inputs.append(edge)
      connect(input, .edge(edge))
    }
    places[node.id] = (vertex, 0)
  }

  private mutating func connect(_ input: NodeInput, _ target: PhysicalPlan.Target) {
    guard let place = places[input.node] else { return }
    switch input.side {
    case nil: plan.vertices[place.vertex].nodes[place.node].main.append(target)
    case .late: plan.vertices[place.vertex].nodes[place.node].late.append(target)
    case .errors:
      // Every node that works for this id (decoders, the time check) sends its errors there.
      for index in plan.vertices[place.vertex].nodes.indices {
        let id = plan.vertices[place.vertex].nodes[index].id
        if id == input.node || id.hasPrefix(input.node + "#") { plan.vertices[place.vertex].nodes[index].errors.append(target) }
      }
    }
  }
}

extension PlannedOperator {
  /// Passes every batch on: gives a source without decoders a node to count and fail in.
  static func identity(_ schema: Schema) -> PlannedOperator {
    PlannedOperator(schema: schema) { Identity() }
  }
}

private final class Identity: Operator {
  func process(_ batch: RecordBatch, _ output: Output) throws { try output.emit(batch) }
}
