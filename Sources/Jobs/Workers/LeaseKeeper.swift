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

  func claim(_ shards: [JobShard], time: Int64) throws -> [JobShard: UInt64] { try store.claim(shards, time: time) }

  func release(_ shard: JobShard, generation: UInt64, epoch: UInt64, _ ending: LeaseStore.Ending) throws {
    try store.release(shard, generation: generation, epoch: epoch, ending)
  }

  func leave() throws {
    try store.leave()
    store.close()
  }
}
