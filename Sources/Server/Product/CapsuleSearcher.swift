package import Connectors
internal import Dataflow
internal import Dispatch
internal import Jobs
internal import Postgres

/// Search by meaning for the server. The model is opened with the first question: a server that nobody asks does not hold it in memory. Where it could
/// not be had, it is looked for again with a later question.
package actor CapsuleSearcher {
  private let pause: Duration
  private let open: @Sendable () throws -> CapsuleSearch
  private var opening: Task<CapsuleSearch, any Error>?
  private var opened: ContinuousClock.Instant?

  /// - Parameters:
  ///   - url: the database with the capsules.
  ///   - folder: where the sentence model is, or would be.
  ///   - vectors: where the embedding job keeps them.
  init(url: String, folder: String, vectors: VectorStores.Location) {
    self.init(pause: .seconds(30)) {
      try CapsuleSearch(url: url, model: Config(["provider": .string("local"), "path": .string(folder)]), vectors: vectors)
    }
  }

  /// - Parameters:
  ///   - pause: between one look for a model that is not there and the next: a look may take a second.
  ///   - open: opens a search; blocks.
  package init(pause: Duration, open: @escaping @Sendable () throws -> CapsuleSearch) { (self.pause, self.open) = (pause, open) }

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
    let task = Task {
      try await withCheckedThrowingContinuation { continuation in
        // Blocks for about a second.
        DispatchQueue.global().async { continuation.resume(with: Result { try open() }) }
      }
    }
    opening = task
    return try await task.value
  }
}
