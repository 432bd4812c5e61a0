internal import Connectors
internal import Dataflow
internal import Dispatch
internal import Foundation
internal import Jobs
internal import Logging

/// Jobs that workers run: the server writes down what should be, and shows what is.
extension JobSupervisor {
  private static let logger = Logger(label: "sloscout.server")

  /// Looks at the shards of all jobs every second, until it is cancelled. Without the database the last look stands.
  func watchShards() async {
    var isAway = false
    while !Task.isCancelled {
      do {
        try await lookAtShards()
        isAway = false
      } catch {
        if !isAway { Self.logger.warning("the shards of jobs cannot be looked at: \(error)") }
        isAway = true
      }
      do { try await Task.sleep(nanoseconds: 1_000_000_000) } catch { return }
    }
  }

  /// One look.
  func lookAtShards() async throws {
    var sharded: [ManagedJob] = []
    for job in jobs.values where await job.stored.isSharded { sharded.append(job) }
    guard !sharded.isEmpty else { return }
    let board = try await store.board()
    let (now, monotonic) = (Int64(Date().timeIntervalSince1970 * 1e9), Int64(DispatchTime.now().uptimeNanoseconds))
    for job in sharded {
      guard let wanted = board.wanted[await job.stored.name] else { continue }
      await job.show(ShardedState(wanted, board), now: now, monotonic: monotonic)
    }
  }

  /// A job goes on where its state is, and shards as they were cut. Throws `Problem` 409, or `JobDocument.Refused` when the job cannot be cut.
  func checkPlace(_ job: PlannedJob) async throws {
    let name = job.graph.name
    guard job.definition.exchange != nil else {
      if try await store.shardEpoch(name) > 0 {
        throw Self.placeRefused(
          "the job has run over workers, and its state is that of its shards", "leave exchange: in the document, or give the job a new name"
        )
      }
      return
    }
    let sharded: ShardedJob
    do { sharded = try ShardedJob(job) } catch let diagnostic as Diagnostic { throw JobDocument.Refused(diagnostics: [diagnostic]) }
    if let refused = try await store.layoutRefusal(name, travels: sharded.travels) {
      let lines = "\(refused)".components(separatedBy: "\n  hint: ")
      throw Problem(409, "LAYOUT_WOULD_CHANGE", "the job would be cut otherwise", lines[0], hint: lines.dropFirst().first)
    }
    let hasRunHere = try await Self.hasCheckpoint(job, credentials)
    if hasRunHere {
      throw Self.placeRefused(
        "the job has run in one process, and its state is in one piece", "take exchange: out of the document, or give the job a new name")
    }
  }

  @concurrent private static func hasCheckpoint(_ job: PlannedJob, _ credentials: [String: String]) async throws -> Bool {
    try !job.checkpointStore(files: PosixFileSystem(), environment: credentials).epochs().isEmpty
  }

  private static func placeRefused(_ why: String, _ hint: String) -> Problem {
    Problem(409, "PLACE_WOULD_CHANGE", "the job would begin anew and count again what is counted", why, hint: hint)
  }

  /// Starts, stops or restarts the shards of a job: writes down that this should be.
  func changeShards(_ job: ManagedJob, state: StoredJob.State?, parallelism: Int?, expected: Int?, action: String, by actor: String)
    async throws
  {
    guard parallelism == nil else {
      throw Problem(
        422, "PARALLELISM_INVALID", "a job over workers has no parallelism of its own",
        hint: "start more workers; exchange.partitions in the document says how many shards there are to share")
    }
    var stored = await job.stored
    if let state { stored.state = state }
    let wanted: WantedJob.State = stored.state == .running ? .running : .stopped
    stored = try await store.put(
      stored, expected: expected, mustBeNew: false, by: AuditEntry(actor: actor, action: action, target: stored.name),
      orders: action == "job.restart" ? .document(wanted, losesState: false) : .state(wanted))
    await job.replace(stored)
    try await lookAtShards()
  }

  /// Gives shards that are to stop ten seconds to do so, so that an answer can say that they have.
  func settle(_ job: ManagedJob) async {
    for _ in 0..<50 {
      guard await job.stored.isSharded else { return }
      // A database that is away now is told of by the next look.
      try? await lookAtShards()
      guard await job.phase == .stopping else { return }
      do { try await Task.sleep(nanoseconds: 200_000_000) } catch { return }
    }
  }

  /// The graph of a job that workers run, with what they tell of its steps. Whoever looks first waits a moment until they do.
  func graphOfShards(_ name: String) async throws -> (graph: JobGraph, loads: [ShardLoad], awaitsReaders: Bool) {
    let (job, planned) = (try job(name), try await planned(name))
    try await store.watch(name)
    var (rows, awaitsReaders): ([ShardBoard.Row], Bool) = ([], false)
    // Workers tell every two seconds.
    for _ in 0..<20 {
      try await lookAtShards()
      guard let state = await job.shards else { break }
      (rows, awaitsReaders) = (state.rows, state.awaitsReaders)
      guard rows.contains(where: { state.state($0) == .running && $0.load == nil }) else { break }
      do { try await Task.sleep(nanoseconds: 200_000_000) } catch { break }
    }
    return (planned.graph, rows.compactMap { $0.load.flatMap { ShardLoad(text: $0) } }, awaitsReaders)
  }

  /// Asks for a checkpoint. Throws `Problem` 409 when the job does not run.
  func checkpoint(_ name: String) async throws {
    let job = try job(name)
    if let shards = await job.shards {
      guard shards.count(.running) > 0 else { throw Problem(409, "JOB_NOT_RUNNING", "no shard of the job runs") }
      try await store.checkpoint(name)
    } else {
      guard await job.checkpoint() else { throw Problem(409, "JOB_NOT_RUNNING", "the job does not run") }
    }
  }
}
