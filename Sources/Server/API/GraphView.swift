internal import Dataflow

/// A job's graph with what every step is doing.
struct GraphView: Codable {
  struct Node: Codable {
    var id: String
    var role: String
    var type: String
    /// Records since the job's first one, over all its runs.
    var received = 0
    var emitted = 0
    var filtered = 0
    var duplicates = 0
    var late = 0
    var errors = 0
    /// Records a second that come in.
    var rate = 0.0
    /// The busiest subtask's share of the time, 0…1. Steps of one chain share a thread, and so this number.
    var busy = 0.0
    /// Batches that wait at its input; many mean that it is slower than what comes before.
    var queued = 0
    /// RFC 3339.
    var watermark: String?
    var subtasks = 0
  }

  struct Edge: Codable {
    var from: String
    var to: String
    /// `errors` or `late`; absent for the main output.
    var side: String?
  }

  struct Split: Codable {
    var name: String
    /// RFC 3339; absent before the first record.
    var newest: String?
    var isIdle: Bool
  }

  var nodes: [Node]
  var edges: [Edge]
  var splits: [Split]
  /// Why windows have not fired, in words; absent when there is nothing to say.
  var waitsFor: String?

  /// - Parameter totals: what each operator has counted over all runs.
  init(_ graph: JobGraph, older: JobSample?, newest: JobSample?, totals: [(id: String, counters: OperatorCounters)]) {
    nodes =
      graph.sources.map { Node(id: $0.id, role: "source", type: $0.type) }
      + graph.operators.map { Node(id: $0.id, role: "operator", type: $0.type) }
      + graph.sinks.map { Node(id: $0.id, role: "sink", type: $0.type) }
    edges = (graph.operators.map { ($0.id, $0.inputs) } + graph.sinks.map { ($0.id, $0.inputs) }).flatMap { id, inputs in
      inputs.map { Edge(from: $0.node, to: id, side: $0.side?.rawValue) }
    }
    splits = (newest?.status ?? []).flatMap(\.splits).map { split in
      Split(name: split.name, newest: split.maxTime == .min ? nil : RFC3339.format(split.maxTime), isIdle: split.isIdle)
    }
    waitsFor = newest.flatMap(Self.reason)
    for index in nodes.indices {
      count(&nodes[index], totals)
      if let newest { fill(&nodes[index], older, newest) }
    }
  }

  /// What the plan made of a step (decoders, the time check: `telemetry#time`) belongs to it.
  private func isPart(_ id: String, of node: Node) -> Bool { id == node.id || id.hasPrefix(node.id + "#") }

  private func count(_ node: inout Node, _ totals: [(id: String, counters: OperatorCounters)]) {
    let parts = totals.filter { isPart($0.id, of: node) }.map(\.counters)
    guard let last = parts.last else { return }
    node.received = parts.map(\.received).max() ?? 0
    node.emitted = last.emitted + last.absorbed
    for part in parts {
      node.filtered += part.filtered
      node.duplicates += part.duplicates
      node.late += part.late
      node.errors += part.errors
    }
  }

  private func fill(_ node: inout Node, _ older: JobSample?, _ newest: JobSample) {
    var (now, before) = (0, 0)
    for (index, subtask) in newest.status.enumerated() {
      let parts = subtask.counters.filter { isPart($0.id, of: node) }
      guard !parts.isEmpty else { continue }
      node.subtasks += 1
      now += parts.map(\.counters.received).max() ?? 0
      if subtask.counters.first?.id == parts.first?.id { node.queued += subtask.queued }
      if subtask.watermark != .min { node.watermark = RFC3339.format(subtask.watermark) }
      guard let older, older.status.count == newest.status.count else { continue }
      let earlier = older.status[index]
      before += earlier.counters.filter { isPart($0.id, of: node) }.map(\.counters.received).max() ?? 0
      let elapsed = subtask.elapsedNanoseconds - earlier.elapsedNanoseconds
      if elapsed > 0 { node.busy = max(node.busy, min(1, Double(subtask.busyNanoseconds - earlier.busyNanoseconds) / Double(elapsed))) }
    }
    guard let older, newest.monotonic > older.monotonic else { return }
    node.rate = max(0, Double(now - before)) / (Double(newest.monotonic - older.monotonic) / 1e9)
  }

  /// Windows fire when the watermark passes their end; it is as far as the slowest split that is not idle.
  private static func reason(_ sample: JobSample) -> String? {
    let active = sample.status.flatMap(\.splits).filter { !$0.isIdle }
    guard !sample.status.flatMap(\.splits).isEmpty else { return "no input has been found yet" }
    guard let slowest = active.min(by: { $0.maxTime < $1.maxTime }) else {
      return "all inputs are idle: time stands still until a record comes"
    }
    if slowest.maxTime == .min { return "the input \(slowest.name) has had no record yet" }
    guard let watermark = sample.watermark else { return "no watermark yet" }
    return "windows that end after \(RFC3339.format(watermark)) are open; the slowest input is \(slowest.name)"
  }
}
