internal import Dataflow
internal import Search
internal import Synchronization

/// Asks an embedder for the texts whose vectors are not known yet, and gives every record its vector.
///
/// - State: one vector a key (1.5 kB for 384 numbers), of one model; those of another model are forgotten. 24 bytes more where repeats are dropped.
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

  /// How texts are put together for a call.
  struct Batching: Sendable {
    var texts: Int?
    var bytes: Int
    /// Nanoseconds that a call waits for more texts.
    var wait: Int64
    /// Calls at once.
    var calls: Int
  }

  /// Which records have left, under a lock that nobody waits for: `StateTable` has one owner, and so have batches.
  ///
  /// `@unchecked Sendable`: only used inside of `withLock`.
  private struct Repeats: @unchecked Sendable {
    var known: EmbedRepeats?
  }

  /// What `open` makes.
  private struct Opened: Sendable {
    var embedder: any Embedder
    var runtime: any Runtime
  }

  private let planned: EmbeddingsConnection.Planned
  private let layout: Layout
  private let batching: Batching
  private let cache: EmbeddingCache
  private let slots: CallSlots
  private let repeats: Mutex<Repeats>
  private let opened = Mutex<Opened?>(nil)
  private let groups: Mutex<EmbedGroups>
  private let counters = Mutex((embedded: 0, remembered: 0, calls: 0))

  /// - Parameter retryAfter: nanoseconds after which a key that became an error is asked for again, when repeats are dropped; nil passes all on.
  init(_ planned: EmbeddingsConnection.Planned, _ layout: Layout, _ batching: Batching, retryAfter: Int64?) {
    repeats = Mutex(Repeats(known: retryAfter.map { EmbedRepeats(retryAfter: $0) }))
    (self.planned, self.layout, self.batching) = (planned, layout, batching)
    cache = EmbeddingCache(dimensions: planned.dimensions)
    slots = CallSlots(batching.calls)
    groups = Mutex(EmbedGroups(maxTexts: 1, maxBytes: 1))
  }

  func open(_ context: OperatorContext) throws {
    let embedder = try planned.open(context.runtime)
    groups.withLock { $0 = EmbedGroups(maxTexts: min(batching.texts ?? .max, embedder.maxTexts), maxBytes: batching.bytes) }
    opened.withLock { $0 = Opened(embedder: embedder, runtime: context.runtime) }
  }

  // MARK: Batches

  func apply(_ batch: RecordBatch) async throws -> StageFinish {
    guard let opened = opened.withLock({ $0 }) else { preconditionFailure("apply before open") }
    let (mine, tickets) = claim(batch, now: opened.runtime.now())
    await ask(mine, opened)
    var failures: [KeyHash: EmbeddingError] = [:]
    for (key, ticket) in tickets { if let failure = await ticket.outcome() { failures[key] = failure } }
    try Task.checkCancellation()
    if let unusable = failures.values.first(where: { $0.kind == .unusable }) { throw unusable }
    let failed = failures
    return { self.fill(batch, failed, now: opened.runtime.now()) }
  }

  /// Whether there is something to embed.
  private static func hasWords(_ text: ByteView) -> Bool { text.buffer.contains { $0 > 32 } }

  /// The distinct keys of the batch without a vector: those that this call asks for, with their texts, and the tickets of all.
  private func claim(_ batch: RecordBatch, now: Int64) -> (mine: [EmbedGroups.Wanted], tickets: [(KeyHash, EmbeddingTicket)]) {
    var mine: [EmbedGroups.Wanted] = []
    var tickets: [(KeyHash, EmbeddingTicket)] = []
    var seen: Set<KeyHash> = []
    let (texts, keys) = (batch.bytes(layout.text), batch.bytes(layout.key))
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      let key = batch.keys[row]
      guard !keys[row].isNull, Self.hasWords(texts[row]), seen.insert(key).inserted else { continue }
      if repeats.withLock({ $0.known?.isSettled(key, now: now) }) == true { continue }
      switch cache.claim(key) {
      case .known: continue
      case .mine(let ticket):
        mine.append((key, Self.text(texts[row])))
        tickets.append((key, ticket))
      case .others(let ticket): tickets.append((key, ticket))
      }
    }
    return (mine, tickets)
  }

  /// What is embedded of a template; of one that has only holes, the holes.
  private static func text(_ view: ByteView) -> String {
    let text = view.string
    let words = SearchText.of(text)
    return words.isEmpty ? text : words
  }

  // MARK: Calls

  /// Sees to it that somebody calls for each of the texts. Returns when this caller's part is done: others may still have its texts in a call of theirs.
  private func ask(_ wanted: [EmbedGroups.Wanted], _ opened: Opened) async {
    guard !wanted.isEmpty else { return }
    let (full, open) = groups.withLock { $0.add(wanted) }
    await withTaskGroup(of: Void.self) { tasks in
      for group in full { tasks.addTask { await self.slots.run { await self.call(group.wanted[...], opened.embedder) } } }
      if let open {
        // Cancelled or not, the group must be settled: others wait for it.
        if batching.wait > 0 { try? await opened.runtime.sleep(nanoseconds: batching.wait) }
        await slots.run {
          // Texts that came while there was no place for a call are in it.
          if let group = groups.withLock({ $0.take(open) }) { await call(group.wanted[...], opened.embedder) }
        }
      }
    }
  }

  /// One call, after which every key is settled. When the texts are refused, halves of them are asked for: one that will not do does not keep the
  /// others from theirs.
  private func call(_ wanted: ArraySlice<EmbedGroups.Wanted>, _ embedder: any Embedder) async {
    guard !Task.isCancelled else { return fail(wanted, EmbeddingError(.transient, "the job is ending")) }
    counters.withLock { $0.calls += 1 }
    do throws(EmbeddingError) {
      let vectors = try await embedder.embed(wanted.map(\.text))
      guard vectors.count == wanted.count, vectors.allSatisfy({ $0.count == cache.dimensions }) else {
        throw EmbeddingError(.refused, "the embedder gave \(vectors.count) vectors for \(wanted.count) texts, or some of another size")
      }
      guard vectors.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
        throw EmbeddingError(.refused, "the embedder gave a vector with a number that is none")
      }
      counters.withLock { $0.embedded += vectors.count }
      for (item, vector) in zip(wanted, vectors) { cache.put(item.key, vector) }
    } catch {
      guard error.kind == .refused, wanted.count > 1 else { return fail(wanted, error) }
      let middle = wanted.startIndex + wanted.count / 2
      await call(wanted[..<middle], embedder)
      await call(wanted[middle...], embedder)
    }
  }

  private func fail(_ wanted: ArraySlice<EmbedGroups.Wanted>, _ failure: EmbeddingError) {
    for item in wanted { cache.fail(item.key, failure) }
  }

  // MARK: Results

  /// Gives every record its vector, or its reason; drops it when it is a repeat and repeats are.
  private func fill(_ batch: RecordBatch, _ failures: [KeyHash: EmbeddingError], now: Int64) -> StageResult {
    batch.extend(to: layout.schema)
    var refusals: [StageResult.Refusal] = []
    var duplicates = 0
    let (texts, keys) = (batch.bytes(layout.text), batch.bytes(layout.key))
    let (vectors, models) = (batch.bytes(layout.vector), batch.bytes(layout.model))
    let name = batch.copy(planned.model)
    func refuse(_ row: Int, _ reason: ErrorReason, _ detail: String) -> Bool {
      refusals.append(.init(row: row, reason: reason, detail: detail))
      return false
    }
    batch.filterSelection { row in
      let key = batch.keys[row]
      if keys[row].isNull { return refuse(row, "no-key", "field \"\(layout.key.name)\" is null") }
      guard Self.hasWords(texts[row]) else { return refuse(row, "no-text", "field \"\(layout.text.name)\" is empty") }
      let vector = cache.copy(key, to: batch)
      if repeats.withLock({ $0.known?.decide(key, hasVector: vector != nil, now: now) }) == .repeats {
        duplicates += 1
        return false
      }
      guard let vector else { return refuse(row, "embedding-failed", failures[key]?.message ?? "it failed a short time ago") }
      (vectors[row], models[row]) = (vector, name)
      return true
    }
    counters.withLock { $0.remembered += batch.selectedCount }
    return StageResult(batch, refusals: refusals, duplicates: duplicates)
  }

  // MARK: State

  func snapshot(_ into: inout SnapshotBuilder) throws {
    var meta: [UInt8] = []
    meta.append(counted: planned.model)
    meta.append(integer: Int32(planned.dimensions))
    into.add("model", meta)
    cache.snapshot(&into, "vectors")
    repeats.withLock { $0.known?.snapshot(&into, "repeats") }
  }

  func restore(_ from: StateReader) throws {
    for writer in 0..<from.writers {
      guard let meta = from.section("model", of: writer) else { continue }
      let isSame = try meta.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        return try reader.text() == planned.model && Int(try reader.integer(Int32.self)) == planned.dimensions
      }
      guard isSame else { continue }
      try cache.restore(from, "vectors", of: writer)
      try repeats.withLock { try $0.known?.restore(from, "repeats", of: writer) }
    }
  }

  var counts: [(name: String, count: Int)] {
    let (embedded, remembered, calls) = counters.withLock { $0 }
    return [("texts embedded", embedded), ("vectors given", remembered), ("calls", calls), ("vectors known", cache.count)].filter {
      $0.1 > 0
    }
  }
}
