internal import Dataflow
internal import Search
internal import Synchronization

/// Asks an embedder for the texts whose vectors are not known yet, and gives every record its vector.
///
/// - State: one vector a key (1.5 kB for 384 numbers), of one model; those of another model are forgotten.
/// - Guarantees: no key is asked for twice while the state is there. After a crash what came after the last checkpoint is asked for again.
/// - Errors: a record without text or key, and one whose text the embedder refuses or cannot be asked for in time. An embedder that no text will do
///   for (a wrong token, vectors of another size) ends the attempt instead: nothing is lost while a person acts.
final class EmbedStage: AsyncStage {
  struct Layout: Sendable {
    var schema: Schema
    var text: Field
    var key: Field
    var vector: Field
    var model: Field
  }

  private let planned: EmbeddingsConnection.Planned
  private let layout: Layout
  private let cache: EmbeddingCache
  private let embedder = Mutex<(any Embedder)?>(nil)
  private let counters = Mutex((embedded: 0, remembered: 0, calls: 0))

  init(_ planned: EmbeddingsConnection.Planned, _ layout: Layout) {
    self.planned = planned
    self.layout = layout
    cache = EmbeddingCache(dimensions: planned.dimensions)
  }

  func open(_ context: OperatorContext) throws {
    let opened = try planned.open(context.runtime)
    embedder.withLock { $0 = opened }
  }

  // MARK: Batches

  func apply(_ batch: RecordBatch) async throws -> StageResult {
    guard let embedder = embedder.withLock({ $0 }) else { preconditionFailure("apply before open") }
    batch.extend(to: layout.schema)
    var refusals = refuseTextless(batch)
    var failures: [KeyHash: EmbeddingError] = [:]
    var isSettled = false
    while !isSettled {
      let (mine, others) = claim(batch, except: failures)
      do {
        try await embed(mine, embedder, &failures)
      } catch {
        for (key, _) in mine { cache.release(key) }
        throw error
      }
      for (key, _) in mine { cache.release(key) }
      for key in others { await cache.wait(for: key) }
      // Whoever asked for the others may have failed: then it is our turn.
      isSettled = others.isEmpty
    }
    try fill(batch, failures, &refusals)
    return StageResult(batch, refusals: refusals)
  }

  /// Takes records that have nothing to embed out of the batch.
  private func refuseTextless(_ batch: RecordBatch) -> [StageResult.Refusal] {
    var refusals: [StageResult.Refusal] = []
    let (texts, keys) = (batch.bytes(layout.text), batch.bytes(layout.key))
    batch.filterSelection { row in
      if keys[row].isNull {
        refusals.append(.init(row: row, reason: "no-key", detail: "field \"\(layout.key.name)\" is null"))
        return false
      }
      if !texts[row].buffer.contains(where: { $0 > 32 }) {
        refusals.append(.init(row: row, reason: "no-text", detail: "field \"\(layout.text.name)\" is empty"))
        return false
      }
      return true
    }
    return refusals
  }

  /// The distinct keys of the batch without a vector: those that this call asks for, with their texts, and those that another one does.
  private func claim(_ batch: RecordBatch, except failures: [KeyHash: EmbeddingError]) -> (mine: [(KeyHash, String)], others: [KeyHash]) {
    var mine: [(KeyHash, String)] = []
    var others: [KeyHash] = []
    var seen: Set<KeyHash> = []
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      let key = batch.keys[row]
      guard seen.insert(key).inserted, failures[key] == nil else { continue }
      switch cache.claim(key) {
      case .known: continue
      case .mine: mine.append((key, Self.text(batch.bytes(layout.text)[row])))
      case .others: others.append(key)
      }
    }
    return (mine, others)
  }

  /// What is embedded of a template; of one that has only holes, the holes.
  private static func text(_ view: ByteView) -> String {
    let text = view.string
    let words = SearchText.of(text)
    return words.isEmpty ? text : words
  }

  private func embed(_ wanted: [(KeyHash, String)], _ embedder: any Embedder, _ failures: inout [KeyHash: EmbeddingError]) async throws {
    for start in stride(from: 0, to: wanted.count, by: embedder.maxTexts) {
      try await embedCall(wanted[start..<min(start + embedder.maxTexts, wanted.count)], embedder, &failures)
    }
  }

  /// One call. When the texts are refused, halves of them are asked for: one that will not do does not keep the others from theirs.
  private func embedCall(
    _ wanted: ArraySlice<(KeyHash, String)>, _ embedder: any Embedder, _ failures: inout [KeyHash: EmbeddingError]
  ) async throws {
    counters.withLock { $0.calls += 1 }
    let failure: EmbeddingError
    do throws(EmbeddingError) {
      let vectors = try await embedder.embed(wanted.map(\.1))
      guard vectors.count == wanted.count, vectors.allSatisfy({ $0.count == cache.dimensions }) else {
        throw EmbeddingError(.refused, "the embedder gave \(vectors.count) vectors for \(wanted.count) texts, or some of another size")
      }
      for ((key, _), vector) in zip(wanted, vectors) { cache.put(key, vector) }
      counters.withLock { $0.embedded += vectors.count }
      return
    } catch { failure = error }
    try Task.checkCancellation()
    switch failure.kind {
    case .unusable: throw failure
    case .refused where wanted.count > 1:
      let middle = wanted.startIndex + wanted.count / 2
      try await embedCall(wanted[..<middle], embedder, &failures)
      try await embedCall(wanted[middle...], embedder, &failures)
    case .refused, .transient:
      for (key, _) in wanted { failures[key] = failure }
    }
  }

  private func fill(_ batch: RecordBatch, _ failures: [KeyHash: EmbeddingError], _ refusals: inout [StageResult.Refusal]) throws {
    let (vectors, models) = (batch.bytes(layout.vector), batch.bytes(layout.model))
    let name = batch.copy(planned.model)
    batch.filterSelection { row in
      if let failure = failures[batch.keys[row]] {
        refusals.append(.init(row: row, reason: "embedding-failed", detail: failure.message))
        return false
      }
      guard let vector = cache.copy(batch.keys[row], to: batch) else { preconditionFailure("a key without vector and without failure") }
      (vectors[row], models[row]) = (vector, name)
      return true
    }
    counters.withLock { $0.remembered += batch.selectedCount }
  }

  // MARK: State

  func snapshot(_ into: inout SnapshotBuilder) throws {
    var meta: [UInt8] = []
    meta.append(counted: planned.model)
    meta.append(integer: Int32(planned.dimensions))
    into.add("model", meta)
    cache.snapshot(&into, "vectors")
  }

  func restore(_ from: StateReader) throws {
    for writer in 0..<from.writers {
      guard let meta = from.section("model", of: writer) else { continue }
      let isSame = try meta.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        return try reader.text() == planned.model && Int(try reader.integer(Int32.self)) == planned.dimensions
      }
      if isSame { try cache.restore(from, "vectors", of: writer) }
    }
  }

  var counts: [(name: String, count: Int)] {
    let (embedded, remembered, calls) = counters.withLock { $0 }
    return [("texts embedded", embedded), ("vectors given", remembered), ("calls", calls), ("vectors known", cache.count)].filter {
      $0.1 > 0
    }
  }
}
