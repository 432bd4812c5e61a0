/// Checks a job before it runs, whoever made it: the YAML planner or Swift.
public enum GraphValidation {
  /// Everything that is wrong with the job; empty when it can run. Places are not known here: `path` says where.
  public static func check(_ graph: JobGraph) -> [Diagnostic] {
    var found = GraphShape(graph).check()
    if !(1...720).contains(graph.parallelism) {
      found.append(
        Diagnostic(
          .error, .outOfRange, "\"parallelism\" is \(graph.parallelism), outside of 1 to 720", path: "parallelism",
          detail: "state is divided into 720 key groups", hint: "write a number from 1 to 720"))
    }
    return found + checkPlanned(graph)
  }

  /// The checks that need planned nodes: side outputs, schemas, event time, guarantee. Inputs that name no node of the graph are skipped, so
  /// a graph of which some nodes could not be planned gets the rest checked.
  public static func checkPlanned(_ graph: JobGraph) -> [Diagnostic] {
    checkInputs(graph) + checkTimeFields(graph) + checkTime(graph) + checkGuarantee(graph)
  }

  /// The schema of what an input carries; nil when there is no such node or output.
  public static func schema(of input: NodeInput, in graph: JobGraph) -> Schema? {
    let source = graph.sources.first { $0.id == input.node }
    let planned = graph.operators.first { $0.id == input.node }?.planned
    guard source != nil || planned != nil else { return nil }
    switch input.side {
    case nil: return planned?.schema ?? source?.planned.outputSchema
    case .errors: return ErrorRecords.schema
    case .late: return planned?.hasLateOutput == true ? ErrorRecords.schema : nil
    }
  }

  /// Whether two schemas have the same field names with the same types, in any order and in any columns.
  public static func agree(_ a: Schema, _ b: Schema) -> Bool {
    a.fields.count == b.fields.count && a.fields.allSatisfy { b.field($0.name)?.type == $0.type }
  }

  // MARK: Inputs

  private static func checkInputs(_ graph: JobGraph) -> [Diagnostic] {
    let readers =
      graph.operators.map { (GraphShape.Role.operator, $0.id, $0.inputs) } + graph.sinks.map { (GraphShape.Role.sink, $0.id, $0.inputs) }
    var found: [Diagnostic] = []
    for (role, id, inputs) in readers {
      var first: (input: NodeInput, schema: Schema)?
      for (position, input) in inputs.enumerated() {
        let path = "\(role.section).\(id).inputs[\(position)]"
        guard let schema = schema(of: input, in: graph) else {
          if input.side == .late, let type = typeName(of: input.node, in: graph) { found.append(noLate(id, role, input, type, path)) }
          continue
        }
        guard let known = first else {
          first = (input, schema)
          continue
        }
        if !agree(known.schema, schema) {
          found.append(
            Diagnostic(
              .error, .inputsDiffer, "\(role.rawValue) \"\(id)\" reads \"\(known.input)\" and \"\(input)\", which have different fields",
              path: path,
              detail: difference(known, (input, schema)), hint: "use two \(role.section), or make the fields equal with select"))
        } else if !schema.fields.allSatisfy({ isSame(known.schema.field($0.name), $0) }) {
          // A node is planned against one layout of columns; records of the other would be misread.
          found.append(
            Diagnostic(
              .error, .inputsDiffer,
              "\(role.rawValue) \"\(id)\" reads \"\(known.input)\" and \"\(input)\", which were made in different ways",
              path: path, detail: "their fields have the same names but stand in different columns of a batch, and are not put in line yet",
              hint: "use two \(role.section), one for each input"))
        }
      }
    }
    return found
  }

  /// Whether a field stands in the same column, and says the same about personal data.
  private static func isSame(_ a: Field?, _ b: Field) -> Bool { a?.column == b.column && a?.isRedacted == b.isRedacted }

  private static func noLate(_ id: String, _ role: GraphShape.Role, _ input: NodeInput, _ type: String, _ path: String) -> Diagnostic {
    Diagnostic(
      .error, .unknownOutput, "\(role.rawValue) \"\(id)\" reads \"\(input)\", but \"\(input.node)\" has no late output", path: path,
      detail: "type \(type) has the outputs \(input.node) and \(input.node).errors", hint: "only windows have late records")
  }

  private static func typeName(of node: String, in graph: JobGraph) -> String? {
    graph.operators.first { $0.id == node }?.type ?? graph.sources.first { $0.id == node }?.type
  }

  private static func difference(_ a: (input: NodeInput, schema: Schema), _ b: (input: NodeInput, schema: Schema)) -> String {
    "\(a.input) has \(a.schema.summary); \(b.input) has \(b.schema.summary)"
  }

