internal import Connectors
internal import Dataflow
internal import Dispatch
internal import Jobs
internal import Postgres

/// Search by meaning for the server. The model is opened with the first question: a server that nobody asks does not hold it in memory.
actor CapsuleSearcher {
  private let url: String
  private let folder: String
  private var opening: Task<CapsuleSearch, any Error>?

  /// - Parameters:
  ///   - url: the database with the capsules.
  ///   - folder: where the sentence model is, or would be.
  init(url: String, folder: String) { (self.url, self.folder) = (url, folder) }

  /// The capsules that fit best. None, and a note, when there are no capsules yet. Throws `StoreUnavailable`.
  func search(_ query: CapsuleQuery) async throws -> CapsuleSearchResult {
    do { return try await opened().search(query) } catch let error as SinkError {
      return CapsuleSearchResult(method: .words, model: nil, note: "\(error.message): \(error.hint)", searched: 0, hits: [])
    } catch let error as PostgresError {
      throw StoreUnavailable(description: "\(error)")
    }
  }

  private func opened() async throws -> CapsuleSearch {
    if let opening { return try await opening.value }
    let (url, folder) = (url, folder)
    let task = Task {
      try await withCheckedThrowingContinuation { continuation in
        // Blocks for about a second.
        DispatchQueue.global().async {
          continuation.resume(
            with: Result { try CapsuleSearch(url: url, model: Config(["provider": .string("local"), "path": .string(folder)])) })
        }
      }
    }
    opening = task
    return try await task.value
  }
}
