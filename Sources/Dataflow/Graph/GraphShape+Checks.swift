extension GraphShape {
  /// What is wrong with names, inputs and connections between nodes. Paths are those of a job file; places are filled in by who knows them.
  ///
  /// - Parameter doubtful: nodes of which some input could not be read at all, so that nothing is said of outputs nobody seems to read.
  public func check(doubtful: Set<String> = []) -> [Diagnostic] {
    var found = checkNames()
    let unknown = checkInputs(doubtful, &found)
    if let cycle = cycle() {
      let node = nodes.first { $0.id == cycle.last }
      found.append(
        Diagnostic(
          .error, .cycle, "\(cycle.map { "\"\($0)\"" }.joined(separator: " feeds "))", path: "\(node?.path ?? "operators").inputs",
          detail: "records would run in a circle", hint: "remove one of these inputs"))
    }
    checkErrors(unknown, &found)
    let hasSink = nodes.contains { $0.role == .sink }
    if unknown.isEmpty && doubtful.isEmpty && hasSink { checkDangling(&found) }
    if !nodes.contains(where: { $0.role == .source }) {
      found.append(Diagnostic(.error, .noSource, "job \"\(job)\" has no source", path: "sources", hint: "add one under sources:"))
    }
    if !hasSink {
      found.append(
        Diagnostic(
          .error, .noSink, "job \"\(job)\" has no sink", path: "sinks", hint: "add one under sinks:, for example { type: console }"))
    }
    return found
  }

  private func checkNames() -> [Diagnostic] {
    var found: [Diagnostic] = []
    var roles: [String: Role] = [:]
    for node in nodes {
      if !NodeName.isValid(node.id) {
        found.append(
          Diagnostic(
            .error, .badID, "\"\(node.id)\" cannot be the name of a \(node.role.rawValue)", path: node.path,
            detail: "names match \(NodeName.pattern)",
            hint: "use a-z, 0-9 and -, at most 63"))
      }
      if let other = roles[node.id] {
        found.append(
          Diagnostic(
            .error, .duplicateID, "\(node.role.rawValue) \"\(node.id)\" has the name of a \(other.rawValue)", path: node.path,
            detail: "state, metrics and inputs go by this name", hint: "rename one of the two"))
      } else {
        roles[node.id] = node.role
      }
    }
    return found
  }

  /// Returns the inputs that do not exist.
  private func checkInputs(_ doubtful: Set<String>, _ found: inout [Diagnostic]) -> [NodeInput] {
    let index = firstIndices()
    let readable = nodes.filter { $0.role != .sink }.map(\.id)
    var unknown: [NodeInput] = []
    for node in nodes where node.role != .source {
      if node.inputs.isEmpty && !doubtful.contains(node.id) {
        found.append(
          Diagnostic(
            .error, .noInputs, "\(node.role.rawValue) \"\(node.id)\" reads from nothing", path: "\(node.path).inputs",
            hint: "add inputs: [\(readable.first { $0 != node.id } ?? "…")]"))
      }
      var seen: Set<NodeInput> = []
      for (position, input) in node.inputs.enumerated() {
        let path = "\(node.path).inputs[\(position)]"
        if !seen.insert(input).inserted {
          found.append(
            Diagnostic(
              .error, .duplicateInput, "\(node.role.rawValue) \"\(node.id)\" reads \"\(input)\" twice", path: path,
              detail: "every record would count twice", hint: "keep one of the two"))
        }
        guard let from = index[input.node] else {
          unknown.append(input)
          found.append(
            Diagnostic(
              .error, .unknownInput, "\(node.role.rawValue) \"\(node.id)\" reads from \"\(input.node)\", which does not exist", path: path,
              detail: "job \"\(job)\" defines \(readable.joined(separator: ", "))", hint: NearestName.hint(input.node, in: readable)))
          continue
        }
        if nodes[from].role == .sink {
          unknown.append(input)
          found.append(
            Diagnostic(
              .error, .unknownOutput, "\(node.role.rawValue) \"\(node.id)\" reads from \"\(input.node)\", which is a sink", path: path,
              detail: "sinks have no output", hint: "read from what the sink reads"))
        }
      }
    }
    return unknown
  }

  private func checkErrors(_ unknown: [NodeInput], _ found: inout [Diagnostic]) {
    let index = firstIndices()
    var read: Set<String> = []
    for node in nodes {
      for (position, input) in node.inputs.enumerated() where input.side == .errors {
        read.insert(input.node)
        guard let from = index[input.node], nodes[from].role != .sink, nodes[from].onError != .route else { continue }
        found.append(
          Diagnostic(
            .error, .errorsNotRouted, "\"\(node.id)\" reads \"\(input)\", but \"\(input.node)\" does not route its errors",
            path: "\(node.path).inputs[\(position)]", detail: "\"\(input.node)\" has onError: \(nodes[from].onError.rawValue)",
            hint: "write onError: route at \"\(input.node)\""))
      }
    }
    // A misspelt "complet.errors" is one mistake, not two.
    let meant = Set(unknown.filter { $0.side == .errors }.compactMap { NearestName.of($0.node, in: nodes.map(\.id)) })
    for node in nodes where node.role != .sink && node.onError == .route && !read.contains(node.id) && !meant.contains(node.id) {
      found.append(
        Diagnostic(
          .error, .unusedErrors, "errors of \"\(node.id)\" are routed, but nothing reads \"\(node.id).errors\"",
          path: "\(node.path).onError",
          hint: "add \"\(node.id).errors\" to the inputs of a sink, or use onError: drop"))
    }
  }

  private func checkDangling(_ found: inout [Diagnostic]) {
    let read = Set(nodes.flatMap(\.inputs).filter { $0.side == nil }.map(\.node))
    for node in nodes where node.role != .sink && !read.contains(node.id) {
      found.append(
        Diagnostic(
          .error, .dangling, "nothing reads \(node.role.rawValue) \"\(node.id)\"", path: node.path,
          hint: "add \"\(node.id)\" to the inputs of an operator or a sink, or remove it"))
    }
  }
}
