internal import Dispatch
internal import Logging
internal import SLO

/// Carries analyses out, one at a time: each uses a core and much memory, and jobs need theirs.
actor AnalysisRunner {
  private let store: AnalysisStore
  /// Files and folders with telemetry.
  private let paths: [String]
  private let window: ObjectiveWindow
  private var waiting: [StoredAnalysis] = []
  private var current: String?
  private let queue = DispatchQueue(label: "sloscout.server.analysis", qos: .utility)
  private static let logger = Logger(label: "sloscout.server")

  /// So many may wait; then callers are told to come back.
  static let capacity = 10

  init(_ store: AnalysisStore, paths: [String], window: ObjectiveWindow) {
    (self.store, self.paths, self.window) = (store, paths, window)
  }

  /// Takes up what an earlier server left unfinished.
  func resume() async throws {
    for analysis in try await store.unfinished() { enqueue(analysis) }
  }

  /// Adds an analysis, or finds the one that was asked for under the same key.
  ///
  /// - Throws: `Problem` 429 when too many wait.
  func submit(_ request: AnalysisRequest, key: String?, by actor: String) async throws -> (StoredAnalysis, isNew: Bool) {
    if waiting.count >= Self.capacity {
      throw Problem(429, "TOO_MANY_ANALYSES", "\(waiting.count) analyses are waiting", hint: "try again when one is done")
    }
    let entry = AuditEntry(actor: actor, action: "analysis.submit", target: request.service)
    let (analysis, isNew) = try await store.add(request, key: key, by: entry)
    if isNew { enqueue(analysis) }
    return (analysis, isNew)
  }

  /// Ends an analysis that is not over. What is being read is read to its end, and thrown away.
  ///
  /// - Returns: false when it was over.
  func cancel(_ analysis: StoredAnalysis, by actor: String) async throws -> Bool {
    guard !analysis.status.isOver else { return false }
    waiting.removeAll { $0.id == analysis.id }
    return try await store.cancel(analysis.id, by: AuditEntry(actor: actor, action: "analysis.cancel", target: analysis.request.service))
  }

  private func enqueue(_ analysis: StoredAnalysis) {
    waiting.append(analysis)
    guard current == nil else { return }
    // Owned by the runner: it ends when nothing waits.
    Task { await self.work() }
  }

  private func work() async {
    guard current == nil else { return }
    while !waiting.isEmpty {
      let next = waiting.removeFirst()
      current = next.id
      await carryOut(next)
      current = nil
    }
  }

  private func carryOut(_ analysis: StoredAnalysis) async {
    let (store, paths, window, queue) = (store, paths, window, queue)
    do {
      try await store.begin(analysis.id)
      let edits = try await JourneyStore(database: store.database).edits()
      let (stages, feed) = AsyncStream.makeStream(of: AnalysisStage.self)
      let noting = Task { for await stage in stages { try? await store.note(analysis.id, stage) } }
      let outcome = await withCheckedContinuation {
        (continuation: CheckedContinuation<Result<AnalysisOutcome, AnalysisOutcome.Failure>, Never>) in
        queue.async {
          continuation.resume(
            returning: Result { () throws(AnalysisOutcome.Failure) in
              try AnalysisOutcome.make(analysis.request, paths: paths, edits: edits, window: window) { feed.yield($0) }
            })
        }
      }
      feed.finish()
      await noting.value
      switch outcome {
      case .success(let outcome): try await store.complete(analysis.id, outcome)
      case .failure(let failure): try await store.fail(analysis.id, .failed, failure.code, failure.message)
      }
    } catch {
      // It is still unfinished in the database: the next start takes it up again.
      Self.logger.error("analysis \(analysis.id): the database did not take its end: \(error)")
    }
  }
}
