internal import Connectors
internal import Dataflow
internal import Jobs

extension JobSupervisor {
  /// Takes a savepoint of a job, whether it runs or not.
  ///
  /// The job may be changed meanwhile: who stops it gets no savepoint, and is not kept from it.
  ///
  /// - Parameter seconds: how long to wait for workers.
  func savepoint(_ name: String, called wanted: String?, within seconds: Int, by actor: String) async throws -> Savepoint {
    if await (try job(name)).stored.isSharded { return try await savepointOfShards(name, called: wanted, within: seconds, by: actor) }
    return try await alone("\(name)/savepoints") {
      let savepoint = try await self.job(name).savepoint(wanted, try await self.planned(name))
      try await self.store.audit(AuditEntry(actor: actor, action: "job.savepoint", target: name, detail: savepoint.name))
      return savepoint
    }
  }

  /// The savepoints of a job, by name. One that cannot be read is left out.
  func savepoints(_ name: String) async throws -> [Savepoint] {
    let job = try await planned(name)
    return try await Self.blocking { [credentials] in
      let store = try job.checkpointStore(files: PosixFileSystem(), environment: credentials)
      return try store.savepoints().compactMap { try? store.savepoint($0) }
    }
  }

  /// Removes a savepoint. Jobs that were started from it do not need it.
  func removeSavepoint(_ name: String, called wanted: String, by actor: String) async throws {
    try await alone("\(name)/savepoints") {
      let job = try await self.planned(name)
      _ = try await self.find(wanted, of: nil, job)
      if try await self.store.savepointProgress(name, wanted).isAwaited {
        throw JobFault.conflict("workers are taking that savepoint")
      }
      try await self.store.audit(AuditEntry(actor: actor, action: "job.savepoint-remove", target: name, detail: wanted))
      // First: a name that is taken, and of which there is nothing, could never be had again.
      try await self.store.forgetSavepoint(name, wanted)
      try await Self.blocking { [credentials = self.credentials] in
        try job.checkpointStore(files: PosixFileSystem(), environment: credentials).removeSavepoint(wanted)
      }
    }
  }

  /// Starts a job that does not run from a savepoint: one of its own, or of another job that keeps its checkpoints in the same place. A job over workers
  /// only when none of its shards ever ran.
  ///
  /// - Parameter repeating: sinks may get rows from after the savepoint once more. The audit log keeps who said so.
  func start(_ name: String, from wanted: String, of other: String?, repeating: Bool, expected: Int?, by actor: String) async throws
    -> ManagedJob
  {
    try await alone(name) {
      let job = try self.job(name)
      guard await !job.phase.isActive else {
        throw Problem(409, "JOB_RUNNING", "the job runs", hint: "stop it first: a savepoint is where a start begins")
      }
      let planned = try await self.planned(name)
      let (savepoint, source) = try await self.find(wanted, of: other, planned)
      var stored = await job.stored
      if let expected, expected != stored.revision { throw RevisionConflict(current: stored.revision) }
      if stored.isSharded { return try await self.startShards(job, planned, from: "\(other ?? name)/\(wanted)", by: actor) }
      // What was decided is written down before it is done. Should this process die in between, the request can be repeated.
      let detail =
        "\(savepoint.manifest.job)/\(wanted), epoch \(savepoint.manifest.epoch)\(repeating ? ", rows after it may come twice" : "")"
      try await self.store.audit(AuditEntry(actor: actor, action: "job.start-savepoint", target: name, detail: detail))
      try await JobSession(planned, environment: self.credentials).runner.adopt(savepoint, from: source, repeating: repeating)
      stored.state = .running
      stored = try await self.store.put(
        stored, expected: stored.revision, mustBeNew: false, by: AuditEntry(actor: actor, action: "job.start", target: name))
      await job.replace(stored)
      await job.start(planned)
      return job
    }
  }

  func planned(_ name: String) async throws -> PlannedJob {
    let stored = await (try job(name)).stored
    return try documents.plan(stored.document, name: name, parallelism: stored.parallelism).job
  }

  func find(_ name: String, of other: String?, _ job: PlannedJob) async throws -> (Savepoint, ReplicatedCheckpointStore) {
    try await Self.blocking { [credentials] in
      let store = try job.checkpointStore(files: PosixFileSystem(), environment: credentials, of: other)
      guard Savepoint.isName(name), try store.savepoints().contains(name) else { throw NotStored(kind: "savepoint") }
      return (try store.savepoint(name), store)
    }
  }

  /// Disks and buckets take their time, and nobody else is to wait for them.
  @concurrent static func blocking<Value: Sendable>(_ body: @Sendable () throws -> Value) async throws -> Value { try body() }
}
