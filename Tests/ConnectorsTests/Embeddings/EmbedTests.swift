import Connectors
import Dataflow
import DataflowTesting
import Search
import Synchronization
import Testing

/// Vectors that depend on the text, and a record of every text that was asked for.
private final class CountingEmbedder: Embedder {
  let model = "counting"
  let dimensions = 3
  let maxTexts: Int
  private let asked = Mutex<[[String]]>([])
  private let answer: @Sendable ([String]) async throws(EmbeddingError) -> [[Float]]?

  init(maxTexts: Int = 32, _ answer: @escaping @Sendable ([String]) async throws(EmbeddingError) -> [[Float]]? = { _ in nil }) {
    (self.maxTexts, self.answer) = (maxTexts, answer)
  }

  var calls: [[String]] { asked.withLock { $0 } }
  static func vector(_ text: String) -> [Float] { [Float(text.utf8.count), 1, 0] }

  func embed(_ texts: [String]) async throws(EmbeddingError) -> [[Float]] {
    asked.withLock { $0.append(texts) }
    return try await answer(texts) ?? texts.map(Self.vector)
  }
}

@Suite("embed", .timeLimit(.minutes(2)))
struct EmbedTests {
  private static let raw = Schema([("template", .bytes), ("shape", .bytes)])
  private static let redacted: Schema = {
    var schema = Schema([("shape", .bytes)])
    schema.append("template", .bytes, isRedacted: true)
    return schema
  }()

  private func plan(_ embedder: any Embedder, _ input: Schema = redacted, _ options: [String: Config.Value] = [:]) throws -> PlannedOperator
  {
    let planned = EmbeddingsConnection.Planned(model: embedder.model, dimensions: embedder.dimensions) { _ in embedder }
    return try Embed.plan(planned, Config(options.merging(["key": .string("shape")]) { first, _ in first }), input)
  }

  private func stage(_ planned: PlannedOperator) throws -> any AsyncStage {
    let stage = try #require(try planned.stage?.make())
    try stage.open(OperatorContext(job: "job", id: "embedded", runtime: VirtualRuntime()))
    return stage
  }

  /// A batch of (shape, template) as a keyed exchange hands it over.
  private func batch(_ rows: [(String?, String?)]) -> RecordBatch {
    let batch = RecordBatch(schema: Self.redacted)
    let fields = Self.redacted.fields
    for (shape, template) in rows {
      let row = batch.appendRow()
      batch.bytes(fields[0])[row] = shape.map { batch.copy($0) } ?? .null
      batch.bytes(fields[1])[row] = template.map { batch.copy($0) } ?? .null
      var hasher = KeyHasher()
      Array((shape ?? "").utf8).withUnsafeBufferPointer { hasher.combine($0.baseAddress, $0.count) }
      batch.keys[row] = hasher.finish()
    }
    return batch
  }

