internal import Connectors
internal import Dataflow
internal import Dispatch
internal import Foundation
internal import Operators
internal import Search
internal import Synchronization

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

  /// One JSON line of figures: of the stream, from its first record on. The model is opened before, once for a job that runs for months. Throws what keeps
  /// the job from running.
  public func run() async throws -> String {
    let templates = max(1, Int(Double(events) * (100 - hits) / 100))
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "sloscout-embed-\(ProcessInfo.processInfo.processIdentifier)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let runtime = SystemRuntime(threads: 1)
    let store = try ReplicatedCheckpointStore(files: runtime.files, folder: folder.path, secondCopy: nil, job: "embedding")
    let opening = ProcessUsage.now.cpuSeconds
    let embedder = try MeteredEmbedder(ModelFolder(model))
    let runner = JobRunner(try graph(templates, embedder), runtime: runtime, store: store)
    let (start, before) = (Date(), ProcessUsage.now.cpuSeconds)
    let result = try await runner.run()
    let (seconds, cpu) = (Date().timeIntervalSince(start), ProcessUsage.now.cpuSeconds - before)
    func total(_ id: String) -> OperatorCounters { result.totals.first { $0.id == id }?.counters ?? OperatorCounters() }
    return """
      {"events":\(total("templates").received),"templates":\(templates),"with_vector":\(total("embedded").emitted),\
      "duplicates":\(total("fresh").duplicates),"errors":\(total("embedded").errors),"seconds":\(Self.text(seconds)),\
      "cpu_seconds":\(Self.text(cpu)),"percent_of_a_core_in_a_minute":\(Self.text(cpu / 60 * 100)),\
      "of_them_in_the_model":\(Self.text(embedder.cpuSeconds)),"calls":\(embedder.calls),\
      "opening_the_model_cpu_seconds":\(Self.text(before - opening)),\
      "max_rss_bytes":\(ProcessUsage.now.maxResidentBytes)}
      """
  }

  private func graph(_ templates: Int, _ embedder: any Embedder) throws -> JobGraph {
    let source = CapsuleStream.plan(events: events, templates: templates)
    var operators: [OperatorNode] = []
    var schema = source.schema
    func add(_ id: String, _ type: OperatorType, _ planned: PlannedOperator) {
      schema = planned.schema
      let input = operators.last?.id ?? "templates"
      operators.append(OperatorNode(id: id, type: type.descriptor.type, inputs: [NodeInput(input)], planned: planned, onError: .drop))
    }
    if deduplicates {
      let options = Config(["key": .list([.string("shape")]), "ttl": .duration(3_600_000_000_000)])
      add("fresh", Deduplicate.type, try Deduplicate.type.plan(options, schema))
    }
    add("clean", RedactPII.type, try RedactPII.type.plan(Config(["field": .string("template")]), schema))
    let opened = EmbeddingsConnection.Planned(model: embedder.model, dimensions: embedder.dimensions) { _ in embedder }
    add("embedded", Embed.type, try Embed.plan(opened, Config(["key": .string("shape")]), schema))
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

/// The model in this process, and the CPU time that it takes.
private final class MeteredEmbedder: Embedder {
  let model = ModelFolder.modelName
  let dimensions = ModelFolder.dimensions
  let maxTexts = 1024
  private let figures = Mutex((calls: 0, seconds: 0.0))

  var calls: Int { figures.withLock { $0.calls } }
  var cpuSeconds: Double { figures.withLock { $0.seconds } }

  #if OpenVINO
  private let local: LocalEmbedder
  /// As the model's own: it keeps its caller for milliseconds.
  private let queue = DispatchQueue(label: "sloscout.bench.embedder")

  init(_ folder: ModelFolder) throws { local = try LocalEmbedder(folder) }

  func embed(_ texts: [String]) async throws(EmbeddingError) -> [[Float]] {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<[[Float]], EmbeddingError>, Never>) in
      queue.async {
        let start = ThreadClock.seconds
        let result = self.local.run(texts)
        let taken = ThreadClock.seconds - start
        self.figures.withLock { $0 = ($0.calls + 1, $0.seconds + taken) }
        continuation.resume(returning: result)
      }
    }
    return try result.get()
  }
  #else
  init(_ folder: ModelFolder) throws {
    throw BenchmarkError("this program was built without OpenVINO\n  hint: build it with: swift build -c release --traits OpenVINO")
  }

  func embed(_ texts: [String]) async throws(EmbeddingError) -> [[Float]] { [] }
  #endif
}

/// Capsules whose templates come again and again, each for the first time at another moment of the stream.
private final class CapsuleStream: SourceReader {
  private static let schema = Schema([("shape", .bytes), ("template", .bytes)])
  private static let words = [
    "connection", "refused", "timeout", "waiting", "for", "lock", "payment", "declined", "disk", "full", "user", "login", "failed", "retry",
    "queue", "overflow", "certificate", "expired", "cache", "miss", "replica", "lagging", "request", "rejected", "upstream", "reset",
  ]

  private let events: Int
  /// Made before the stream begins: what it costs to make them up is no cost of the job.
  private let templates: [String]
  private var next = 0
  private var split: UInt32 = 0

  private init(events: Int, templates: [String]) { (self.events, self.templates) = (events, templates) }

  static func plan(events: Int, templates: Int) -> PlannedSource {
    let texts = (0..<templates).map(text)
    return PlannedSource(schema: schema, isReplayable: true, isBounded: true) { CapsuleStream(events: events, templates: texts) }
  }

  func open(_ context: SourceContext) throws { split = context.splits.register("stream") }

  func poll(_ batch: RecordBatch) throws -> SourceStatus {
    guard next < events else { return .drained }
    // Capsules come in small batches: a window's worth of a few services.
    for _ in 0..<min(100, events - next) {
      // New templates are spread over the stream; in between it is one of those that came before.
      let known = 1 + next * templates.count / events
      let isNew = next == 0 || next * templates.count / events != (next - 1) * templates.count / events
      let template = isNew ? known - 1 : (next &* 7919) % known
      let row = batch.appendRow()
      batch.bytes(Self.schema.fields[0])[row] = batch.copy("shape-\(template)")
      batch.bytes(Self.schema.fields[1])[row] = batch.copy(templates[template])
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
