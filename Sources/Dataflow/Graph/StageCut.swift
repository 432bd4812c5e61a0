/// A job cut into *stages* at its keyed exchanges, so that each stage can run as shards on many workers with a topic between them.
///
/// Stage 0 reads the sources. A step whose input must be partitioned by key begins the next stage; a step without a key joins the latest stage that it
/// reads from. Every edge from one stage to a later one becomes an exchange: a topic with one partition for each shard of the receiving stage.
public struct StageCut: Sendable {
  /// An edge that crosses from one stage to a later one.
  public struct Edge: Sendable {
    /// Unique in the job, and a name that topics can have.
    public var name: String
    /// What is read.
    public var input: NodeInput
    /// The id of the step that reads it.
    public var receiver: String
    /// The sending stage.
    public var from: Int
    /// The receiving stage.
    public var to: Int
    /// The key that decides about the partition; nil when any shard may have any record.
    public var key: [Field]?
    /// The columns of the records, where the receiver looks for them.
    public var schema: Schema
    /// The fields that travel.
    public var fields: [Field]
    /// Whether the bytes that records were made of travel too: a step behind the edge hands refused records on.
    public var carriesRaws: Bool
    /// Whether the sending stage's input ends.
    public var isBounded: Bool
    /// How the records of a key are combined before they cross; nil when each crosses as it is.
    public var combining: PlannedCombining?
    /// The field of a row that was combined, null in others. It travels as well.
    public var summary: Field?
  }

  /// The job.
  public let graph: JobGraph
  /// How many stages there are; 1 when nothing is keyed.
  public let stages: Int
  /// The exchanges, in the order in which the job names their receivers.
  public let edges: [Edge]
  private let stageOf: [String: Int]

  /// Cuts a graph, which must be valid (`GraphValidation`). O(nodes × edges).
  public init(_ graph: JobGraph) {
    self.graph = graph
    var stageOf: [String: Int] = [:]
    for source in graph.sources { stageOf[source.id] = 0 }
    var waiting = graph.operators
    while !waiting.isEmpty {
      let ready = waiting.filter { $0.inputs.allSatisfy { stageOf[$0.node] != nil } }
      precondition(!ready.isEmpty, "the graph of job \"\(graph.name)\" has a cycle")
      waiting.removeAll { node in ready.contains { $0.id == node.id } }
      for node in ready {
        let latest = node.inputs.compactMap { stageOf[$0.node] }.max() ?? 0
        stageOf[node.id] = latest + (node.planned.keyFields == nil ? 0 : 1)
      }
    }
    for sink in graph.sinks { stageOf[sink.id] = sink.inputs.compactMap { stageOf[$0.node] }.max() ?? 0 }
    self.stageOf = stageOf
    stages = (stageOf.values.max() ?? 0) + 1
    // Whoever hands refused records on needs the bytes that they were made of.
    let sides = graph.operators.flatMap(\.inputs) + graph.sinks.flatMap(\.inputs)
    let handing = sides.filter { $0.side != nil }.compactMap { stageOf[$0.node] }.max() ?? -1
    let isBounded = graph.sources.allSatisfy(\.planned.isBounded)
    var edges: [Edge] = []
    func cross(_ inputs: [NodeInput], to receiver: String, _ planned: PlannedOperator? = nil) {
      guard let to = stageOf[receiver] else { return }
      for input in inputs {
        guard let from = stageOf[input.node], from < to else { continue }
        let schema = GraphValidation.schema(of: input, in: graph) ?? Schema()
        var edge = Edge(
          name: "\(input)_\(receiver)", input: input, receiver: receiver, from: from, to: to, key: planned?.keyFields, schema: schema,
          fields: input.side == nil ? planned?.reads ?? schema.fields : schema.fields, carriesRaws: handing >= to, isBounded: isBounded)
        if input.side == nil, let combining = planned?.combining { edge.combine(combining) }
        edges.append(edge)
      }
    }
    for node in graph.operators { cross(node.inputs, to: node.id, node.planned) }
    for sink in graph.sinks { cross(sink.inputs, to: sink.id) }
    self.edges = edges
  }

