internal import Connectors
internal import Dataflow

/// Makes a `JobDefinition` of the spec of a Job document.
struct JobDecoder {
  let envelope: Envelope
  let spec: ConfigValue
  let catalog: ComponentCatalog
  let connections: [String: ConnectionDefinition]

  func decode(_ checker: inout SpecChecker) -> JobDefinition {
    let options = checker.check(spec, DocumentFields.job, path: "", place: spec, owner: "the spec")
    var components: [ComponentDefinition] = []
    for role in [GraphShape.Role.source, .operator, .sink] {
      for (id, value) in options.map(role.section) ?? [] {
        if case .object(let config) = value { components.append(component(id, role, config, &checker)) }
      }
    }
    let checkpoint = options.object("checkpoint")
    let restart = options.object("restart")
    checkPolicies(checkpoint, &checker)
    let places = checkpoint.map { checkpointPlaces($0, &checker.collector) } ?? []
    var definition = JobDefinition(
      name: envelope.name, labels: envelope.labels, description: options.string("description") ?? "",
      state: options.string("state").flatMap(JobDefinition.State.init) ?? .running, parallelism: options.int("parallelism") ?? 1,
      guarantee: options.string("guarantee").flatMap(Guarantee.init) ?? .exactlyOnce,
      checkpoint: CheckpointPolicy(
        interval: checkpoint?.duration("interval") ?? 1, timeout: checkpoint?.duration("timeout") ?? 1,
        retain: checkpoint?.int("retain") ?? 1,
        store: Self.folder(checkpoint?.string("store") ?? ""), secondCopy: checkpoint?.string("secondCopy").map(Self.folder)),
      checkpointPlaces: places,
      restart: RestartPolicy(
        initialDelay: restart?.duration("initialDelay") ?? 0, maxDelay: restart?.duration("maxDelay") ?? 0,
        maxAttempts: restart?.int("maxAttempts") ?? 0),
      upgrade: options.string("upgrade").flatMap(JobDefinition.Upgrade.init) ?? .checkpoint,
      exchange: options.object("exchange").flatMap { exchange($0, &checker.collector) }, components: components, tests: [],
      spec: options)
    definition.tests = TestDecoder(components: components).decode(options, &checker.collector)
    return definition
  }

  // MARK: Components

  private func component(_ id: String, _ role: GraphShape.Role, _ options: Config, _ checker: inout SpecChecker) -> ComponentDefinition {
    let path = "\(role.section).\(id)"
    let before = checker.failures
    let type = options.string("type") ?? ""
    var config: Config?
    if options.places["type"] != nil, !type.isEmpty {
      if let descriptor = catalog.descriptor(role, type) {
        var written: ConfigValue?
        if case .any(let value)? = options["config"] { written = value }
        let place = written ?? options.places["type"]
        config = checker.check(written, descriptor.fields, path: "\(path).config", place: place)
        config = checkConnection(id, role, type, options, &checker.collector) ? config : nil
      } else {
        checker.collector.add(unknownType(id, role, type, options.places["type"]))
      }
    }
    var inputs: [NodeInput] = []
    // Something else than a list of names was reported already.
    var unreadable = options.places["inputs"] != nil && options.list("inputs") == nil
    for (index, name) in (options.strings("inputs") ?? []).enumerated() {
      let place = options.places["inputs"]?.element(index)
      if let input = Self.input(name) {
        inputs.append(input)
      } else {
        unreadable = true
        checker.collector.add(Self.unknownOutput(id, role, name, place))
      }
    }
    return ComponentDefinition(
      id: id, role: role, type: type, connection: options.string("connection"), inputs: inputs,
      onError: options.string("onError").flatMap(ErrorPolicy.init) ?? .fail, time: options.object("time").map(Self.time),
      acceptsLive: options.string("delivery") == "live", config: checker.failures == before ? config : nil, hasUnreadableInput: unreadable)
  }

  private func unknownType(_ id: String, _ role: GraphShape.Role, _ type: String, _ place: ConfigValue?) -> Diagnostic {
    let types = catalog.descriptors(role).map(\.type)
    var hint = NearestName.hint(type, in: types)
    for other in [GraphShape.Role.source, .operator, .sink] where other != role && catalog.descriptor(other, type) != nil {
      hint = "\"\(type)\" is \(other == .operator ? "an" : "a") \(other.rawValue): it belongs under \(other.section):"
    }
    return Diagnostic(
      .error, .unknownType, "\(role.rawValue) \"\(id)\" has the type \"\(type)\", which does not exist", at: place,
      detail: "\(role.section) are \(types.joined(separator: ", "))", hint: hint)
  }

