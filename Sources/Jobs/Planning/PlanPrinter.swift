public import Dataflow

/// Prints the plan of a job: its nodes, what fields each gives, and how records cross from one to the next.
public enum PlanPrinter {
  /// As indented text, in the order of the file.
  public static func text(_ graph: JobGraph) -> String {
    var out = "job \(graph.name)\n"
    row(&out, "guarantee", graph.guarantee.rawValue)
    row(&out, "parallelism", "\(graph.parallelism)")
    row(&out, "checkpoint", checkpoint(graph))
    row(&out, "restart", restart(graph.restart))
    for source in graph.sources {
      out += "\n\(source.id)  source, \(source.type)\n"
      row(
        &out, "input",
        "\(source.planned.isBounded ? "ends" : "never ends"), \(source.planned.isReplayable ? "can be read again" : "cannot be read again")"
      )
      if let time = source.time { row(&out, "time", words(time)) }
      row(&out, "gives", source.planned.outputSchema.summary)
      row(&out, "errors", errors(source.id, source.onError, graph))
    }
    for node in graph.operators {
      out += "\n\(node.id)  operator, \(node.type)\n"
      row(&out, "reads", reads(node.inputs, node.planned.keyFields))
      if let time = node.time { row(&out, "time", words(time)) }
      row(&out, "gives", node.planned.schema.summary)
      row(&out, "errors", errors(node.id, node.onError, graph))
      if node.planned.hasLateOutput { row(&out, "late", readers(NodeInput(node.id, .late), graph) ?? "counted and dropped") }
    }
    for sink in graph.sinks {
      out += "\n\(sink.id)  sink, \(sink.type)\n"
      row(&out, "reads", reads(sink.inputs, nil))
      row(&out, "takes", sink.inputs.first.flatMap { GraphValidation.schema(of: $0, in: graph) }?.summary ?? "")
      row(&out, "delivery", delivery(sink))
    }
    return out
  }

  /// As a Graphviz document.
  public static func graphviz(_ graph: JobGraph) -> String {
    var out =
      "digraph \(quoted(graph.name)) {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n"
    for node in graph.sources { out += "  \(quoted(node.id)) [label=\(quoted("\(node.id)\n\(node.type)")), shape=cds];\n" }
    for node in graph.operators { out += "  \(quoted(node.id)) [label=\(quoted("\(node.id)\n\(node.type)"))];\n" }
    for node in graph.sinks { out += "  \(quoted(node.id)) [label=\(quoted("\(node.id)\n\(node.type)")), shape=cylinder];\n" }
    for node in graph.operators { edges(&out, node.inputs, node.id, node.planned.keyFields) }
    for node in graph.sinks { edges(&out, node.inputs, node.id, nil) }
    return out + "}\n"
  }

  // MARK: Words

  private static let indent = 14
  private static let width = 120

  /// A name and its value, wrapped behind commas.
  private static func row(_ out: inout String, _ name: String, _ value: String) {
    var line = "  \(name)\(String(repeating: " ", count: max(1, indent - 2 - name.count)))"
    for (index, part) in value.split(separator: ", ").enumerated() {
      if index > 0 {
        line += ","
        if line.count + part.count + 2 > width {
          out += line + "\n"
          line = String(repeating: " ", count: indent)
        } else {
          line += " "
        }
      }
      line += part
    }
    out += line + "\n"
  }

  private static func checkpoint(_ graph: JobGraph) -> String {
    guard graph.guarantee != .none else { return "none" }
    let policy = graph.checkpoint
    let second = policy.secondCopy.map { ", copied to \($0)" } ?? ""
    return
      "every \(Units.format(duration: policy.interval)) into \(policy.store)\(second), \(policy.retain) kept, given up after \(Units.format(duration: policy.timeout))"
  }

  private static func restart(_ policy: RestartPolicy) -> String {
    guard policy.maxAttempts > 0 else { return "never" }
    return
      "up to \(policy.maxAttempts) times, \(Units.format(duration: policy.initialDelay)) to \(Units.format(duration: policy.maxDelay)) apart"
  }

  private static func words(_ time: TimePolicy) -> String {
    let field = time.field.map { "field \($0) (\(time.unit.spelling))" } ?? "set by the source"
    let idle = time.idleAfter.map { ", quiet splits are left out after \(Units.format(duration: $0))" } ?? ""
    return "\(field), up to \(Units.format(duration: time.maxOutOfOrder)) out of order\(idle)"
  }

  private static func exchange(_ keys: [Field]?) -> String? {
    keys.map { "hash by \($0.map(\.name).joined(separator: ", "))" }
  }

  private static func reads(_ inputs: [NodeInput], _ keys: [Field]?) -> String {
    "\(inputs.map(\.description).joined(separator: ", ")) (\(exchange(keys) ?? "forward"))"
  }

  private static func errors(_ id: String, _ policy: ErrorPolicy, _ graph: JobGraph) -> String {
    switch policy {
    case .fail: "stop the job"
    case .drop: "counted and dropped"
    case .route: readers(NodeInput(id, .errors), graph) ?? "routed to nothing"
    }
  }

  private static func readers(_ input: NodeInput, _ graph: JobGraph) -> String? {
    let ids = graph.operators.filter { $0.inputs.contains(input) }.map(\.id) + graph.sinks.filter { $0.inputs.contains(input) }.map(\.id)
    return ids.isEmpty ? nil : "to \(ids.joined(separator: ", "))"
  }

  private static func delivery(_ sink: SinkNode) -> String {
    switch sink.planned.delivery {
    case .exactlyOnce: "exactly once, with the checkpoint"
    case .live: "at once; after a crash some rows leave twice"
    }
  }

  private static func edges(_ out: inout String, _ inputs: [NodeInput], _ reader: String, _ keys: [Field]?) {
    for input in inputs {
      let label = [input.side?.rawValue, exchange(keys)].compactMap { $0 }.joined(separator: "\n")
      var attributes: [String] = []
      if !label.isEmpty { attributes.append("label=\(quoted(label))") }
      if input.side != nil { attributes.append("style=dashed") }
      out += "  \(quoted(input.node)) -> \(quoted(reader))\(attributes.isEmpty ? "" : " [\(attributes.joined(separator: ", "))]");\n"
    }
  }

  private static func quoted(_ text: String) -> String {
    var out = ""
    JSONText.quote(text, &out)
    return out
  }
}
