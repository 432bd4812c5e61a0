internal import Connectors
internal import Dataflow
internal import Jobs

/// What a changed job would do with the state that its newest checkpoint holds.
struct UpgradePlan: Sendable, Codable {
  /// Steps whose state is taken over.
  var kept: [String] = []
  /// Steps that begin without state.
  var added: [String] = []
  /// Steps whose state nobody would read: it would be lost.
  var dropped: [String] = []
  /// The checkpoint that was looked at; nil when there is none.
  var epoch: UInt64?

  /// Compares with the newest readable checkpoint, over workers of every shard. Throws what the store throws.
  ///
  /// - Parameters:
  ///   - credentials: variables of this process in which those for S3 are looked for.
  ///   - layout: how the job is cut over workers; nil when it never ran there.
  @concurrent
  static func make(_ job: PlannedJob, _ credentials: [String: String], _ layout: ShardLayout?) async throws -> UpgradePlan {
    let steps = job.graph.sources.map(\.id) + job.graph.operators.map(\.id) + job.graph.sinks.map(\.id)
    var (withState, epoch) = (Set<String>(), nil as UInt64?)
    let sharded = job.definition.exchange == nil ? nil : try ShardedJob(job)
    let shards = sharded.map { sharded in layout.map { sharded.shards(of: $0) } ?? sharded.shards }
    for owner in shards?.map(\.name) ?? [job.graph.name] {
      let store = try job.checkpointStore(files: PosixFileSystem(), environment: credentials, of: owner)
      let manifests = try CheckpointInspection(store).manifests()
      guard let newest = manifests.reversed().lazy.compactMap({ try? $0.manifest.get() }).first else { continue }
      withState.formUnion(newest.operators.filter { $0.subtasks.contains { !$0.isEmpty } }.map { StageCut.step(of: $0.id) })
      epoch = max(epoch ?? 0, newest.epoch)
    }
    withState.subtract(sharded?.exchanges ?? [])
    guard let epoch else { return UpgradePlan(added: steps) }
    let now = Set(steps)
    return UpgradePlan(
      kept: steps.filter(withState.contains), added: steps.filter { !withState.contains($0) }, dropped: withState.subtracting(now).sorted(),
      epoch: epoch)
  }
}