  /// Whether the component has the connection it needs, and a usable one.
  private func checkConnection(
    _ id: String, _ role: GraphShape.Role, _ type: String, _ options: Config, _ collector: inout DiagnosticCollector
  ) -> Bool {
    let wanted = catalog.connectionTypes[type] ?? []
    let usable = connections.values.filter { wanted.contains($0.type) }.map(\.name).sorted()
    guard let place = options.places["connection"] else {
      guard !wanted.isEmpty else { return true }
      collector.add(
        Diagnostic(
          .error, .missingConnection, "\(role.rawValue) \"\(id)\" needs a connection", at: options.places["type"],
          detail: "type \(type) uses a Connection of type \(wanted.joined(separator: " or "))",
          hint: usable.first.map { "add connection: \($0)" } ?? "add a document of kind Connection and name it here"))
      return false
    }
    guard let name = options.string("connection") else { return false }
    guard let connection = connections[name] else {
      collector.add(
        Diagnostic(
          .error, .unknownConnection, "\(role.rawValue) \"\(id)\" uses the connection \"\(name)\", which does not exist", at: place,
          detail: connections.isEmpty ? "there are no connections" : "there are \(connections.keys.sorted().joined(separator: ", "))",
          hint: NearestName.hint(name, in: connections.keys.sorted())))
      return false
    }
    guard wanted.contains(connection.type) || connection.type.isEmpty else {
      collector.add(
        Diagnostic(
          .error, .wrongConnection, "\(role.rawValue) \"\(id)\" cannot use the connection \"\(name)\"", at: place,
          detail: wanted.isEmpty
            ? "type \(type) uses no connection" : "it is of type \(connection.type); \(type) uses \(wanted.joined(separator: " or "))",
          hint: wanted.isEmpty ? "remove it" : usable.first.map { "use \"\($0)\"" } ?? "add a Connection of that type"))
      return false
    }
    return connection.config != nil
  }

  /// `complete` or `complete.errors`; nil when what follows the dot is no output.
  static func input(_ name: String) -> NodeInput? {
    guard let dot = name.firstIndex(of: ".") else { return NodeInput(name) }
    return SideOutput(rawValue: String(name[name.index(after: dot)...])).map { NodeInput(String(name[..<dot]), $0) }
  }

  private static func unknownOutput(_ id: String, _ role: GraphShape.Role, _ name: String, _ place: ConfigValue?) -> Diagnostic {
    let node = name.prefix { $0 != "." }
    let output = name.dropFirst(node.count + 1)
    let nearest = NearestName.of(String(output), in: SideOutput.allCases.map(\.rawValue))
    return Diagnostic(
      .error, .unknownOutput, "\(role.rawValue) \"\(id)\" reads \"\(name)\", but there is no output \"\(output)\"", at: place,
      detail: "outputs are \(node), \(node).errors and, of windows, \(node).late",
      hint: nearest.map { "did you mean \"\(node).\($0)\"?" } ?? "")
  }

  private static func time(_ options: Config) -> TimeDefinition {
    TimeDefinition(
      field: options.string("field"), unit: options.string("unit").flatMap(TimePolicy.Unit.init(spelling:)),
      maxOutOfOrder: options.duration("maxOutOfOrder") ?? 0, idleAfter: options.duration("idleAfter"))
  }

  // MARK: Policies

  private func checkPolicies(_ checkpoint: Config?, _ checker: inout SpecChecker) {
    guard let checkpoint else { return }
    for name in ["interval", "timeout"] where checkpoint.duration(name) == 0 {
      checker.collector.add(
        Diagnostic(
          .error, .outOfRange, "\"\(name)\" is 0s", at: checkpoint.places[name], detail: "checkpoint.\(name) is longer than nothing",
          hint: "write 5s, or guarantee: none for no checkpoints"))
    }
  }

