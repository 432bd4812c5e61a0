internal import Connectors
internal import Dataflow
internal import Jobs
internal import Synchronization

/// One job under the server's hand: starts it, watches it, ends it. Nothing here is durable.
actor ManagedJob {
  /// What the job was started from.
  private(set) var stored: StoredJob
  private(set) var phase = JobPhase.suspended
  private(set) var message = ""
  private(set) var graph: JobGraph?
  /// What workers do, for a job that they run.
  private(set) var shards: ShardedState?
  /// When records were last counted over all shards, by the steady clock, and how many.
  private var counted: (at: Int64, records: Int)?
  private(set) var points: [JobPoint] = []
  private(set) var checkpoints: [CheckpointReport] = []
  private(set) var applied: [String: (epoch: UInt64, rows: Int, refused: Int)] = [:]
  private var samples: (older: JobSample?, newest: JobSample?)
  /// Totals since the job's first record, as of the newest look.
  private var sampledTotals: [(id: String, counters: OperatorCounters)] = []
  /// What the last run that came to its end had counted.
  private var finalTotals: [(id: String, counters: OperatorCounters)] = []
  private var session: JobSession?
  private var health: JobHealth?
  /// Who looks at edges now.
  private var feeds: [Int: (edge: String, feed: EdgeFeed)] = [:]
  private var run: Task<Void, Never>?
  /// Variables of this process in which credentials for S3 are looked for.
  private let credentials: [String: String]
  private let note: @Sendable (_ kind: String, _ message: String) async -> Void

  /// How far back the curves go: ten minutes.
  private static let pointLimit = 600
  private static let checkpointLimit = 100

  /// - Parameter note: takes a line of the job's history.
  init(_ stored: StoredJob, credentials: [String: String], note: @escaping @Sendable (String, String) async -> Void) {
    self.stored = stored
    self.credentials = credentials
    self.note = note
  }

  /// The job was changed; what runs is not touched.
  func replace(_ stored: StoredJob) { self.stored = stored }

  /// Starts the planned job. Does nothing when it runs already.
  func start(_ job: PlannedJob) async {
    guard !phase.isActive else { return }
    (phase, message, graph) = (.starting, "", job.graph)
    (points, samples, applied, finalTotals, sampledTotals) = ([], (nil, nil), [:], [], [])
    // Events come from the engine's threads and must not wait: they are queued, and taken in order by one task.
    let (events, feed) = AsyncStream.makeStream(of: JobEvent.self, bufferingPolicy: .bufferingNewest(1000))
    do {
      let session = try JobSession(job, environment: credentials, observer: JobObserver { feed.yield($0) })
      self.session = session
      health = JobHealth(job: stored.name, interval: job.graph.checkpoint.interval, now: session.runtime.now())
      run = Task { await self.follow(session, events, feed) }
    } catch { await end(.failed, "\(error)") }
  }

  /// The stored document is no longer understood: the job stands as failed.
  func refuse(_ message: String) async { await end(.failed, message) }

  /// What workers do with the job, a second after the last look.
  func show(_ state: ShardedState, now: Int64, monotonic: Int64) async {
    let (newPhase, newMessage) = state.phase
    if newPhase.isActive { count(state.records, now: now, monotonic: monotonic) }
    let isNews = newPhase != phase || shards?.wanted.version != state.wanted.version
    (phase, message, shards) = (newPhase, newMessage, state)
    if isNews { await note(newPhase.rawValue, "version \(state.wanted.version): \(newMessage)") }
  }

  /// A point of the curve, once a second. Workers tell of their records every two seconds, each at its own time: a rate stands until the next is known.
  private func count(_ records: Int, now: Int64, monotonic: Int64) {
    guard let last = counted, records >= last.records else {
      counted = (monotonic, records)
      return
    }
    let elapsed = Double(monotonic - last.at) / 1e9
    var rate = points.last?.rate ?? 0
    if elapsed > 5 || (records > last.records && elapsed >= 2) {
      rate = Double(records - last.records) / elapsed
      counted = (monotonic, records)
    }
    guard points.last.map({ now / 1_000_000 - $0.at >= 900 }) ?? true else { return }
    points.append(JobPoint(at: now / 1_000_000, rate: rate))
    if points.count > Self.pointLimit { points.removeFirst() }
  }

  /// Whether workers should be running it, under a document that has not changed since that version.
  func runs(_ definition: UInt64) -> Bool { stored.state == .running && shards?.wanted.definition == definition }

  /// Workers run it no more.
  func withdraw() {
    guard shards != nil else { return }
    (shards, counted, phase, message, points) = (nil, nil, .suspended, "", [])
  }

  /// Ends the job with a last checkpoint, and waits for that. Shards that workers run go on.
  func stop() async {
    guard phase.isActive, shards == nil else { return }
    phase = .stopping
    await session?.runner.stop()
    await run?.value
    if phase == .finished { phase = .suspended }
  }

  /// Ends the job without a checkpoint: the next start goes on from the last one.
  func cancel() async {
    guard phase.isActive, shards == nil else { return }
    phase = .stopping
    run?.cancel()
    await run?.value
  }

  /// Asks for a checkpoint now. False when the job does not run.
  func checkpoint() async -> Bool {
    guard phase == .running, let session else { return false }
    await session.runner.checkpoint()
    return true
  }

  /// Copies the state of a new checkpoint; that of the newest when the job does not run. Throws `SavepointRefused`, and what the store throws.
  func savepoint(_ name: String?, _ job: PlannedJob) async throws -> Savepoint {
    try await (try session ?? JobSession(job, environment: credentials)).runner.savepoint(name)
  }

  // MARK: Looking at records

  /// Lets somebody see records of an edge. Throws `Problem` 404, 409 or 429.
  func tap(_ edge: String, rate: Int) throws -> (id: Int, feed: EdgeFeed) {
    guard phase == .running, let session, let graph else { throw Problem(409, "JOB_NOT_RUNNING", "the job does not run") }
    try OpenTap.check(edge, in: graph)
    guard feeds.count < OpenTap.limit else { throw OpenTap.tooMany }
    let feed = try EdgeFeed(rate: rate) { session.runtime.monotonic() }
    let id = session.runner.taps.open(edge) { feed.look($0, $1) }
    feeds[id] = (edge, feed)
    return (id, feed)
  }

  /// Ends a look. Does nothing when it is over.
  func untap(_ id: Int) {
    guard let (edge, feed) = feeds.removeValue(forKey: id) else { return }
    session?.runner.taps.close(edge, id)
    feed.close()
  }

  /// Ends all looks: whoever looked is told by the end of what he reads.
  func untapAll() { for id in feeds.keys.sorted() { untap(id) } }

  // MARK: Watching

  private func follow(_ session: JobSession, _ events: AsyncStream<JobEvent>, _ feed: AsyncStream<JobEvent>.Continuation) async {
    await note("started", "revision \(stored.revision)")
    let listening = Task { for await event in events { await self.take(event) } }
    let watching = Task { await self.watch(session) }
    let outcome: Result<JobRunner.Result, any Error>
    do { outcome = .success(try await session.runner.run()) } catch { outcome = .failure(error) }
    watching.cancel()
    feed.finish()
    await listening.value
    switch outcome {
    case .success(let result):
      finalTotals = result.totals
      await end(result.isEndOfInput ? .finished : .suspended, result.isEndOfInput ? "the input is at its end" : "stopped with a checkpoint")
    case .failure where phase == .stopping: await end(.suspended, "stopped at once; the last checkpoint stands")
    case .failure(let error): await end(.failed, "\(error)")
    }
  }

  private func end(_ phase: JobPhase, _ message: String) async {
    untapAll()
    (self.phase, self.message, session) = (phase, message, nil)
    await note(phase.rawValue, message)
  }

  private func take(_ event: JobEvent) async {
    if let session { health?.note(event, now: session.runtime.now()) }
    switch event {
    case .phase: break
    case .checkpoint(let report):
      checkpoints.append(report)
      if checkpoints.count > Self.checkpointLimit { checkpoints.removeFirst() }
    case .applied(let sink, let epoch, let rows, let refused):
      applied[sink] = (epoch, (applied[sink]?.rows ?? 0) + rows, (applied[sink]?.refused ?? 0) + refused)
      if refused > 0 { await note("refused", "\(sink) refused \(refused) rows of epoch \(epoch)") }
    case .restored(let epoch, let records): await note("restored", "from checkpoint \(epoch), after \(records) records")
    case .restarting(let attempt, let delay, let cause):
      if phase != .stopping { phase = .restarting }
      message = cause
      await note("restarting", "attempt \(attempt) in \(delay / 1_000_000) ms: \(cause)")
    case .warning(let text): await note("warning", text)
    }
  }

  private func watch(_ session: JobSession) async {
    let sources = session.graph.sources.map(\.id)
    while !Task.isCancelled {
      let status = await session.runner.status()
      if !status.isEmpty {
        sampledTotals = await session.runner.totals(status)
        if phase == .starting || phase == .restarting { phase = .running }
        add(
          JobSample(
            at: session.runtime.now(), monotonic: session.runtime.monotonic(), status: status,
            read: status.reduce(0) { $0 + RecordsRead.count($1.counters, sources: sources) }))
      }
      do { try await Task.sleep(nanoseconds: 1_000_000_000) } catch { return }
    }
  }

  private func add(_ sample: JobSample) {
    samples = (samples.newest, sample)
    guard let older = samples.older, sample.monotonic > older.monotonic, sample.read >= older.read else { return }
    let seconds = Double(sample.monotonic - older.monotonic) / 1e9
    points.append(
      JobPoint(
        at: sample.at / 1_000_000, rate: Double(sample.read - older.read) / seconds,
        lag: sample.watermark.flatMap { watermark in sample.newest.map { Double($0 - watermark) / 1e9 } },
        refused: Double(max(0, sample.refused - older.refused)) / seconds, busy: Self.busy(older.status, sample.status).max() ?? 0))
    if points.count > Self.pointLimit { points.removeFirst() }
  }

  /// The share of the time between two looks that each subtask worked.
  private static func busy(_ older: [SubtaskStatus], _ newer: [SubtaskStatus]) -> [Double] {
    guard older.count == newer.count else { return newer.map { _ in 0 } }
    return zip(older, newer).map { older, newer in
      let elapsed = newer.elapsedNanoseconds - older.elapsedNanoseconds
      return elapsed <= 0 ? 0 : min(1, Double(newer.busyNanoseconds - older.busyNanoseconds) / Double(elapsed))
    }
  }

  /// What the job looks like now, for its numbers; nil while it does not run.
  func snapshot() async -> JobSnapshot? {
    guard let session, let health else { return nil }
    return await session.snapshot(health)
  }

  /// The two newest looks, for rates.
  func latest() -> (older: JobSample?, newest: JobSample?) { samples }

  /// Totals since the job's first record, as the newest look had them.
  func totals() -> [(id: String, counters: OperatorCounters)] { session == nil ? finalTotals : sampledTotals }
}
