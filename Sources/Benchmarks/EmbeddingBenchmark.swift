internal import Connectors
internal import Dataflow
internal import Foundation
internal import Operators

/// What it costs to embed a stream of capsules most of whose templates are known: `redact-pii` and `embed` with the model in this process, checkpoints on disk, rows
/// counted and forgotten.
public struct EmbeddingBenchmark: Sendable {
  /// Records of capsules.
  public var events: Int
  /// How many of a hundred of them have a template that was there before.
  public var hits: Double
  /// The model's folder.
  public var model: String
  /// Whether a `deduplicate` by shape stands in front, as in the shipped job.
  public var deduplicates = false

  /// A benchmark.
  public init(events: Int, hits: Double, model: String) { (self.events, self.hits, self.model) = (events, hits, model) }

  /// One JSON line of figures. Throws what keeps the job from running.
  public func run() async throws -> String {
    let templates = max(1, Int(Double(events) * (100 - hits) / 100))
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "sloscout-embed-\(ProcessInfo.processInfo.processIdentifier)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let runtime = SystemRuntime(threads: 1)
    let store = try ReplicatedCheckpointStore(files: runtime.files, folder: folder.path, secondCopy: nil, job: "embedding")
    let runner = JobRunner(try graph(templates), runtime: runtime, store: store)
    let (start, before) = (Date(), ProcessUsage.now.cpuSeconds)
    let result = try await runner.run()
    let (seconds, cpu) = (Date().timeIntervalSince(start), ProcessUsage.now.cpuSeconds - before)
    func total(_ id: String) -> OperatorCounters { result.totals.first { $0.id == id }?.counters ?? OperatorCounters() }
    return """
      {"events":\(total("templates").received),"templates":\(templates),"with_vector":\(total("embedded").emitted),\
      "duplicates":\(total("fresh").duplicates),"errors":\(total("embedded").errors),"seconds":\(Self.text(seconds)),\
      "cpu_seconds":\(Self.text(cpu)),"percent_of_a_core_in_a_minute":\(Self.text(cpu / 60 * 100)),\
      "max_rss_bytes":\(ProcessUsage.now.maxResidentBytes)}
      """
  }

  private func graph(_ templates: Int) throws -> JobGraph {
    let source = CapsuleStream.plan(events: events, templates: templates)
    var operators: [OperatorNode] = []
    var schema = source.schema
    func add(_ id: String, _ type: OperatorType, _ options: [String: Config.Value]) throws {
      let planned = try type.plan(Config(options), schema)
      schema = planned.schema
      let input = operators.last?.id ?? "templates"
      operators.append(OperatorNode(id: id, type: type.descriptor.type, inputs: [NodeInput(input)], planned: planned, onError: .drop))
    }
    if deduplicates {
      try add("fresh", Deduplicate.type, ["key": .list([.string("shape")]), "ttl": .duration(3_600_000_000_000)])
    }
    try add("clean", RedactPII.type, ["field": .string("template")])
    let connection = Config(["provider": .string("local"), "path": .string(model)])
    try add("embedded", Embed.type, ["key": .string("shape"), "connection": .object(connection)])
    return JobGraph(
      name: "embedding", checkpoint: CheckpointPolicy(interval: 2_000_000_000),
      sources: [SourceNode(id: "templates", type: "capsules", planned: source, time: TimePolicy(), onError: .drop)], operators: operators,
      sinks: [
        SinkNode(
          id: "rows", type: "discard", inputs: [NodeInput("embedded")], planned: try DiscardSink.type.plan(Config(), nil, schema))
      ])
  }

  private static func text(_ value: Double) -> String { String(format: "%.3f", value) }
}

/// Capsules whose templates come again and again, each for the first time at another moment of the stream.
private final class CapsuleStream: SourceReader {
  private static let schema = Schema([("shape", .bytes), ("template", .bytes)])
  private static let words = [
    "connection", "refused", "timeout", "waiting", "for", "lock", "payment", "declined", "disk", "full", "user", "login", "failed", "retry",
    "queue", "overflow", "certificate", "expired", "cache", "miss", "replica", "lagging", "request", "rejected", "upstream", "reset",
  ]

  private let events: Int
  private let templates: Int
  private var next = 0
  private var split: UInt32 = 0

  private init(events: Int, templates: Int) { (self.events, self.templates) = (events, templates) }

  static func plan(events: Int, templates: Int) -> PlannedSource {
    PlannedSource(schema: schema, isReplayable: true, isBounded: true) { CapsuleStream(events: events, templates: templates) }
  }

  func open(_ context: SourceContext) throws { split = context.splits.register("stream") }

  func poll(_ batch: RecordBatch) throws -> SourceStatus {
    guard next < events else { return .drained }
    // Capsules come in small batches: a window's worth of a few services.
    for _ in 0..<min(100, events - next) {
      // New templates are spread over the stream; in between it is one of those that came before.
      let known = 1 + next * templates / events
      let isNew = next == 0 || next * templates / events != (next - 1) * templates / events
      let template = isNew ? known - 1 : (next &* 7919) % known
      let row = batch.appendRow()
      batch.bytes(Self.schema.fields[0])[row] = batch.copy("shape-\(template)")
      batch.bytes(Self.schema.fields[1])[row] = batch.copy(Self.text(template))
      (batch.times[row], batch.offsets[row], batch.splits[row]) = (1_767_225_600_000_000_000 + Int64(next) * 600_000, Int64(next), split)
      next += 1
    }
    return .more
  }

  /// About twenty words, different for each number.
  private static func text(_ number: Int) -> String {
    (0..<16).map { words[(number / (1 + $0 % 5) + $0 * (1 + number % 7)) % words.count] }.joined(separator: " ") + " code \(number) <*>"
  }

  func positions() -> [SplitPosition] {
    var state: [UInt8] = []
    state.append(integer: UInt64(next))
    return [SplitPosition(name: "stream", state: state)]
  }

  func restore(_ positions: [SplitPosition]) throws {
    guard let state = positions.first?.state else { return }
    next = try state.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      return Int(try reader.integer(UInt64.self))
    }
  }
}
