internal import Connectors
public import Dataflow
internal import Synchronization

/// Runs the shards of jobs for which it holds leases, beside any number of other workers.
///
/// It looks at the leases again and again, and does what `LeaseRules` say. Every shard is a job of its own, with checkpoints of its own, under the
/// generation of its lease: what a worker that was paused or cut off still does is refused by sinks, or repeats what everybody knows. Without the
/// database nothing is claimed, and what runs goes on.
public actor Worker {
  /// How a worker behaves.
  public struct Options: Sendable {
    /// Where the leases are.
    public var database: String
    /// A name for people.
    public var name: String
    /// Nanoseconds after which the shards of a worker that is silent may be claimed.
    public var leaseTime: Int64 = 6_000_000_000
    /// Nanoseconds between two looks.
    public var interval: Int64 = 500_000_000
    /// Nanoseconds that a shard rests after its first failure; it doubles with each, up to a minute.
    public var rest: Int64 = 1_000_000_000
    /// Where credentials for S3 are looked for.
    public var environment: [String: String] = [:]
    /// The savepoint that a job begins with which never ran: `job/name`.
    public var origin: String?

    /// Leases last 6 s, and are renewed twice a second, unless told otherwise.
    public init(database: String, name: String) {
      self.database = database
      self.name = name
    }
  }

  /// Something that people may want to know.
  public enum Event: Sendable {
    /// A lease was had: the shard runs here from now on.
    case started(JobShard, generation: UInt64)
    /// It runs here no more.
    case ended(JobShard, Ending)
    /// A definition from the database cannot be run by this worker; others may.
    case refused(job: String, version: UInt64, why: String)
    /// A job was cut anew, by this worker: its next shards may be claimed.
    case cut(job: String, ShardLayout)
    /// Former cuts of a job have left nothing any more, but for what these savepoints need.
    case cleaned(job: String, kept: [String])
    /// What former cuts of a job have left cannot be removed yet; it is tried again.
    case cleaningFailed(job: String, String)
    /// A job cannot be cut anew yet; it is tried again.
    case cutFailed(job: String, String)
    /// Something of a shard's run.
    case job(JobShard, JobEvent)
    /// The leases cannot be looked at; said once until they can again.
    case databaseAway(String)
    /// They can again.
    case databaseBack
  }

  /// Why a shard's run ended.
  public enum Ending: Sendable {
    /// Its input is at its end.
    case finished
    /// It was stopped with a checkpoint.
    case stopped
    /// Its last checkpoint is where another cut of the job goes on.
    case drained
    /// Its lease was lost: it ended without a checkpoint, and whoever has the lease goes on from the last one.
    case lost
    /// It was ended at once, without a checkpoint, because somebody wanted that.
    case cancelled
    /// It failed.
    case failed(String)
  }

  struct Run {
    var generation: UInt64
    /// Of the definition; 0 for a job from a file.
    var version: UInt64
    var session: JobSession
    var task: Task<Void, Never>
    var isLost = false
    var isStopping = false
    var isCancelled = false
    var isDraining = false
    /// How often a checkpoint had been asked for when it began, or the last was taken.
    var checkpoints: UInt64
    fileprivate var epoch: EpochBox
  }

  /// The newest checkpoint of a run.
  fileprivate final class EpochBox: Sendable {
    let epoch = Mutex<UInt64>(0)
  }

  /// Those that this worker can run.
  var jobs: [String: ShardedJob]
  /// Nil when the jobs are from a file.
  private let plan: Planner?
  /// What the control server wants, and the versions that were looked at.
  var wanted: [String: WantedJob] = [:]
  var versions: [String: UInt64] = [:]
  var looks = 0
  var isReporting = false
  /// The newest looks at shards of jobs that somebody watches.
  var samples: [JobShard: ShardSample] = [:]
  /// The edges that somebody looks at.
  var taps = ShardTaps()
  var isHandingRecords = false
  /// What carries the records of each job's newest cut.
  private var topics: [String: ExchangeTopics] = [:]
  /// Makes the next cuts of jobs; those that are being made, and those that failed, until when they rest.
  let cutter: ShardCutter
  var cutting: [String: Int64] = [:]
  /// Until when what former cuts of a job have left is not looked at again, unless there are other ones; for ever while it is being removed.
  var cleaning: [String: (cuts: [ShardLayout], until: Int64)] = [:]
  private let options: Options
  let runtime = SystemRuntime(threads: 1)
  let keeper: LeaseKeeper
  /// Who this is, as the leases name it.
  public nonisolated let owner: String
  let notify: @Sendable (Event) -> Void
  var runs: [JobShard: Run] = [:]
  var failures: [JobShard: Int] = [:]
  private var isStopping = false
  private var isAway = false
  var seen = LeaseStore.View()
  private var placement = StandingPlacement()

  /// A worker of jobs from a file. Connects to nothing yet.
  public init(_ jobs: [ShardedJob], _ options: Options, notify: @escaping @Sendable (Event) -> Void = { _ in }) {
    self.init(jobs, options, plan: nil, notify: notify)
  }

  /// A worker of the jobs that the control server stores in the database. Connects to nothing yet.
  public init(_ options: Options, planner: @escaping Planner, notify: @escaping @Sendable (Event) -> Void = { _ in }) {
    self.init([], options, plan: planner, notify: notify)
  }

  private init(_ jobs: [ShardedJob], _ options: Options, plan: Planner?, notify: @escaping @Sendable (Event) -> Void) {
    self.jobs = Dictionary(jobs.map { ($0.job.graph.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.options = options
    self.plan = plan
    self.notify = notify
    let store = LeaseStore(url: options.database, worker: options.name, process: runtime.random())
    owner = store.owner
    keeper = LeaseKeeper(store, slot: runtime.background("leases"))
    cutter = ShardCutter(options, runtime)
  }

  /// Runs until `stop` is called, or until every shard of every job is finished: then true.
  ///
  /// - Throws: an error with a cure when a job was cut otherwise before, or when the database refuses.
  public func run() async throws -> Bool {
    try await register()
    while !isStopping {
      do {
        try await look()
        if isAway {
          isAway = false
          notify(.databaseBack)
        }
      } catch {
        if !isAway {
          isAway = true
          notify(.databaseAway("\(error)"))
        }
      }
      if isFinished { break }
      try? await runtime.sleep(nanoseconds: options.interval)
    }
    let isFinished = isFinished
    await endAll()
    return isFinished
  }

  /// Stops every shard with a checkpoint and gives the leases back, then ends `run`.
  public func stop() { isStopping = true }

  /// What runs here, with its generation.
  public var running: [JobShard: UInt64] { runs.mapValues(\.generation) }

  /// Whether the leases could be looked at the last time.
  public var isConnected: Bool { !isAway }

  /// The sessions of the shards that run here.
  public var sessions: [JobShard: JobSession] { runs.mapValues(\.session) }

  private var isFinished: Bool {
    plan == nil && runs.isEmpty && !jobs.isEmpty && Set(seen.leases.map(\.shard.job)) == Set(jobs.keys)
      && seen.leases.allSatisfy(\.isFinished) && !seen.cuts.values.contains(where: \.isDraining)
  }

  // MARK: Leases

  /// Makes tables and rows; waits for a database that is away.
  private func register() async throws {
    while !isStopping {
      do {
        try await keeper.prepare()
        for (_, job) in jobs.sorted(by: { $0.key < $1.key }) { try await keeper.register(job, origin: options.origin) }
        return
      } catch let error as LeasesUnavailable where error.mayPass {
        if !isAway { notify(.databaseAway("\(error)")) }
        isAway = true
        try? await runtime.sleep(nanoseconds: options.interval)
      }
    }
  }

  private func look() async throws {
    if let plan { try await readDefinitions(plan) }
    let held = runs.map { (shard: $0.key, generation: $0.value.generation, epoch: $0.value.epoch.epoch.withLock { $0 }) }
    seen = try await keeper.renew(jobs: served, running: held, time: options.leaseTime)
    let actions = LeaseRules.decide(
      owner, workers: seen.workers, leases: seen.leases, running: runs.mapValues(\.generation), placement: &placement)
    for shard in actions.abandon {
      runs[shard]?.isLost = true
      runs[shard]?.task.cancel()
    }
    for shard in actions.move { await stop(shard) }
    if plan != nil {
      await obey()
      followTaps()
    }
    reportCounts()
    await drain()
    makeCuts()
    clean()
    let free = actions.claim.filter { jobs[$0.job] != nil && (plan == nil || mayStart($0.job)) }
    guard !free.isEmpty else { return }
    for (shard, generation) in try await keeper.claim(free, versions: versions, time: options.leaseTime).sorted(by: { $0.key < $1.key }) {
      start(shard, generation)
    }
  }

  /// The jobs of which this worker takes shards, or still has some.
  private var served: [String] { Set(jobs.keys).union(runs.keys.map(\.job)).sorted() }

  private func mayStart(_ job: String) -> Bool {
    WantedRules.mayStart(version: versions[job] ?? 0, wanted: wanted[job], held: wanted[job]?.held ?? [])
  }

  func stop(_ shard: JobShard) async {
    guard let run = runs[shard], !run.isStopping else { return }
    runs[shard]?.isStopping = true
    await run.session.runner.stop()
  }

  // MARK: Shards

  private func start(_ shard: JobShard, _ generation: UInt64) {
    guard let job = jobs[shard.job] else { return }
    guard let layout = seen.cuts[shard.job]?.layout, layout.version == shard.version else {
      // The job was cut anew since the last look: after the next one it is known how.
      Task { try? await keeper.release(shard, generation: generation, epoch: 0, .stopped) }
      return
    }
    let wanted = wanted[shard.job]
    let epoch = EpochBox()
    let notify = notify
    let observer = JobObserver { event in
      if case .checkpoint(let report) = event { epoch.epoch.withLock { $0 = report.epoch } }
      if case .restored(let restored, _) = event { epoch.epoch.withLock { $0 = restored } }
      notify(.job(shard, event))
    }
    do {
      let topics = try topics(job, layout)
      let session = try job.session(shard, topics, lease: generation, environment: options.environment, observer: observer)
      let task = Task { [weak self] in
        let ending: Ending
        do {
          if let wanted { try await self?.prepare(shard, generation: generation, session, wanted) }
          let result = try await session.runner.run()
          ending = result.isEndOfInput ? .finished : result.isDrained ? .drained : .stopped
        } catch {
          ending = .failed("\(error)")
        }
        await self?.ended(shard, generation, ending)
      }
      runs[shard] = Run(
        generation: generation, version: wanted?.version ?? 0, session: session, task: task, checkpoints: wanted?.checkpoints ?? 0,
        epoch: epoch)
      notify(.started(shard, generation: generation))
    } catch {
      Task { await release(shard, generation, 0, .failed("\(error)")) }
    }
  }

  /// One client for all shards of a cut.
  private func topics(_ job: ShardedJob, _ layout: ShardLayout) throws -> ExchangeTopics {
    let name = job.job.graph.name
    if let known = topics[name], known.layout == layout { return known }
    let made = try job.topics(layout)
    topics[name] = made
    return made
  }

  private func ended(_ shard: JobShard, _ generation: UInt64, _ ending: Ending) async {
    guard let run = runs[shard], run.generation == generation else { return }
    runs[shard] = nil
    let epoch = run.epoch.epoch.withLock { $0 }
    await release(shard, generation, epoch, run.isLost ? .lost : run.isCancelled ? .cancelled : ending)
  }

  /// Gives the lease back. When the database is away it runs out by itself.
  private func release(_ shard: JobShard, _ generation: UInt64, _ epoch: UInt64, _ ending: Ending) async {
    notify(.ended(shard, ending))
    let stored: LeaseStore.Ending
    switch ending {
    case .lost: return
    case .finished: stored = .finished
    case .stopped, .cancelled: stored = .stopped
    case .drained: stored = .drained
    case .failed(let message):
      failures[shard, default: 0] += 1
      stored = .failed(message, rest: min(60_000_000_000, options.rest << min(20, failures[shard, default: 1] - 1)))
    }
    if case .failed = ending {} else { failures[shard] = nil }
    try? await keeper.release(shard, generation: generation, epoch: epoch, stored)
  }

  /// Stops everything with a checkpoint, as long as the leases are renewed.
  private func endAll() async {
    taps.closeAll()
    for shard in runs.keys.sorted() { await stop(shard) }
    while !runs.isEmpty {
      let held = runs.map { (shard: $0.key, generation: $0.value.generation, epoch: $0.value.epoch.epoch.withLock { $0 }) }
      _ = try? await keeper.renew(jobs: served, running: held, time: options.leaseTime)
      try? await runtime.sleep(nanoseconds: 50_000_000)
    }
    try? await keeper.leave()
  }
}
