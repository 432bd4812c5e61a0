internal import Connectors
internal import Dataflow
internal import Jobs

/// Savepoints of jobs that workers run: the server writes down that there should be one, and reads what workers wrote.
extension JobSupervisor {
  /// Asks workers for a savepoint, and waits for it. Whoever asks again under the same name while it is being taken waits for the same one.
  ///
  /// - Throws: `Problem` 409; 503 when nobody lives who could take it, and nothing was asked; 504 when it is not there in time, and still asked for.
  func savepointOfShards(_ job: String, called wanted: String?, within seconds: Int, by actor: String) async throws -> Savepoint {
    let planned = try await planned(job)
    let name = try await alone("\(job)/savepoints") { try await self.ask(planned, called: wanted, by: actor) }
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      switch try await store.savepointProgress(job, name) {
      case .taken: return try await find(name, of: nil, planned).0
      case .none: throw Self.taken(job, name)
      case .awaited(let trouble):
        if isEnding { throw JobFault.shuttingDown }
        guard ContinuousClock.now < deadline else {
          throw Problem(
            504, "SAVEPOINT_AWAITED", "the savepoint \"\(name)\" is not there yet",
            trouble ?? "after \(seconds) s not all shards were at their last checkpoint; workers go on with it",
            hint: "repeat the request with the same name to wait for the same savepoint; GET /api/v1/jobs/\(job) says what its shards do")
        }
        try await Task.sleep(nanoseconds: 200_000_000)
      }
    }
  }

  private func ask(_ planned: PlannedJob, called wanted: String?, by actor: String) async throws -> String {
    let job = planned.graph.name
    guard await (try self.job(job)).stored.state == .running else {
      throw Problem(
        409, "JOB_NOT_RUNNING", "the job does not run", "workers take a savepoint by draining the job, and none of them runs it",
        hint: "start it; its checkpoints stand as they are")
    }
    if let wanted, case .none = try await store.savepointProgress(job, wanted) {
      // Of an earlier life of the job, or of one process.
      let isThere = try await Self.blocking { [credentials] in
        try planned.checkpointStore(files: PosixFileSystem(), environment: credentials).savepoints().contains(wanted)
      }
      if isThere { throw Self.taken(job, wanted) }
    }
    do {
      return try await store.askForSavepoint(job, wanted) { AuditEntry(actor: actor, action: "job.savepoint", target: job, detail: $0) }
    } catch is NoWorkers {
      throw Problem(
        503, "NO_WORKERS", "no worker lives that takes shards of the job", "nothing was asked for",
        hint: "start one with sloscout worker, on the database of this server, and try again")
    } catch let refused as LayoutRefused {
      switch refused.reason {
      case .savepoint(let name): throw Self.taken(job, name)
      case .unknown: throw Problem(409, "NO_CHECKPOINT", "the savepoint cannot be taken", "no worker has taken the job up yet")
      case .layout, .history, .oldWorker: throw JobFault.conflict("\(refused)")
      }
    }
  }

  private static func taken(_ job: String, _ name: String) -> Problem {
    Problem(
      409, "SAVEPOINT_EXISTS", "the savepoint cannot be used",
      "job \"\(job)\" has a savepoint \"\(name)\" already, or another one is being taken",
      hint: "choose another name, or remove that one")
  }

  /// Has workers begin a job with a savepoint. Throws `Problem` 409 when the job has a history, or does not read the state.
  func startShards(_ job: ManagedJob, _ planned: PlannedJob, from origin: String, by actor: String) async throws -> ManagedJob {
    var stored = await job.stored
    let sharded = try ShardedJob(planned)
    do {
      try await Self.blocking { [credentials] in try sharded.check(origin: origin, environment: credentials) }
      stored.state = .running
      stored = try await store.put(
        stored, expected: stored.revision, mustBeNew: false,
        by: AuditEntry(actor: actor, action: "job.start-savepoint", target: stored.name, detail: origin),
        orders: .begin(origin: origin, sharded.shards, travels: sharded.travels))
    } catch let refused as LayoutRefused {
      throw Problem(
        409, "SAVEPOINT_OF_ANOTHER_JOB", "the savepoint cannot be used",
        "job \"\(refused.job)\" has run over workers, and has a history of its own",
        hint: "submit the job under a name that no job has had, suspended, and start that one from it")
    } catch let refused as RecutRefused {
      throw Problem(409, "STATE_NOT_READ", "the job does not read this state", refused.message, hint: refused.hint)
    }
    await job.replace(stored)
    try await lookAtShards()
    return job
  }
}
