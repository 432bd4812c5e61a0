import Connectors
import Dataflow
import DataflowTesting
import Search
import Synchronization
import Testing

@Suite("embed with repeats dropped", .timeLimit(.minutes(2)))
struct EmbedRepeatsTests {
  /// Refuses some texts until it is told otherwise, and keeps a book.
  private final class Choosy: Embedder {
    let model = "choosy"
    let dimensions = 1
    let maxTexts = 16
    private let state = Mutex((refused: Set<String>(), asked: [String]()))

    init(refusing: Set<String>) { state.withLock { $0.refused = refusing } }

    var asked: [String] { state.withLock { $0.asked } }
    func relent() { state.withLock { $0.refused = [] } }

    func embed(_ texts: [String]) async throws(EmbeddingError) -> [[Float]] {
      let isRefused = state.withLock { state in
        state.asked += texts
        return texts.contains(where: state.refused.contains)
      }
      if isRefused { throw EmbeddingError(.refused, "no") }
      return texts.map { [Float($0.utf8.count)] }
    }
  }

  private static let schema: Schema = {
    var schema = Schema([("shape", .bytes)])
    schema.append("template", .bytes, isRedacted: true)
    return schema
  }()

  private func stage(_ embedder: any Embedder, _ runtime: VirtualRuntime, repeats: String = "drop") throws -> any AsyncStage {
    let planned = EmbeddingsConnection.Planned(model: embedder.model, dimensions: embedder.dimensions) { _ in embedder }
    let options = Config(["key": .string("shape"), "repeats": .string(repeats), "retryAfter": .duration(60_000_000_000)])
    let stage = try #require(try Embed.plan(planned, options, Self.schema).stage?.make())
    try stage.open(OperatorContext(job: "job", id: "embedded", runtime: runtime))
    return stage
  }

  private func batch(_ templates: [String]) -> RecordBatch {
    let batch = RecordBatch(schema: Self.schema)
    for template in templates {
      let row = batch.appendRow()
      for field in Self.schema.fields { batch.bytes(field)[row] = batch.copy(template) }
      var hasher = KeyHasher()
      Array(template.utf8).withUnsafeBufferPointer { hasher.combine($0.baseAddress, $0.count) }
      batch.keys[row] = hasher.finish()
    }
    return batch
  }

  private func given(_ result: StageResult) -> [Int] { (0..<result.batch.selectedCount).map { Int(result.batch.selection[$0]) } }

  @Test("a key leaves once with its vector, within a batch and later; what is dropped is counted")
  func once() async throws {
    let embedder = Choosy(refusing: [])
    let stage = try stage(embedder, VirtualRuntime())
    let first = try await stage.apply(batch(["a", "b", "a", "a"]))()
    #expect(given(first) == [0, 1] && first.duplicates == 2 && first.refusals.isEmpty)
    let second = try await stage.apply(batch(["b", "c"]))()
    #expect(given(second) == [1] && second.duplicates == 1)
    #expect(embedder.asked == ["a", "b", "c"])
  }

  @Test("what became an error is tried again after a while, and then leaves; until then its repeats are dropped and nobody is asked")
  func retry() async throws {
    let (embedder, runtime) = (Choosy(refusing: ["bad"]), VirtualRuntime())
    let stage = try stage(embedder, runtime)
    let failed = try await stage.apply(batch(["bad", "good", "bad"]))()
    #expect(given(failed) == [1] && failed.refusals.map(\.reason) == ["embedding-failed"] && failed.duplicates == 1)
    let asked = embedder.asked.count
    #expect(try await stage.apply(batch(["bad"]))().duplicates == 1 && embedder.asked.count == asked)
    runtime.block(nanoseconds: 61_000_000_000)
    // Still refused: an error again, once.
    #expect(try await stage.apply(batch(["bad", "bad"]))().refusals.count == 1)
    embedder.relent()
    runtime.block(nanoseconds: 61_000_000_000)
    let mended = try await stage.apply(batch(["bad"]))()
    #expect(given(mended) == [0] && mended.refusals.isEmpty)
    #expect(try await stage.apply(batch(["bad"]))().duplicates == 1)
  }

  @Test("a key that was embedded but has not left is in no checkpoint as left")
  func notYetLeft() async throws {
    let embedder = Choosy(refusing: [])
    let before = try stage(embedder, VirtualRuntime())
    // The call is over, the batch has not left.
    _ = try await before.apply(batch(["a"]))
    var builder = SnapshotBuilder()
    try before.snapshot(&builder)
    let after = try stage(embedder, VirtualRuntime())
    try after.restore(StateReader(subtasks: [try builder.encoded()]))
    #expect(given(try await after.apply(batch(["a"]))()) == [0])
    #expect(embedder.asked == ["a"])
    var later = SnapshotBuilder()
    try after.snapshot(&later)
    let last = try stage(embedder, VirtualRuntime())
    try last.restore(StateReader(subtasks: [try later.encoded()]))
    #expect(try await last.apply(batch(["a"]))().duplicates == 1 && embedder.asked == ["a"])
  }

  @Test("where repeats pass, every record leaves")
  func pass() async throws {
    let stage = try stage(Choosy(refusing: []), VirtualRuntime(), repeats: "pass")
    for _ in 0..<2 { #expect(given(try await stage.apply(batch(["a", "a"]))()) == [0, 1]) }
  }

  @Test("texts of several batches share a call: it is made when it is full, by count or by size, or when the first text has waited")
  func shared() async throws {
    final class Book: Embedder {
      let model = "book"
      let dimensions = 1
      let maxTexts = 4
      let calls = Mutex<[[String]]>([])
      func embed(_ texts: [String]) async throws(EmbeddingError) -> [[Float]] {
        calls.withLock { $0.append(texts) }
        return texts.map { _ in [1] }
      }
    }
    let book = Book()
    let stage = try stage(book, VirtualRuntime())
    try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<10 {
        let batch = batch(["t\(number)"])
        group.addTask { try await stage.apply(batch)().batch.selectedCount }
      }
      for try await count in group { #expect(count == 1) }
    }
    let calls = book.calls.withLock { $0 }
    #expect(calls.allSatisfy { $0.count <= 4 } && Set(calls.flatMap { $0 }).count == 10 && calls.flatMap { $0 }.count == 10)
    #expect(calls.count < 10, "\(calls)")
  }
}
