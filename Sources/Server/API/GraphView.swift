package import Dataflow
package import Jobs

/// A job's graph with what every step is doing.
package struct GraphView: Codable {
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
    /// The busiest subtask's share of the time, 0…1, over all shards. Steps of one chain share a thread, and so this number.
    var busy = 0.0
    /// The share of the time, 0…1, in which it could not go on because whoever comes next had no room. Steps of one chain share it as well.
    var backPressure = 0.0
    /// Batches that wait at its input; many mean that it is slower than what comes before.
    var queued = 0
    /// RFC 3339.
    var watermark: String?
    var subtasks = 0

    init(role: String, type: String, _ load: StepLoad) {
      (id, self.role, self.type) = (load.id, role, type)
      (received, emitted, filtered, duplicates) = (load.received, load.emitted, load.filtered, load.duplicates)
      (late, errors, rate, busy, backPressure) = (load.late, load.errors, load.rate, load.busy, load.backPressure)
      (queued, watermark, subtasks) = (load.queued, load.watermark.map(RFC3339.format), load.subtasks)
    }
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
  package var waitsFor: String?

  /// Of a job in this process, from its two newest looks.
  ///
  /// - Parameter totals: what each operator has counted over all runs.
  init(_ graph: JobGraph, older: JobSample?, newest: JobSample?, totals: [(id: String, counters: OperatorCounters)]) {
    let seconds = newest.map { Double($0.monotonic - (older?.monotonic ?? $0.monotonic)) / 1e9 } ?? 0
    let (before, now) = (older?.status ?? [], newest?.status ?? [])
    self.init(
      graph, isKnown: newest != nil, splits: now.flatMap(\.splits).map { ($0.name, $0.maxTime == .min ? nil : $0.maxTime, $0.isIdle) }
    ) { id in
      var load = StepLoad(id, older: before, newest: now, seconds: seconds)
      load.count(totals)
      return load
    }
  }

  /// Of a job over workers, from what its shards have told.
  ///
  /// - Parameter awaitsReaders: whether shards that read the sources have not told anything yet.
  package init(_ graph: JobGraph, _ shards: [ShardLoad], awaitsReaders: Bool) {
    let steps = Dictionary(shards.flatMap(\.steps).map { ($0.id, $0) }) { one, other in
      var sum = one
      sum.add(other)
      return sum
    }
    self.init(graph, isKnown: !shards.isEmpty, splits: shards.flatMap(\.splits).map { ($0.name, $0.newest, $0.isIdle) }) {
      steps[$0] ?? StepLoad($0)
    }
    if awaitsReaders, splits.isEmpty { waitsFor = "the first report of the workers that read the sources has not come yet" }
  }

  private init(
    _ graph: JobGraph, isKnown: Bool, splits found: [(name: String, newest: Int64?, isIdle: Bool)], _ load: (String) -> StepLoad
  ) {
    nodes =
      graph.sources.map { Node(role: "source", type: $0.type, load($0.id)) }
      + graph.operators.map { Node(role: "operator", type: $0.type, load($0.id)) }
      + graph.sinks.map { Node(role: "sink", type: $0.type, load($0.id)) }
    edges = (graph.operators.map { ($0.id, $0.inputs) } + graph.sinks.map { ($0.id, $0.inputs) }).flatMap { id, inputs in
      inputs.map { Edge(from: $0.node, to: id, side: $0.side?.rawValue) }
    }
    splits = found.map { Split(name: $0.name, newest: $0.newest.map(RFC3339.format), isIdle: $0.isIdle) }
    // Records without an input: nothing in the job asks for their times, so no window waits.
    let isTimeless = found.isEmpty && nodes.contains { $0.role == "source" && $0.received > 0 }
    if isKnown, !isTimeless { waitsFor = Self.reason(found, watermark: graph.sources.compactMap { load($0.id).watermark }.min()) }
  }

  /// Windows fire when the watermark passes their end; it is as far as the slowest split that is not idle.
  private static func reason(_ splits: [(name: String, newest: Int64?, isIdle: Bool)], watermark: Int64?) -> String? {
    guard !splits.isEmpty else { return "no input has been found yet" }
    guard let slowest = splits.filter({ !$0.isIdle }).min(by: { $0.newest ?? .min < $1.newest ?? .min }) else {
      return "all inputs are idle: time stands still until a record comes"
    }
    if slowest.newest == nil { return "the input \(slowest.name) has had no record yet" }
    guard let watermark else { return "no watermark yet" }
    return "windows that end after \(RFC3339.format(watermark)) are open; the slowest input is \(slowest.name)"
  }
}
