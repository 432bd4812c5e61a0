internal import Connectors
internal import Dataflow
internal import Jobs
internal import Logging

/// What may go wrong with a request about a job, besides the document.
enum JobFault: Error {
  case unknown(String)
  case conflict(String)
  /// State would be lost without anybody saying that it may.
  case losesState(UpgradePlan)
  case shuttingDown
}

/// All jobs of a server: what is stored, and what runs. Changes of one job come one after the other.
actor JobSupervisor {
  let store: JobStore
  let documents: JobDocument
  /// Variables of this process in which credentials for S3 are looked for.
  let credentials: [String: String]
  private(set) var jobs: [String: ManagedJob] = [:]
  /// Jobs with a change under way.
  private var busy: Set<String> = []
  private var isClosing = false
  /// Whoever waits for something is to be told soon.
  private(set) var isEnding = false
  private static let logger = Logger(label: "sloscout.server")

  init(_ store: JobStore, _ documents: JobDocument, credentials: [String: String] = [:]) {
    self.store = store
    self.credentials = credentials
    self.documents = documents
  }

  /// Starts every job that should be running. A job that cannot is left failed, and says why.
  func resume() async throws {
    for stored in try await store.all() {
      let job = await manage(stored)
      if stored.state == .running, !stored.isSharded { await start(job, stored) }
    }
    try await lookAtShards()
  }

  /// Ends all looks at records: a server that stops waits for the requests that it has begun.
  func untapAll() async {
    isEnding = true
    for job in jobs.values { await job.untapAll() }
  }

  /// Ends all jobs with a checkpoint; they resume when the server comes back.
  func close() async {
    isClosing = true
    await withTaskGroup(of: Void.self) { group in for job in jobs.values { group.addTask { await job.stop() } } }
  }

  /// All jobs, by name.
  func all() -> [ManagedJob] { jobs.sorted { $0.key < $1.key }.map(\.value) }

  /// The job of that name. Throws `JobFault.unknown`.
  func job(_ name: String) throws -> ManagedJob {
    guard let job = jobs[name] else { throw JobFault.unknown(name) }
    return job
  }

  /// Adds or replaces a job, and brings it to the state that it should have.
  ///
  /// - Parameters:
  ///   - losesState: the caller agrees that steps which are no more lose their state.
  ///   - origin: the folder or file that it comes from; nil when somebody submits it.
  /// - Returns: the job, and whether it is new.
  func put(
    _ name: String, _ document: String, state: StoredJob.State?, expected: Int?, mustBeNew: Bool, losesState: Bool, origin: String? = nil,
    by actor: String
  ) async throws -> (job: ManagedJob, isNew: Bool) {
    try await alone(name) {
      let accepted = try await self.documents.admit(document, name: name)
      let before = self.jobs[name]
      try await self.checkPlace(accepted.job)
      if before != nil, !losesState, accepted.job.definition.upgrade == .checkpoint {
        let plan = try await UpgradePlan.make(accepted.job, self.credentials, self.store.layout(name))
        if !plan.dropped.isEmpty { throw JobFault.losesState(plan) }
      }
      let wanted = state ?? StoredJob.State(rawValue: accepted.job.definition.state.rawValue) ?? .running
      let isSharded = accepted.job.definition.exchange != nil
      let stored = try await self.store.put(
        StoredJob(
          name: name, document: document, state: wanted, revision: 0, updatedAt: "", isSharded: isSharded, origin: origin),
        expected: expected, mustBeNew: mustBeNew,
        by: AuditEntry(actor: actor, action: before == nil ? "job.create" : "job.replace", target: name),
        orders: isSharded ? .document(wanted == .running ? .running : .stopped, losesState: losesState) : .withdraw)
      await before?.stop()
      let job = await self.manage(stored)
      if isSharded {
        try await self.lookAtShards()
        return (job, before == nil)
      }
      await job.withdraw()
      if losesState, accepted.job.definition.upgrade == .checkpoint {
        do {
          let dropped = try await JobSession(accepted.job, environment: self.credentials).runner.dropUnreadState()
          if !dropped.isEmpty { try await self.store.note(name, "dropped", "state of \(dropped.joined(separator: ", "))") }
        } catch {
          await job.refuse("\(error)")
          return (job, before == nil)
        }
      }
      if wanted == .running { await job.start(accepted.job) }
      return (job, before == nil)
    }
  }

  /// Changes what a job should be doing, or its parallelism.
  func change(_ name: String, state: StoredJob.State?, parallelism: Int?, expected: Int?, action: String, by actor: String) async throws
    -> ManagedJob
  {
    let job = try await alone(name) {
      let job = try self.job(name)
      var stored = await job.stored
      if stored.isSharded {
        try await self.changeShards(job, state: state, parallelism: parallelism, expected: expected, action: action, by: actor)
        return job
      }
      if let state { stored.state = state }
      if let parallelism { stored.parallelism = parallelism }
      let accepted = try self.documents.plan(stored.document, name: name, parallelism: stored.parallelism)
      stored = try await self.store.put(
        stored, expected: expected, mustBeNew: false, by: AuditEntry(actor: actor, action: action, target: name))
      await job.replace(stored)
      if stored.state == .suspended || parallelism != nil || action == "job.restart" { await job.stop() }
      if stored.state == .running { await job.start(accepted.job) }
      return job
    }
    await settle(job)
    return job
  }

  /// Ends a job at once, without a checkpoint; it stays suspended.
  func cancel(_ name: String, expected: Int?, by actor: String) async throws -> ManagedJob {
    let job = try await alone(name) {
      let job = try self.job(name)
      var stored = await job.stored
      stored.state = .suspended
      stored = try await self.store.put(
        stored, expected: expected, mustBeNew: false, by: AuditEntry(actor: actor, action: "job.cancel", target: name),
        orders: stored.isSharded ? .state(.cancelled) : .none)
      await job.replace(stored)
      await job.cancel()
      return job
    }
    await settle(job)
    return job
  }

  /// Stops a job and forgets it. Its checkpoints and its rows stay where they are.
  func delete(_ name: String, expected: Int?, by actor: String) async throws {
    try await alone(name) {
      let job = try self.job(name)
      try await self.store.delete(name, expected: expected, by: AuditEntry(actor: actor, action: "job.delete", target: name))
      await job.stop()
      self.jobs[name] = nil
    }
  }

  /// What a document would do, without doing it.
  func plan(_ name: String, _ document: String) async throws -> (warnings: [Diagnostic], plan: UpgradePlan) {
    let accepted = try await documents.admit(document, name: name)
    try await checkPlace(accepted.job)
    return (accepted.warnings, try await UpgradePlan.make(accepted.job, credentials, store.layout(name)))
  }

  /// The newest lines of a job's history.
  func history(_ name: String, limit: Int) async throws -> [JobHistoryEntry] {
    _ = try job(name)
    return try await store.history(name, limit: limit)
  }

  // MARK: Inside

  /// A second change of the same job is refused while the first is under way: to wait would let it act on a job that nobody has seen.
  func alone<Value: Sendable>(_ name: String, _ body: () async throws -> Value) async throws -> Value {
    if isClosing { throw JobFault.shuttingDown }
    guard busy.insert(name).inserted else { throw JobFault.conflict("another change of the job \"\(name)\" is under way") }
    defer { busy.remove(name) }
    return try await body()
  }

  private func manage(_ stored: StoredJob) async -> ManagedJob {
    if let job = jobs[stored.name] {
      await job.replace(stored)
      return job
    }
    let (store, name) = (store, stored.name)
    let job = ManagedJob(stored, credentials: credentials) { kind, message in
      Self.logger.info("\(name): \(kind): \(message)")
      // History is for people: a job does not fail because the database is away.
      do { try await store.note(name, kind, message) } catch { Self.logger.warning("\(name): its history cannot be written: \(error)") }
    }
    jobs[name] = job
    return job
  }

  private func start(_ job: ManagedJob, _ stored: StoredJob) async {
    do {
      let accepted = try documents.plan(stored.document, name: stored.name, parallelism: stored.parallelism)
      await job.start(accepted.job)
    } catch { await job.refuse(error.diagnostics.map { "\($0.code): \($0.message)" }.joined(separator: "; ")) }
  }
}