  private func checkpointPlaces(_ checkpoint: Config, _ collector: inout DiagnosticCollector) -> [CheckpointPlace] {
    [("store", "connection"), ("secondCopy", "secondCopyConnection")].compactMap { name, connection in
      let place = checkpoint.string(name).map { CheckpointPlace(text: Self.folder($0)) }
      if let text = checkpoint.string(name), text.isEmpty || (Self.folder(text).contains("://") && place?.bucket == nil) {
        collector.add(
          Diagnostic(
            .error, .notAChoice, "\"\(name)\" cannot be \"\(text)\"", at: checkpoint.places[name],
            detail: "checkpoint.\(name) is a folder or a part of a bucket", hint: "write a path, file:///path or s3://bucket/prefix"))
        return nil
      }
      guard let wanted = checkpoint.string(connection) else { return place }
      guard var place, place.bucket != nil else {
        collector.add(
          Diagnostic(
            .error, .wrongConnection, "\"\(connection)\" belongs to a bucket", at: checkpoint.places[connection],
            detail: "checkpoint.\(name) is no s3:// URL", hint: "remove it, or write \(name): s3://bucket/prefix"))
        return place
      }
      checkS3(connection, wanted, checkpoint.places[connection], &collector)
      (place.connection, place.config) = (wanted, connections[wanted]?.config)
      return place
    }
  }

  private func exchange(_ options: Config, _ collector: inout DiagnosticCollector) -> ExchangeDefinition? {
    guard let name = options.string("connection") else { return nil }
    let usable = connections.values.filter { Topics.areOn($0.type) }.map(\.name).sorted()
    guard let connection = connections[name], Topics.areOn(connection.type) || connection.type.isEmpty else {
      collector.add(
        Diagnostic(
          .error, connections[name] == nil ? .unknownConnection : .wrongConnection, "exchange.connection cannot be \"\(name)\"",
          at: options.places["connection"],
          detail: usable.isEmpty ? "no Connection has topics" : "topics are on \(usable.joined(separator: ", "))",
          hint: usable.first.map { "use \"\($0)\"" } ?? "add a Connection of type kafka or local"))
      return nil
    }
    // What is wrong with the connection was reported already.
    guard let config = connection.config else { return nil }
    let partitions = options.int("partitions") ?? 24
    return ExchangeDefinition(
      connection: name, config: config, partitions: partitions, readers: options.int("readers") ?? partitions,
      usesTransactions: options.string("delivery") == "transactions")
  }

  private func checkS3(_ option: String, _ name: String, _ place: ConfigValue?, _ collector: inout DiagnosticCollector) {
    let usable = connections.values.filter { $0.type == "s3" }.map(\.name).sorted()
    guard let connection = connections[name] else {
      collector.add(
        Diagnostic(
          .error, .unknownConnection, "checkpoint.\(option) is \"\(name)\", which does not exist", at: place,
          detail: usable.isEmpty ? "there are no connections of type s3" : "there are \(usable.joined(separator: ", "))",
          hint: NearestName.hint(name, in: usable)))
      return
    }
    if connection.type != "s3", !connection.type.isEmpty {
      collector.add(
        Diagnostic(
          .error, .wrongConnection, "checkpoint.\(option) cannot be the connection \"\(name)\"", at: place,
          detail: "it is of type \(connection.type)", hint: usable.first.map { "use \"\($0)\"" } ?? "add a Connection of type s3"))
    }
  }

  private static func folder(_ text: String) -> String {
    text.hasPrefix("file://") ? String(text.dropFirst(7)) : text
  }
}

extension TimePolicy.Unit {
  /// As the job file spells it.
  init?(spelling: String) {
    switch spelling {
    case "ns": self = .nanoseconds
    case "us": self = .microseconds
    case "ms": self = .milliseconds
    case "s": self = .seconds
    case "rfc3339": self = .rfc3339
    default: return nil
    }
  }

  var spelling: String {
    switch self {
    case .nanoseconds: "ns"
    case .microseconds: "us"
    case .milliseconds: "ms"
    case .seconds: "s"
    case .rfc3339: "rfc3339"
    }
  }
}

extension ConfigValue {
  /// The element of a list, or nil.
  func element(_ index: Int) -> ConfigValue? {
    guard case .list(let values) = content, values.indices.contains(index) else { return nil }
    return values[index]
  }
}
