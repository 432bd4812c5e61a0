internal import Dataflow
internal import Dispatch
internal import Postgres
package import Search
internal import Synchronization

/// Search by meaning over the capsules in a PostgreSQL database: vectors and words together, or words alone where there is no model.
///
/// Safe to use from several tasks; questions wait for one another. Keeps one connection, and the index of vectors in memory.
package final class CapsuleSearch: Sendable {
  private struct State {
    var client: PostgresClient?
    var store: (any VectorStore)?
    /// A step of the preparation waits in the queue.
    var isPreparing = false
  }

  private let url: String
  private let embedder: (any Embedder)?
  private let why: String
  private let redact: @Sendable (String) -> String
  private let snapshot: String?
  private let vectors: VectorStores.Location
  private let onPreparation: (@Sendable (VectorPreparation) -> Void)?
  private let state = Mutex(State())
  /// Questions block a thread, which a task's must not be.
  private let queue = DispatchQueue(label: "sloscout.capsule-search")

  /// What words add to the cosine. Measured on questions of operators (docs/benchmarks.md): between 0.2 and 0.5 it hardly matters.
  private static let wordWeight: Float = 0.25

  /// Connects to nothing yet.
  ///
  /// - Parameters:
  ///   - url: the database that the fingerprint and the embedding job write into.
  ///   - embedder: the model of the embedding job; nil searches by words.
  ///   - why: when there is no embedder, why not, for the answer's note.
  ///   - redact: takes personal data out of a question before a model sees it.
  ///   - snapshot: a file for the index of vectors, which makes the next start faster; nil keeps none.
  ///   - vectors: where the embedding job keeps them.
  ///   - onPreparation: for a process that answers many questions: between them the graph of near vectors is built, a little at a time, and this is told
  ///     how far it is. Nil builds none: one question is answered sooner by looking at every vector.
  package init(
    url: String, embedder: (any Embedder)?, why: String = "", snapshot: String? = nil, vectors: VectorStores.Location = .database,
    onPreparation: (@Sendable (VectorPreparation) -> Void)? = nil, redact: @escaping @Sendable (String) -> String
  ) {
    (self.url, self.embedder, self.why, self.snapshot, self.vectors, self.redact) = (url, embedder, why, snapshot, vectors, redact)
    self.onPreparation = onPreparation
  }

  /// Whether there is a model; without one every search goes by words.
  package var hasModel: Bool { embedder != nil }

  /// The capsules that fit the question best.
  ///
  /// An embedder or a store of vectors that fails does not fail the search: words answer then, and the note says so.
  /// - Throws: `PostgresError` when the database cannot be asked; `SinkError` when it has no capsules.
  /// - Complexity: O(templates that pass the filters), and the search of the index.
  package func search(_ query: CapsuleQuery) async throws -> CapsuleSearchResult {
    var vector: [Float]?
    var note = why
    if let embedder {
      do throws(EmbeddingError) { vector = try await embedder.embed([redact(query.text)]).first } catch { note = error.description }
    }
    let (asked, reason) = (vector, note)
    return try await withCheckedThrowingContinuation { continuation in
      queue.async {
        continuation.resume(with: Result { try self.answer(query, asked, reason) })
        self.prepareFurther()
      }
    }
  }

  /// Reads the vectors before anybody asks. Returns when they are read, and goes on with their graph.
  ///
  /// - Throws: `PostgresError` when the database cannot be asked; `MilvusError`, `SinkError` from the store.
  package func prepare() async throws {
    guard let embedder else { return }
    try await withCheckedThrowingContinuation { continuation in
      queue.async {
        continuation.resume(
          with: Result {
            try self.state.withLock { state in
              let client = try Self.connected(&state, self.url)
              _ = try self.store(&state, client, embedder)?.count()
            }
          })
        self.prepareFurther()
      }
    }
  }

  /// A step of the preparation, and the next one behind the questions that wait meanwhile.
  private func prepareFurther() {
    guard let onPreparation else { return }
    let begins = state.withLock { state in
      defer { state.isPreparing = state.store != nil }
      return state.store != nil && !state.isPreparing
    }
    if begins { queue.async { self.prepareStep(onPreparation) } }
  }

  private func prepareStep(_ report: @escaping @Sendable (VectorPreparation) -> Void) {
    let reached = state.withLock { state in
      let reached = state.store?.prepare() ?? VectorPreparation(done: 0, total: 0)
      state.isPreparing = reached.done < reached.total
      return reached
    }
    if reached.total > 0 { report(reached) }
    if reached.done < reached.total { queue.async { self.prepareStep(report) } }
  }

  private func answer(_ query: CapsuleQuery, _ vector: [Float]?, _ note: String) throws -> CapsuleSearchResult {
    try state.withLock { state in
      let client = try Self.connected(&state, url)
      let tables = CapsuleTables(client: client, query: query)
      let candidates = try tables.candidates()
      var words = LexicalIndex()
      for candidate in candidates { words.add(candidate.template) }
      var scores = words.scores(query.text)
      var similarities = [Float?](repeating: nil, count: candidates.count)
      var result = CapsuleSearchResult(method: .words, model: nil, note: note.isEmpty ? nil : note, searched: candidates.count, hits: [])
      if let vector, let embedder, !candidates.isEmpty {
        let near: [String: Float]?
        do { near = try nearest(&state, client, embedder, vector, candidates, limit: max(100, query.limit * 10)) } catch {
          // Not for the database that has the capsules: without it there is no answer.
          guard error is MilvusError || error is SinkError else { throw error }
          (near, result.note) = (nil, "\(error)")
        }
        if let near {
          (result.method, result.model, result.note) = (.meaning, embedder.model, nil)
          for index in scores.indices {
            similarities[index] = candidates[index].shapes.compactMap { near[$0] }.max()
            scores[index] = scores[index] * Self.wordWeight + (similarities[index] ?? 0)
          }
        } else if result.note == nil {
          result.note = "no template is embedded with \(embedder.model) yet\n  hint: run the job embedding: sloscout run --job embedding"
        }
      }
      let best = scores.indices.filter { scores[$0] > 0 }.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(max(0, query.limit))
      let details = try tables.details(of: best.map { candidates[$0].fingerprint })
      for index in best {
        guard var hit = details[candidates[index].fingerprint] else { continue }
        (hit.score, hit.similarity, hit.template) = (scores[index], similarities[index], candidates[index].template)
        result.hits.append(hit)
      }
      return result
    }
  }

  /// Similarities by shape of the nearest; nil when the model has no vectors.
  private func nearest(
    _ state: inout State, _ client: PostgresClient, _ embedder: any Embedder, _ vector: [Float], _ candidates: [CapsuleTables.Candidate],
    limit: Int
  ) throws -> [String: Float]? {
    guard let store = try store(&state, client, embedder), try store.count() > 0 else { return nil }
    let near = try store.nearest(vector, limit: limit, among: Set(candidates.flatMap(\.shapes)))
    return Dictionary(near.map { ($0.shape, $0.similarity) }) { first, _ in first }
  }

  private func store(_ state: inout State, _ client: PostgresClient, _ embedder: any Embedder) throws -> (any VectorStore)? {
    if state.store == nil {
      let (model, dimensions) = (embedder.model, embedder.dimensions)
      state.store =
        switch vectors {
        case .database: try VectorStores.open(client, model: model, dimensions: dimensions, snapshot: snapshot)
        case .milvus(let options, let collection):
          try VectorStores.open(options, collection: collection, model: model, dimensions: dimensions)
        }
    }
    return state.store
  }

  private static func connected(_ state: inout State, _ url: String) throws -> PostgresClient {
    if let client = state.client, client.isOpen { return client }
    let client = try PostgresClient(PostgresOptions(url: url, statementTimeout: 30_000_000_000))
    (state.client, state.store) = (client, nil)
    return client
  }
}
