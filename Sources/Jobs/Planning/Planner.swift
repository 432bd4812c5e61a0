internal import Dataflow

/// Turns a checked definition into a graph: resolves schemas from the sources on and asks each component for its plan.
///
/// Goes as far as it can: a component that is wrong, or reads from one that is, is left out, and the rest is still checked.
struct Planner {
  let definition: JobDefinition
  let catalog: ComponentCatalog
  let connections: [String: ConnectionDefinition]
  private let places: PlaceIndex

  init(definition: JobDefinition, spec: ConfigValue, catalog: ComponentCatalog, connections: [String: ConnectionDefinition]) {
    self.definition = definition
    self.catalog = catalog
    self.connections = connections
    places = PlaceIndex(spec)
  }

  /// The graph, complete only when the collector has no errors of this job.
  func plan(_ collector: inout DiagnosticCollector) -> JobGraph {
    let shape = GraphShape(job: definition.name, nodes: definition.components.map(\.node))
    let doubtful = Set(definition.components.filter(\.hasUnreadableInput).map(\.id))
    collector.add(shape.check(doubtful: doubtful).map(places.locate))
    var graph = JobGraph(
      name: definition.name, parallelism: definition.parallelism, guarantee: definition.guarantee, checkpoint: definition.checkpoint,
      restart: definition.restart)
    for index in shape.order() { add(definition.components[index], &graph, &collector) }
    collector.add(GraphValidation.checkPlanned(graph).map(places.locate))
    // Plans are made in the order of flow; people read them in the order of the file.
    let rank = Dictionary(definition.components.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    graph.sources.sort { rank[$0.id, default: 0] < rank[$1.id, default: 0] }
    graph.operators.sort { rank[$0.id, default: 0] < rank[$1.id, default: 0] }
    graph.sinks.sort { rank[$0.id, default: 0] < rank[$1.id, default: 0] }
    return graph
  }

  private func add(_ component: ComponentDefinition, _ graph: inout JobGraph, _ collector: inout DiagnosticCollector) {
    guard let config = component.config, !component.hasUnreadableInput else { return }
    do {
      switch component.role {
      case .source: try addSource(component, config, &graph, &collector)
      case .operator: try addOperator(component, config, &graph, &collector)
      case .sink: try addSink(component, config, &graph)
      }
    } catch {
      collector.add(located(error, component))
    }
  }

  private func addSource(
    _ component: ComponentDefinition, _ config: Config, _ graph: inout JobGraph, _ collector: inout DiagnosticCollector
  ) throws {
    guard let type = catalog.sources.first(where: { $0.descriptor.type == component.type }) else { return }
    let planned = try type.plan(withConnection(config, component))
    graph.sources.append(
      SourceNode(
        id: component.id, type: component.type, planned: planned, time: time(component, planned.outputSchema, &collector),
        onError: component.onError))
  }

  private func addOperator(
    _ component: ComponentDefinition, _ config: Config, _ graph: inout JobGraph, _ collector: inout DiagnosticCollector
  ) throws {
    guard let type = catalog.operators.first(where: { $0.descriptor.type == component.type }),
      let schema = inputSchema(component, graph)
    else { return }
    let planned = try type.plan(withConnection(config, component), schema)
    graph.operators.append(
      OperatorNode(
        id: component.id, type: component.type, inputs: component.inputs, planned: planned,
        time: time(component, planned.schema, &collector),
        onError: component.onError))
  }

  private func addSink(_ component: ComponentDefinition, _ config: Config, _ graph: inout JobGraph) throws {
    guard let type = catalog.sinks.first(where: { $0.descriptor.type == component.type }), let schema = inputSchema(component, graph) else {
      return
    }
    let connection = component.connection.flatMap { connections[$0]?.config }
    // What operators leave for each other is not for sinks.
    let visible = schema.selecting(schema.fields.filter { !$0.name.contains("#") }.map { ($0, $0.name) })
    let planned = try type.plan(config, connection, visible)
    graph.sinks.append(
      SinkNode(id: component.id, type: component.type, inputs: component.inputs, planned: planned, acceptsLive: component.acceptsLive))
  }

  /// The schema of the first input that is known: that the others agree is checked at the end.
  private func inputSchema(_ component: ComponentDefinition, _ graph: JobGraph) -> Schema? {
    component.inputs.lazy.compactMap { GraphValidation.schema(of: $0, in: graph) }.first
  }

  /// Sources and operators find the options of their connection under "connection"; sinks get them as an argument.
  private func withConnection(_ config: Config, _ component: ComponentDefinition) -> Config {
    guard let options = component.connection.flatMap({ connections[$0]?.config }) else { return config }
    var values = config.values
    values["connection"] = .object(options)
    return Config(values, places: config.places)
  }

  private func time(_ component: ComponentDefinition, _ schema: Schema, _ collector: inout DiagnosticCollector) -> TimePolicy? {
    guard let time = component.time else { return nil }
    let path = "\(component.path).time"
    if time.field == nil, component.role == .operator {
      collector.add(
        places.locate(
          Diagnostic(
            .error, .missingKey, "\"time\" of operator \"\(component.id)\" needs the key \"field\"", path: path,
            detail: "only a source knows the time of its records by itself",
            hint: "add field: \(schema.fields.first { $0.type == .time }?.name ?? "timestamp")")))
    }
    var unit = time.unit
    if unit == nil, let field = time.field.flatMap(schema.field) {
      switch field.type {
      case .bytes: unit = .rfc3339
      case .int64:
        collector.add(
          places.locate(
            Diagnostic(
              .error, .missingKey, "\"time\" needs the key \"unit\"", path: path, detail: "field \"\(field.name)\" is a number",
              hint: "add unit: ns, us, ms or s")))
      default: break
      }
    }
    return TimePolicy(field: time.field, unit: unit ?? .nanoseconds, maxOutOfOrder: time.maxOutOfOrder, idleAfter: time.idleAfter)
  }

  private func located(_ error: any Error, _ component: ComponentDefinition) -> Diagnostic {
    guard var diagnostic = error as? Diagnostic else {
      return places.locate(
        Diagnostic(
          .error, .planFailed, "\(component.role.rawValue) \"\(component.id)\" cannot be planned: \(error)", path: "\(component.path).type")
      )
    }
    if diagnostic.location == nil {
      // A component knows its options by name, not where they stand.
      if diagnostic.path.isEmpty {
        diagnostic.path = "\(component.path).config"
      } else if !diagnostic.path.hasPrefix(component.path) {
        diagnostic.path = "\(component.path).config.\(diagnostic.path)"
      }
    }
    return places.locate(diagnostic)
  }
}
