internal import Connectors
internal import Dataflow

/// Makes the next cut of a job whose shards are drained: divides the state, publishes the first checkpoints, and then puts the new shards in the place of
/// the old ones; and removes what those have left. Blocking work, on a thread of its own.
///
/// Whatever it is killed in, the next one does the same again: first checkpoints are made of last ones that nobody changes, for a target that stays.
actor ShardCutter {
  private let slot: any Slot
  nonisolated var unownedExecutor: UnownedSerialExecutor { slot.asUnownedSerialExecutor() }
  private let options: Worker.Options
  private let runtime: SystemRuntime

  init(_ options: Worker.Options, _ runtime: SystemRuntime) {
    self.options = options
    self.runtime = runtime
    slot = runtime.background("cut")
  }

  /// Makes it. False when another worker does, or when it is there already.
  ///
  /// - Throws: `RecutRefused`, `CheckpointDamage`, `LeasesUnavailable`, and what the stores throw. The row of the job says so too.
  func make(_ job: ShardedJob, _ cut: JobCut) throws -> Bool {
    let leases = LeaseStore(url: options.database, worker: options.name, process: runtime.random())
    defer { leases.close() }
    guard try leases.tryToCut(cut.job) else { return false }
    do {
      return try make(job, cut, leases)
    } catch {
      try? leases.note("\(error)", cut)
      throw error
    }
  }

  private func make(_ job: ShardedJob, _ cut: JobCut, _ leases: LeaseStore) throws -> Bool {
    guard let target = cut.target else { return false }
    var cut = cut
    let stages = job.cut.stages
    let old = cut.layout.version == 0 ? [] : cut.layout.shards(of: cut.job, stages: stages)
    let last = try old.map { try self.last($0, job) }
    let state = try last.isEmpty ? begin(job, cut) : JobState(last.map { ($0.shard, $0.manifest, $0.store) }, job.cut)
    if let unread = state.unread(job.cut).first {
      throw RecutRefused(
        "there is state of \"\(unread)\", which is not in the job any more",
        hint: "give the step its old id back")
    }
    if let name = cut.savepoint {
      do {
        try state.publish(savepoint: name, of: cut.job, epoch: UInt64(cut.layout.version), to: store(of: cut.job, job), runtime)
      } catch is SavepointRefused {
        // There is one of that name in the same place. The job must not stand still for that; whoever asked is told.
        try leases.giveUpSavepoint(cut)
        cut.savepoint = nil
      }
    }
    for shard in target.shards(of: cut.job, stages: stages) {
      try state.publishFirst(of: shard, job.cut, to: store(of: shard.name, job), runtime)
    }
    let epochs = Dictionary(last.map { ($0.shard, $0.manifest.epoch) }, uniquingKeysWith: { first, _ in first })
    return try leases.replace(cut, stages: stages, epochs: epochs)
  }

  /// Removes what former cuts of a job have left, and no savepoint needs.
  ///
  /// - Returns: the savepoints for which something stays; nil when another worker is at it.
  /// - Throws: `LeasesUnavailable`, what the stores and the system of the topics throw.
  func clean(_ job: ShardedJob) throws -> [String]? {
    let name = job.job.graph.name
    let leases = LeaseStore(url: options.database, worker: options.name, process: runtime.random())
    defer { leases.close() }
    guard try leases.tryToCut(name) else { return nil }
    let (cuts, pinned) = try leases.former(name)
    var kept: [String] = []
    for layout in cuts {
      let former = FormerCut(try job.topics(layout), job.cut) { try self.store(of: $0, job) }
      let stays = try former.remove { !StatePin.isSuperseded($0, by: pinned) }
      if stays.isEmpty { try leases.emptied(name, version: layout.version) }
      kept += stays
    }
    try leases.removeFences(name, stages: job.cut.stages)
    return kept
  }

  private func store(of name: String, _ job: ShardedJob) throws -> ReplicatedCheckpointStore {
    try job.store(of: name, environment: options.environment, files: runtime.files)
  }

  /// The last checkpoint of a shard that is drained, or at the end of its input.
  private func last(_ shard: JobShard, _ job: ShardedJob) throws -> (shard: JobShard, manifest: Manifest, store: ReplicatedCheckpointStore)
  {
    let store = try store(of: shard.name, job)
    guard let epoch = try store.epochs().last else {
      throw RecutRefused("the checkpoints of \"\(shard)\" are gone", hint: "bring them back: \(job.job.graph.checkpoint.store)/\(shard)")
    }
    let manifest = try store.manifest(epoch)
    guard manifest.isFinal else {
      throw RecutRefused(
        "the newest checkpoint of \"\(shard)\", \(epoch), is not its last",
        hint: "let nobody but workers of this version of the program run the job")
    }
    return (shard, manifest, store)
  }

  /// What a job begins with.
  private func begin(_ job: ShardedJob, _ cut: JobCut) throws -> JobState {
    let (other, name) = try ShardedJob.origin(cut.origin ?? "")
    let store = try store(of: other, job)
    return try JobState(try store.savepoint(name), in: store)
  }
}

extension ShardedJob {
  /// The job and the name of a savepoint: `job/name`. Throws `RecutRefused`.
  static func origin(_ text: String) throws -> (job: String, name: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, NodeName.isValid(parts[0]), Savepoint.isName(parts[1]) else {
      throw RecutRefused("\"\(text)\" names no savepoint", hint: "write the job that took it and its name: fingerprint/before-upgrade")
    }
    return (parts[0], parts[1])
  }

  /// Looks whether this job can begin with a savepoint, before anything is done.
  ///
  /// - Throws: an error with a cure when there is none of that name, or when it has state that no step of the job reads.
  public func check(origin: String, environment: [String: String]) throws {
    let (other, name) = try Self.origin(origin)
    let store = try store(of: other, environment: environment, files: PosixFileSystem())
    guard try store.savepoints().contains(name) else {
      throw RecutRefused(
        "job \"\(other)\" has no savepoint \"\(name)\"", hint: "it is looked for in \(job.graph.checkpoint.store)/\(other)")
    }
    if let unread = try JobState(try store.savepoint(name), in: store).unread(cut).first {
      throw RecutRefused(
        "the savepoint \(origin) holds state of \"\(unread)\", which is not in the job", hint: "give the step that id")
    }
  }
}