  // MARK: Time

  private static func checkTimeFields(_ graph: JobGraph) -> [Diagnostic] {
    graph.sources.compactMap { checkTimeField($0.time, $0.planned.outputSchema, "sources.\($0.id)") }
      + graph.operators.compactMap { checkTimeField($0.time, $0.planned.schema, "operators.\($0.id)") }
  }

  private static func checkTimeField(_ time: TimePolicy?, _ schema: Schema, _ path: String) -> Diagnostic? {
    guard let time, let name = time.field else { return nil }
    guard let field = schema.field(name) else {
      let names = schema.fields.map(\.name)
      return Diagnostic(
        .error, .unknownField, "there is no field \"\(name)\" to take the time from", path: "\(path).time.field",
        detail: "there are \(names.joined(separator: ", "))", hint: NearestName.hint(name, in: names))
    }
    let fits =
      switch field.type {
      case .int64: time.unit != .rfc3339
      case .time: time.unit == .nanoseconds
      case .bytes: time.unit == .rfc3339
      default: false
      }
    if fits { return nil }
    return Diagnostic(
      .error, .fieldType, "field \"\(name)\" holds \(field.type.name), which cannot be read as a time in \(time.unit.rawValue)",
      path: "\(path).time.field", detail: "int64 needs a unit; bytes are read as rfc3339; a time column is nanoseconds already",
      hint: "change the unit or take another field")
  }

  private static func checkTime(_ graph: JobGraph) -> [Diagnostic] {
    let shape = GraphShape(graph)
    let index = shape.firstIndices()
    let timed = Set(graph.sources.filter { $0.time != nil }.map(\.id) + graph.operators.filter { $0.time != nil }.map(\.id))
    /// For each node, a source whose records reach it without a time; in order, so inputs are known before their readers.
    var untimed: [String: String] = [:]
    for position in shape.order() {
      let node = shape.nodes[position]
      if timed.contains(node.id) { continue }
      if node.role == .source {
        untimed[node.id] = node.id
      } else if let from = node.inputs.lazy.compactMap({ untimed[$0.node] }).first {
        untimed[node.id] = from
      }
    }
    return graph.operators.compactMap { node in
      guard node.planned.needsTime, index[node.id] != nil, let source = node.inputs.lazy.compactMap({ untimed[$0.node] }).first else {
        return nil
      }
      return Diagnostic(
        .error, .needsTime, "operator \"\(node.id)\" works by event time, but records of \"\(source)\" have none",
        path: "operators.\(node.id).type",
        detail: "type \(node.type) needs to know when each record happened",
        hint: "add time: { field: …, maxOutOfOrder: 10m } to \"\(source)\" or to an operator between the two")
    }
  }

  // MARK: Guarantee

  private static func checkGuarantee(_ graph: JobGraph) -> [Diagnostic] {
    guard graph.guarantee == .exactlyOnce else { return [] }
    var found: [Diagnostic] = []
    for source in graph.sources where !source.planned.isReplayable {
      found.append(
        Diagnostic(
          .error, .guarantee, "guarantee exactly-once: source \"\(source.id)\" cannot read records again after a crash",
          path: "sources.\(source.id).type",
          detail: "type \(source.type) is not replayable", hint: "write guarantee: none, or read from a file"))
    }
    for sink in graph.sinks where !sink.acceptsLive {
      guard case .live = sink.planned.delivery else { continue }
      found.append(
        Diagnostic(
          .error, .guarantee, "guarantee exactly-once: sink \"\(sink.id)\" may show rows twice after a crash",
          path: "sinks.\(sink.id).type",
          detail: "type \(sink.type) hands rows on as they come",
          hint: "add delivery: live to \"\(sink.id)\" if that is fine, or write guarantee: at-least-once"))
    }
    return found
  }
}

extension PlannedSource {
  /// The schema of the records that leave the source: that of its last decoder, or its own.
  public var outputSchema: Schema { decoders.last?.schema ?? schema }
}

extension ColumnType {
  /// `int64`, `bytes`, `vector(384)`: for messages and plans.
  public var name: String {
    switch self {
    case .int64: "int64"
    case .double: "double"
    case .bool: "bool"
    case .time: "time"
    case .bytes: "bytes"
    case .vector(let count): "vector(\(count))"
    }
  }
}

extension Schema {
  /// `event_id bytes, count int64`: for messages and plans.
  public var summary: String { fields.map { "\($0.name) \($0.type.name)" }.joined(separator: ", ") }
}
