/// The state of a whole job, as the last checkpoints of its shards or a savepoint hold it, from which the first checkpoints of other shards are made.
///
/// ```
///  last checkpoints of a cut                  first checkpoints of the next
///  1.0 ├──── keys 0…239 ────┤─────────▶ 1.0  parts of 1.0              keys 0…143
///  1.1 ├─── keys 240…479 ───┤───┬─────▶ 1.1  parts of 1.0 and 1.1      keys 144…287
///  1.2 ├─── keys 480…719 ───┤   └─────▶ 1.2  …
/// ```
/// State is copied as it is stored, whole shards at a time; each new shard leaves out the keys of others when it is restored, as a subtask does at another
/// parallelism. What belongs to exchanges stays behind: those of another cut begin anew. Blocking.
package struct JobState {
  /// What one of a step's former subtasks left, and where it is.
  struct Part {
    var sections: [Manifest.Section]
    var store: any CheckpointStore
  }

  /// Per id of a step, or of a part of one, what its former subtasks left, in their order.
  private(set) var steps: [(id: String, parts: [Part])] = []
  private var counters: [String: OperatorCounters] = [:]

  /// What the shards of a cut left, in any order. O(operators × shards).
  ///
  /// - Throws: `RecutRefused` when one was keyed otherwise.
  package init(_ shards: [(shard: JobShard, manifest: Manifest, store: any CheckpointStore)], _ cut: StageCut) throws {
    for (_, manifest, store) in shards.sorted(by: { $0.shard < $1.shard }) { try add(manifest, store) { !cut.isExchange($0) } }
  }

  /// What a savepoint holds, of a job in one process or over workers. Throws `RecutRefused` when it was keyed otherwise.
  package init(_ savepoint: Savepoint, in store: any CheckpointStore) throws { try add(savepoint.manifest, store) { _ in true } }

  private mutating func add(_ manifest: Manifest, _ store: any CheckpointStore, where isKept: (String) -> Bool) throws {
    guard manifest.hashID == KeyGroup.hashID else {
      throw RecutRefused(
        "the state of \"\(manifest.job)\" was keyed with hash \(manifest.hashID); this program uses \(KeyGroup.hashID)",
        hint: "finish the job with the program that wrote the state, or start it afresh under a new name")
    }
    for state in manifest.operators where isKept(state.id) {
      let parts = state.subtasks.map { Part(sections: $0, store: store) }
      if let index = steps.firstIndex(where: { $0.id == state.id }) {
        steps[index].parts += parts
      } else {
        steps.append((state.id, parts))
      }
    }
    for counted in manifest.counters where isKept(counted.id) {
      counters[counted.id] = (counters[counted.id] ?? OperatorCounters()) + counted.counters
    }
  }

  /// Steps that have state here and are not in the job.
  package func unread(_ cut: StageCut) -> [String] {
    steps.filter { step in cut.stage(of: step.id) == nil && step.parts.contains { !$0.sections.isEmpty } }.map(\.id)
  }

  // MARK: The next cut

  /// What a shard of another cut begins with: of a step with keys the former subtasks that had some of the shard's own, of the others all.
  func parts(of shard: JobShard, _ cut: StageCut) -> [(id: String, parts: [Part])] {
    let own = KeyGroup.range(ofSubtask: shard.index, parallelism: shard.count)
    return steps.filter { cut.stage(of: $0.id) == shard.stage }.map { id, parts in
      guard cut.graph.operators.contains(where: { $0.id == id && $0.planned.keyFields != nil }) else { return (id, parts) }
      let needed = parts.indices.filter { KeyGroup.range(ofSubtask: $0, parallelism: parts.count).overlaps(own) }
      return (id, needed.map { parts[$0] })
    }
  }

  /// Makes the first checkpoint of a shard of another cut. Safe to repeat, and for several at once: the first that is complete counts, and all are the same.
  ///
  /// - Throws: `RecutRefused` when the shard has checkpoints of another history; `CheckpointDamage`, and what the stores throw.
  package func publishFirst(of shard: JobShard, _ cut: StageCut, to store: any CheckpointStore, _ runtime: any Runtime) throws {
    var manifest = Manifest(job: shard.name, epoch: 1)
    let parts = parts(of: shard, cut)
    // They begin anew, and must know that the receivers do not: those may have come further in time.
    let sendingEnds = cut.edges.filter { $0.from == shard.stage }.map { Manifest.OperatorState(id: $0.name, subtasks: [[]]) }
    manifest.operators = parts.map { id, parts in Manifest.OperatorState(id: id, subtasks: parts.map(\.sections)) } + sendingEnds
    if try isThere(manifest, in: store) { return }
    var copier = FrameCopier(to: store, prefix: Manifest.dataName(1, run: runtime.random() >> 24))
    manifest.operators =
      try parts.map { id, parts in
        Manifest.OperatorState(id: id, subtasks: try parts.map { try copier.copy($0.sections, from: $0.store) })
      } + sendingEnds
    try copier.finish()
    manifest.createdAt = runtime.now()
    manifest.isFirstOfCut = true
    manifest.counters = counters(of: shard, cut)
    do { try store.publish(manifest) } catch let conflict as CheckpointConflict {
      guard try isThere(manifest, in: store) else { throw conflict }
    }
  }

  /// Totals are of the stage: which of its shards has them makes no difference. The others have zeros, for a step without a count would be a new one.
  private func counters(of shard: JobShard, _ cut: StageCut) -> [Manifest.Counted] {
    let totals = counted { cut.stage(of: $0) == shard.stage }
    let exchanges = cut.edges.filter { $0.from == shard.stage }.map { Manifest.Counted(id: $0.name, counters: OperatorCounters()) }
    let own = shard.index == 0 ? totals : totals.map { Manifest.Counted(id: $0.id, counters: OperatorCounters()) }
    return (own + exchanges).sorted { $0.id < $1.id }
  }

  /// Whether the shard has this first checkpoint. Throws `RecutRefused` when it has others.
  private func isThere(_ manifest: Manifest, in store: any CheckpointStore) throws -> Bool {
    guard let newest = try store.epochs().last else { return false }
    let found = try store.manifest(newest)
    guard newest == manifest.epoch, found.isFirstOfCut, found.hasState(of: manifest) else {
      throw RecutRefused(
        "\"\(manifest.job)\" has checkpoints already, up to \(newest), and they are not made of this state",
        hint: "they are of an earlier life of the job: move that folder away")
    }
    return true
  }

  // MARK: Savepoint

  /// Copies all of it to where retention does not reach: as the savepoint that one process would take. Safe to repeat.
  ///
  /// - Parameter epoch: of which cut of the job it is the end.
  /// - Throws: `SavepointRefused` when there is another one of that name; `CheckpointDamage`, and what the stores throw.
  package func publish(
    savepoint name: String, of job: String, epoch: UInt64, to store: any CheckpointStore, _ runtime: any Runtime
  ) throws {
    var manifest = Manifest(job: job, epoch: epoch)
    manifest.operators = steps.map { id, parts in Manifest.OperatorState(id: id, subtasks: parts.map(\.sections)) }
    func isThere() throws -> Bool {
      guard try store.savepoints().contains(name) else { return false }
      guard try store.savepoint(name).manifest.hasState(of: manifest) else {
        throw SavepointRefused(.exists, "there is a savepoint \"\(name)\"", hint: "choose another name, or remove that one")
      }
      return true
    }
    if try isThere() { return }
    var copier = FrameCopier(to: store, prefix: "\(Savepoint.dataPrefix)\(name)-\(String(runtime.random() >> 24, radix: 16))")
    manifest.operators = try steps.map { id, parts in
      Manifest.OperatorState(id: id, subtasks: try parts.map { try copier.copy($0.sections, from: $0.store) })
    }
    try copier.finish()
    manifest.createdAt = runtime.now()
    manifest.parallelism = steps.map(\.parts.count).max() ?? 1
    manifest.counters = counted { _ in true }
    if try !store.publish(Savepoint(name: name, manifest: manifest)) { _ = try isThere() }
  }

  private func counted(_ isWanted: (String) -> Bool) -> [Manifest.Counted] {
    counters.filter { isWanted($0.key) }.map { Manifest.Counted(id: $0.key, counters: $0.value) }.sorted { $0.id < $1.id }
  }
}

/// A job's state that cannot be divided anew.
package struct RecutRefused: Error, CustomStringConvertible {
  package let message: String
  /// What a person can do about it.
  package let hint: String

  package init(_ message: String, hint: String) {
    self.message = message
    self.hint = hint
  }

  /// The message, and the hint on a line of its own.
  package var description: String { "\(message)\n  hint: \(hint)" }
}