  /// How the two ends of an exchange are made.
  public struct Ends {
    /// The sink at the sending end.
    public var sink: (Edge) throws -> PlannedSink
    /// The source at the receiving end.
    public var source: (Edge) throws -> PlannedSource

    /// How to make them.
    public init(sink: @escaping (Edge) throws -> PlannedSink, source: @escaping (Edge) throws -> PlannedSource) {
      self.sink = sink
      self.source = source
    }
  }

  /// The graph that a shard runs. Its checkpoints and ledgers are filed under the shard's name.
  ///
  /// - Throws: what the ends throw.
  public func graph(_ shard: JobShard, _ ends: Ends) throws -> JobGraph {
    var part = graph
    part.name = shard.name
    part.shard = shard
    part.parallelism = 1
    part.sources = shard.stage == 0 ? graph.sources : []
    part.operators = graph.operators.filter { stageOf[$0.id] == shard.stage }
    part.sinks = graph.sinks.filter { stageOf[$0.id] == shard.stage }
    for edge in edges where edge.to == shard.stage {
      var time = TimePolicy()
      time.isRelayed = true
      part.sources.append(SourceNode(id: edge.name, type: "exchange", planned: try ends.source(edge), time: time))
      func redirect(_ inputs: inout [NodeInput]) {
        for index in inputs.indices where inputs[index] == edge.input { inputs[index] = NodeInput(edge.name) }
      }
      if let index = part.operators.firstIndex(where: { $0.id == edge.receiver }) {
        redirect(&part.operators[index].inputs)
        edge.takeCombined(&part.operators[index].planned)
      }
      if let index = part.sinks.firstIndex(where: { $0.id == edge.receiver }) { redirect(&part.sinks[index].inputs) }
    }
    for edge in edges where edge.from == shard.stage {
      part.sinks.append(SinkNode(id: edge.name, type: "exchange", inputs: [edge.input], planned: try ends.sink(edge)))
    }
    return part
  }

  /// The stage that a step or a part of it (`parse#time`, `input@reader`) belongs to. Nil for the ends of exchanges, and for what is not in the job.
  public func stage(of id: String) -> Int? {
    isExchange(id) ? nil : stageOf[Self.step(of: id)]
  }

  /// Whether an id is that of an end of an exchange, or of a part of it.
  func isExchange(_ id: String) -> Bool {
    let step = Self.step(of: id)
    return edges.contains { $0.name == step }
  }

  /// The step of the document that a state belongs to: `telemetry@reader` and `telemetry#time` are parts of `telemetry`.
  public static func step(of id: String) -> String { String(id.prefix { $0 != "#" && $0 != "@" }) }

  /// What must not change while the job has state: the exchanges and what travels over them, in words that a person can compare.
  public var layout: String {
    let lines = edges.map { edge in
      let fields = edge.fields.map { "\($0.name):\($0.type)@\($0.column)" }.joined(separator: ",")
      let key = edge.key.map { " by " + $0.map(\.name).joined(separator: ",") } ?? ""
      return "\(edge.from)->\(edge.to) \(edge.name)\(key)\(edge.carriesRaws ? " with raws" : "") \(fields)"
    }
    return ([KeyGroup.hashID] + lines).joined(separator: "\n")
  }
}

extension StageCut.Edge {
  /// No step of a document names a field so.
  private static let summaryName = "#summary"

  fileprivate mutating func combine(_ combining: PlannedCombining) {
    let summary = schema.append(Self.summaryName, .bytes)
    self.combining = combining
    self.summary = summary
    fields.append(summary)
  }

  /// Makes the receiving step one that takes combined rows too.
  fileprivate func takeCombined(_ planned: inout PlannedOperator) {
    guard let combining, let summary else { return }
    planned.make = { try combining.makeOperator(summary) }
    planned.reads?.append(summary)
  }
}
