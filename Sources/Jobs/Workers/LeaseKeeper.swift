internal import Connectors
internal import Dataflow

/// Calls the lease store on a thread of its own: the calls block.
actor LeaseKeeper {
  private let slot: any Slot
  nonisolated var unownedExecutor: UnownedSerialExecutor { slot.asUnownedSerialExecutor() }
  private let store: LeaseStore

  init(_ store: LeaseStore, slot: any Slot) {
    self.store = store
    self.slot = slot
  }

  func register(_ job: ShardedJob, origin: String? = nil) throws {
    try store.register(job.job.graph.name, job.shards, layout: job.cut.layout, origin: origin)
  }

  func renew(jobs: [String], running: [(shard: JobShard, generation: UInt64, epoch: UInt64)], time: Int64) throws -> LeaseStore.View {
    try store.renew(jobs: jobs, running: running, time: time)
  }

  func claim(_ shards: [JobShard], versions: [String: UInt64], time: Int64) throws -> [JobShard: UInt64] {
    try store.claim(shards, versions: versions, time: time)
  }

  func release(_ shard: JobShard, generation: UInt64, epoch: UInt64, _ ending: LeaseStore.Ending) throws {
    try store.release(shard, generation: generation, epoch: epoch, ending)
  }

  // MARK: Definitions

  func prepare() throws { try store.prepare() }

  func wanted() throws -> [WantedJob] { try store.wanted() }

  func pinned(_ shard: JobShard) throws -> UInt64 { try store.pinned(shard) }

  func pin(_ shard: JobShard, generation: UInt64, version: UInt64) throws { try store.pin(shard, generation: generation, version: version) }

  func report(_ counts: [LeaseStore.Count]) throws { try store.report(counts) }

  // MARK: Looks at records

  func hand(_ records: [JobTaps.Record]) throws { try store.hand(records) }

  func sweepTaps() throws { try store.sweepTaps() }

  // MARK: Plans

  /// Why a worker cannot run a definition.
  struct Refused: Error {
    var why: String
  }

  /// Reads and plans a definition, and makes the rows of its shards. Nil when it was replaced meanwhile. Throws `LeasesUnavailable`.
  func plan(_ wanted: WantedJob, _ plan: Worker.Planner) throws -> Result<ShardedJob, Refused>? {
    guard let document = try store.document(of: wanted.job, version: wanted.version) else { return nil }
    do {
      let job = try ShardedJob(try plan(document, wanted.job))
      try register(job)
      try store.refuse(wanted.job, version: wanted.version, nil)
      return .success(job)
    } catch let away as LeasesUnavailable where away.mayPass {
      throw away
    } catch {
      try store.refuse(wanted.job, version: wanted.version, "\(error)")
      return .failure(Refused(why: "\(error)"))
    }
  }

  func leave() throws {
    try store.leave()
    store.close()
  }
}
