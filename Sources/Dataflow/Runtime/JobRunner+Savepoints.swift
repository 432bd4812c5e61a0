extension JobRunner {
  /// Takes a checkpoint and copies its state; of a job that does not run, that of its newest checkpoint.
  ///
  /// - Parameter name: what it is called; after its epoch when nil.
  /// - Throws: `SavepointRefused`, and what the store throws.
  public func savepoint(_ name: String? = nil) async throws -> Savepoint {
    store.hold()
    defer { store.release() }
    let checkpoint = try await coordinator?.completeCheckpoint()
    return try await SavepointKeeper(runtime, store: store).take(checkpoint, name: name)
  }

  /// Makes the state of a savepoint the newest checkpoint of a job that does not run: its next `run` starts there. Nothing is changed when it throws,
  /// but that sinks may have got rows that waited for them.
  ///
  /// Sinks keep what they have. A savepoint is refused when they have rows from after it: the job would read the same records again, and deliver the
  /// same rows once more. It is refused for another job too when that one has ever taken a checkpoint. Safe to repeat.
  ///
  /// - Parameters:
  ///   - source: where the savepoint is.
  ///   - repeating: sinks may get rows from after the savepoint once more.
  /// - Throws: `SavepointRefused`, `RecoveryRefused`, `SinkError` when a sink does not answer, and what the stores throw.
  public func adopt(_ savepoint: Savepoint, from source: any CheckpointStore, repeating: Bool = false) async throws {
    precondition(coordinator == nil, "a job that runs goes on from its own state")
    var renamed = savepoint.manifest
    renamed.job = graph.name
    try Recovery(store: store, graph: graph).check(renamed)
    let keeper = SavepointKeeper(runtime, store: store)
    if let newest = try await keeper.newest(), newest.hasState(of: renamed) { return }
    let applied = try await catchUp()
    let last = try max(applied, store.epochs().last ?? 0)
    if savepoint.manifest.job != graph.name {
      guard last == 0 else {
        throw SavepointRefused(
          .foreign,
          "the savepoint is job \"\(savepoint.manifest.job)\"'s, and job \"\(graph.name)\" has a history of its own, up to epoch \(last)",
          hint: "start it under a name that no job has had")
      }
    } else if applied > savepoint.manifest.epoch, !repeating {
      throw SavepointRefused(
        .behindSinks,
        "the savepoint is of epoch \(savepoint.manifest.epoch), and sinks have rows up to epoch \(applied): they would get those after it twice",
        hint: "start it under a new name, with tables of its own; or take the rows since out and accept repeats")
    }
    try await keeper.adopt(savepoint, from: source, job: graph.name, epoch: last + 1)
  }

  /// Publishes the newest checkpoint of a job that does not run once more, without the state that no step of the job reads: its next `run` goes on
  /// where it would have refused to. Somebody has to want that. Rows that wait for sinks stay where they are.
  ///
  /// - Returns: the ids whose state is gone.
  /// - Throws: what the store throws.
  public func dropUnreadState() async throws -> [String] {
    precondition(coordinator == nil, "a job that runs reads all of its state")
    let keeper = SavepointKeeper(runtime, store: store)
    guard let newest = try await keeper.newest() else { return [] }
    let unread = Recovery(store: store, graph: graph).unread(newest)
    if !unread.isEmpty { try await keeper.publish(newest, without: Set(unread)) }
    return unread
  }

  /// Gives the sinks what waits for them. Returns the newest epoch that any sink has.
  private func catchUp() async throws -> UInt64 {
    let appliers = try makeAppliers()
    // Somebody waits for the answer: a sink that is away is an answer too.
    for applier in appliers { applier.giveUp() }
    do {
      var newest: UInt64 = 0
      for applier in appliers {
        let applied = try await applier.open(isFresh: false) ?? 0
        for epoch in try store.epochs() where epoch > applied { try await applier.apply(try store.manifest(epoch)) }
        newest = max(newest, applier.appliedEpoch)
      }
      for applier in appliers { await applier.close() }
      return newest
    } catch {
      for applier in appliers { await applier.close() }
      throw error
    }
  }
}
