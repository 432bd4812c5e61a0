package import Connectors
internal import Dataflow
internal import Dispatch
internal import Jobs
internal import Logging
internal import Postgres

/// Search by meaning for the server. Where there are vectors, they and the model are read when the server starts, and the graph of near vectors is built
/// between questions, which are answered meanwhile by looking at every vector. Otherwise the model is opened with the first question: a server that has
/// nothing to search does not hold it in memory. Where it could not be had, it is looked for again with a later question.
package actor CapsuleSearcher {
  private let pause: Duration
  private let hasVectors: @Sendable () throws -> Bool
  private let open: @Sendable () throws -> CapsuleSearch
  private static let logger = Logger(label: "sloscout.server.search")
  private var opening: Task<CapsuleSearch, any Error>?
  private var opened: ContinuousClock.Instant?

  /// - Parameters:
  ///   - url: the database with the capsules.
  ///   - folder: where the sentence model is, or would be.
  ///   - vectors: where the embedding job keeps them.
  ///   - index: a file that keeps what is read and built for the next start; nil keeps nothing.
  init(url: String, folder: String, vectors: VectorStores.Location, index: String?) {
    let progress = PreparationLog()
    self.init(
      pause: .seconds(30),
      hasVectors: {
        guard case .database = vectors, ModelFolder(folder).missing.isEmpty else { return false }
        return try VectorStores.hasVectors(url, model: ModelFolder.modelName)
      },
      open: {
        try CapsuleSearch(
          url: url, model: Config(["provider": .string("local"), "path": .string(folder)]), snapshot: index, vectors: vectors,
          onPreparation: { progress.report($0) })
      })
  }

  /// - Parameters:
  ///   - pause: between one look for a model that is not there and the next: a look may take a second.
  ///   - hasVectors: whether there is something to prepare; blocks.
  ///   - open: opens a search; blocks.
  package init(
    pause: Duration, hasVectors: @escaping @Sendable () throws -> Bool = { false }, open: @escaping @Sendable () throws -> CapsuleSearch
  ) {
    (self.pause, self.hasVectors, self.open) = (pause, hasVectors, open)
  }

  /// Reads vectors and model before anybody asks, where there are any. What goes wrong is in the log, and told to whoever asks.
  package func prepare() async {
    do {
      let hasVectors = hasVectors
      guard try await Self.blocking(hasVectors) else { return }
      Self.logger.info("reading the vectors of templates")
      try await current().prepare()
      Self.logger.info("the vectors of templates are read")
    } catch {
      Self.logger.warning("could not read the vectors of templates; the next question tries again", metadata: ["reason": "\(error)"])
    }
  }

  /// The capsules that fit best. None, and a note, when there are no capsules yet. Throws `StoreUnavailable`.
  package func search(_ query: CapsuleQuery) async throws -> CapsuleSearchResult {
    do { return try await current().search(query) } catch let error as SinkError {
      return CapsuleSearchResult(method: .words, model: nil, note: "\(error.message): \(error.hint)", searched: 0, hits: [])
    } catch let error as PostgresError {
      throw StoreUnavailable(description: "\(error)")
    }
  }

  private func current() async throws -> CapsuleSearch {
    if let opening {
      let search = try await opening.value
      // Somebody else may have begun to look again meanwhile.
      guard !search.hasModel, let opened, ContinuousClock.now - opened >= pause else { return search }
    }
    opened = .now
    let open = open
    // Blocks for about a second.
    let task = Task { try await Self.blocking(open) }
    opening = task
    return try await task.value
  }

  private static func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Swift.Result { try body() }) }
    }
  }
}