  private func vectors(_ result: StageResult, _ planned: PlannedOperator) throws -> [[Float]?] {
    let field = try #require(planned.schema.field("embedding"))
    return (0..<result.batch.selectedCount).map { index in
      let view = result.batch.bytes(field)[Int(result.batch.selection[index])]
      guard let base = view.base else { return nil }
      return (0..<(view.count / 4)).map { UnsafeRawPointer(base).loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
    }
  }

  @Test("a field that does not come from redact-pii cannot be embedded: the plan is refused")
  func redaction() throws {
    let error = #expect(throws: Diagnostic.self) { _ = try plan(CountingEmbedder(), Self.raw) }
    #expect(error?.code == "embed.not-redacted" && error?.hint.contains("redact-pii") == true)
    // Nor one that was made anew from a redacted one.
    var changed = Self.redacted
    changed.append("template", .bytes)
    #expect(#expect(throws: Diagnostic.self) { _ = try plan(CountingEmbedder(), changed) }?.code == "embed.not-redacted")
    // A new name changes nothing.
    let field = try #require(Self.redacted.field("template"))
    let renamed = Self.redacted.selecting([(field, "text"), (try #require(Self.redacted.field("shape")), "shape")])
    _ = try plan(CountingEmbedder(), renamed, ["field": .string("text")])
  }

  @Test("fields that are not there are told, with those that are")
  func unknownFields() {
    let error = #expect(throws: Diagnostic.self) { _ = try plan(CountingEmbedder(), Self.redacted, ["field": .string("message")]) }
    #expect(error?.code == "embed.unknown-field" && error?.detail == "the input has shape, template")
  }

  @Test("every record gets the vector of its text, and the model's name; equal keys are asked for once")
  func once() async throws {
    let embedder = CountingEmbedder()
    let planned = try plan(embedder)
    let stage = try stage(planned)
    let rows: [(String?, String?)] = (0..<1000).map { ("shape \($0 % 10)", "text \(String(repeating: "x", count: $0 % 10))") }
    let first = try await stage.apply(batch(rows))()
    #expect(first.refusals.isEmpty && first.batch.selectedCount == 1000)
    #expect(try vectors(first, planned) == rows.map { CountingEmbedder.vector(SearchText.of($0.1 ?? "")) })
    let model = try #require(planned.schema.field("embedding_model"))
    #expect(first.batch.bytes(model)[5].string == "counting")
    _ = try await stage.apply(batch(rows))()
    #expect(embedder.calls.flatMap { $0 }.count == 10)
  }

  @Test("batches that are under way together do not ask for the same text twice")
  func together() async throws {
    let embedder = CountingEmbedder { _ in
      for _ in 0..<20 { await Task.yield() }
      return nil
    }
    let planned = try plan(embedder)
    let stage = try stage(planned)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<16 {
        let rows: [(String?, String?)] = (0..<64).map { ("shape \(($0 + number) % 80)", "text \(($0 + number) % 80)") }
        let batch = batch(rows)
        group.addTask { try await stage.apply(batch)().batch.selectedCount }
      }
      for try await count in group { #expect(count == 64) }
    }
    let texts = embedder.calls.flatMap { $0 }
    #expect(texts.count == Set(texts).count && texts.count == 79)
  }

  @Test("no call has more texts than the embedder takes")
  func batches() async throws {
    let embedder = CountingEmbedder(maxTexts: 7)
    let stage = try stage(try plan(embedder))
    _ = try await stage.apply(batch((0..<100).map { ("\($0)", "t\($0)") }))()
    #expect(embedder.calls.allSatisfy { $0.count <= 7 } && embedder.calls.flatMap { $0 }.count == 100)
  }

  @Test(
    "what was embedded is in the checkpoint: after a restart nothing is asked for again, at another parallelism too", arguments: [1, 3])
  func restart(parallelism: Int) async throws {
    let embedder = CountingEmbedder()
    let planned = try plan(embedder)
    let rows: [(String?, String?)] = (0..<500).map { ("shape \($0)", "text \($0)") }
    let before = try stage(planned)
    _ = try await before.apply(batch(rows))()
    var builder = SnapshotBuilder()
    try before.snapshot(&builder)
    let saved = try builder.encoded()
    var count = 0
    for subtask in 0..<parallelism {
      let after = try stage(planned)
      let groups = KeyGroup.range(ofSubtask: subtask, parallelism: parallelism)
      try after.restore(StateReader(subtasks: [saved], keyGroups: groups))
      let all = batch(rows)
      all.filterSelection { groups.contains(all.keys[$0].group) }
      let result = try await after.apply(all)()
      #expect(result.refusals.isEmpty)
      count += result.batch.selectedCount
    }
    #expect(count == 500 && embedder.calls.flatMap { $0 }.count == 500)
  }

  @Test("vectors of another model are forgotten at a restart")
  func otherModel() async throws {
    let embedder = CountingEmbedder()
    let stage = try stage(try plan(embedder))
    _ = try await stage.apply(batch([("a", "text")]))()
    var builder = SnapshotBuilder()
    try stage.snapshot(&builder)
    let other = EmbeddingsConnection.Planned(model: "other", dimensions: 3) { _ in embedder }
    let changed = try self.stage(try Embed.plan(other, Config(["key": .string("shape")]), Self.redacted))
    try changed.restore(StateReader(subtasks: [try builder.encoded()]))
    _ = try await changed.apply(batch([("a", "text")]))()
    #expect(embedder.calls.count == 2)
  }

  @Test("one text that the embedder refuses is an error; the others of its batch have vectors")
  func poison() async throws {
    let embedder = CountingEmbedder { texts throws(EmbeddingError) in
      if texts.contains("poison") { throw EmbeddingError(.refused, "the provider refused the texts (400)") }
      return nil
    }
    let planned = try plan(embedder)
    let stage = try stage(planned)
    let rows: [(String?, String?)] = (0..<64).map { ("\($0)", $0 == 41 ? "poison" : "text \($0)") }
    let result = try await stage.apply(batch(rows))()
    #expect(result.refusals.map(\.row) == [41] && result.refusals.first?.reason == "embedding-failed")
    #expect(result.refusals.first?.detail.contains("400") == true)
    #expect(try result.batch.selectedCount == 63 && (vectors(result, planned)).allSatisfy { $0?.count == 3 })
  }

  @Test("an embedder that stays away makes errors of what it was asked for, not of what is known; later it is asked again")
  func away() async throws {
    let isAway = Mutex(false)
    let embedder = CountingEmbedder { _ throws(EmbeddingError) in
      if isAway.withLock({ $0 }) { throw EmbeddingError(.transient, "the provider answered 503, for 600 s") }
      return nil
    }
    let stage = try stage(try plan(embedder))
    _ = try await stage.apply(batch([("a", "known")]))()
    isAway.withLock { $0 = true }
    let result = try await stage.apply(batch([("a", "known"), ("b", "new")]))()
    #expect(result.batch.selectedCount == 1 && result.refusals.map(\.row) == [1])
    isAway.withLock { $0 = false }
    #expect(try await stage.apply(batch([("b", "new")]))().batch.selectedCount == 1)
  }

  @Test("an embedder for which no text will do stops the attempt: nothing is made an error that a person can mend")
  func unusable() async throws {
    let embedder = CountingEmbedder { _ throws(EmbeddingError) in throw EmbeddingError(.unusable, "wrong token") }
    let stage = try stage(try plan(embedder))
    for _ in 0..<2 {
      await #expect(throws: EmbeddingError.self) { _ = try await stage.apply(batch([("a", "text")]))() }
    }
  }

  @Test("vectors too few, or of another size, are no vectors")
  func wrongAnswers() async throws {
    for answer: [[Float]] in [[], [[1, 0]], [[1, 0, 0], [1, 0, 0]]] {
      let stage = try stage(try plan(CountingEmbedder { _ in answer }))
      let result = try await stage.apply(batch([("a", "text")]))()
      #expect(result.refusals.map(\.reason) == ["embedding-failed"] && result.batch.selectedCount == 0)
    }
  }

  @Test("records without text or key are errors; templates of holes, huge ones and other scripts are embedded")
  func oddTexts() async throws {
    let embedder = CountingEmbedder()
    let stage = try stage(try plan(embedder))
    let rows: [(String?, String?)] = [
      ("a", nil), ("b", ""), ("c", " \n"), (nil, "text"), ("d", "<*>"), ("e", String(repeating: "huge ", count: 1_000_000)), ("f", "日志失败"),
    ]
    let result = try await stage.apply(batch(rows))()
    #expect(result.refusals.map(\.row) == [0, 1, 2, 3])
    #expect(result.refusals.map(\.reason) == ["no-text", "no-text", "no-text", "no-key"])
    #expect(result.batch.selectedCount == 3)
    let texts = embedder.calls.flatMap { $0 }
    #expect(texts.contains("<*>") && texts.contains("日志失败") && texts.allSatisfy { $0.utf8.count <= 8 << 10 })
  }

  @Test("what is given and what is refused add up; a refused text costs the others no second vector")
  func books() async throws {
    let embedder = CountingEmbedder { texts throws(EmbeddingError) in
      if texts.contains("bad") { throw EmbeddingError(.refused, "no") }
      return nil
    }
    let stage = try stage(try plan(embedder))
    let rows: [(String?, String?)] = (0..<300).map { ("\($0 % 30)", $0 % 30 == 7 ? "bad" : "text \($0 % 30)") }
    var (given, refused) = (0, 0)
    for start in stride(from: 0, to: 300, by: 50) {
      let result = try await stage.apply(batch(Array(rows[start..<start + 50])))()
      given += result.batch.selectedCount
      refused += result.refusals.count
    }
    #expect(given == 290 && refused == 10)
    let good = embedder.calls.flatMap { $0 }.filter { $0 != "bad" }
    // Those that shared a refused call were asked for again, in smaller ones.
    #expect(Set(good).count == 29)
  }
}
