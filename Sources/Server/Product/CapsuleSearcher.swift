internal import Connectors
internal import Dataflow
internal import Dispatch
internal import Jobs
internal import Postgres

/// Search by meaning for the server. The model is opened with the first question: a server that nobody asks does not hold it in memory. Where it could
/// not be had, it is looked for again with a later question.
actor CapsuleSearcher {
  private let url: String
  private let folder: String
  private let vectors: VectorStores.Location
  private let pause: Duration
  private var opening: Task<CapsuleSearch, any Error>?
  private var opened: ContinuousClock.Instant?

  /// - Parameters:
  ///   - url: the database with the capsules.
  ///   - folder: where the sentence model is, or would be.
  ///   - vectors: where the embedding job keeps them.
  ///   - pause: between one look for a model that is not there and the next: a look may take a second.
  init(url: String, folder: String, vectors: VectorStores.Location = .database, pause: Duration = .seconds(30)) {
    (self.url, self.folder, self.vectors, self.pause) = (url, folder, vectors, pause)
  }

  /// The capsules that fit best. None, and a note, when there are no capsules yet. Throws `StoreUnavailable`.
  func search(_ query: CapsuleQuery) async throws -> CapsuleSearchResult {
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
    let (url, folder, vectors) = (url, folder, vectors)
    let task = Task {
      try await withCheckedThrowingContinuation { continuation in
        // Blocks for about a second.
        DispatchQueue.global().async {
          continuation.resume(
            with: Result {
              try CapsuleSearch(url: url, model: Config(["provider": .string("local"), "path": .string(folder)]), vectors: vectors)
            })
        }
      }
    }
    opening = task
    return try await task.value
  }
}
