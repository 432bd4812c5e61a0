internal import Dataflow
internal import Postgres
internal import Synchronization

/// The half of the sink that talks to the server: one connection, one transaction an epoch.
///
/// Calls block; each wait has a limit. A broken connection is made anew by the next call. The lock makes sure of what the runtime promises anyway:
/// one call at a time.
final class PostgresCommitter: SinkCommitter {
  private struct State {
    var client: PostgresClient?
    var claim: Claim?
    var partitions = DailyPartitions()
  }

  /// What `open` found and claimed.
  private struct Claim {
    var ledger: LedgerStore
    var machine: LedgerStateMachine
    var casts: [SQLIdentifier: String]
  }

  private let plan: TablePlan
  private let options: PostgresOptions
  private let state = Mutex(State())

  init(_ plan: TablePlan, _ options: PostgresOptions) {
    self.plan = plan
    self.options = options
  }

  // MARK: SinkCommitter

  func open(_ context: SinkContext) throws -> UInt64? {
    try state.withLock { state in
      do {
        let (claim, lastApplied) = try claim(state: &state, LedgerStore(job: context.job, sink: context.id), context)
        state.claim = claim
        return lastApplied
      } catch {
        throw Self.sinkError(error, "open table \"\(plan.table.name)\"")
      }
    }
  }

  func apply(_ epoch: StagedEpoch) throws -> ApplyReport {
    try state.withLock { state in
      do {
        do {
          return try apply(state: &state, epoch)
        } catch let error as PostgresError where error.fault == .connection {
          // The server restarted between two epochs, or the reply to COMMIT was lost. Both are settled the same way: connect
          // again, lock the ledger row (a COMMIT still at work holds it) and decide by what it says.
          return try apply(state: &state, epoch)
        }
      } catch {
        throw Self.sinkError(error, "apply epoch \(epoch.epoch) to table \"\(plan.table.name)\"")
      }
    }
  }

  func close() {
    state.withLock { state in
      state.client?.close()
      state.client = nil
    }
  }

  // MARK: Transactions

  private func claim(state: inout State, _ ledger: LedgerStore, _ context: SinkContext) throws -> (Claim, UInt64?) {
    let client = try connected(&state)
    let encoding = client.serverSetting("server_encoding")
    guard encoding == "UTF8" else {
      throw SinkError(
        "the database's encoding is \(encoding), not UTF8", hint: "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", retry: .never)
    }
    return try client.transaction {
      try client.execute(limits)
      // Sinks of one job start at the same moment: CREATE … IF NOT EXISTS alone would collide. The number is this program's own.
      try client.execute("SELECT pg_advisory_xact_lock(8316302983)")
      try Migrations.migrate(client, "core", Migrations.core)
      let row = try ledger.lock(client)
      switch LedgerStateMachine.claim(row: row, isFresh: context.isFresh, lease: context.lease) {
      case .stateGone(let epoch):
        throw SinkError(
          "the job's state is gone: it starts without a checkpoint, but epoch \(epoch) of job \"\(ledger.job)\" stands in table \"\(plan.table.name)\"",
          hint: ledger.cureForLostState(plan.table), retry: .never)
      case .fenced(let newer): throw Self.takenOver(ledger, by: newer, generation: context.lease ?? 0)
      case .claim(let claimed, let lastApplied):
        try ledger.claim(client, claimed)
        let casts = try TableSetup(client: client, plan: plan).run()
        if CapsuleSchema.belongs(to: plan) { try Migrations.migrate(client, "capsule", CapsuleSchema.steps) }
        return (Claim(ledger: ledger, machine: LedgerStateMachine(generation: claimed.generation), casts: casts), lastApplied)
      }
    }
  }

  private func apply(state: inout State, _ epoch: StagedEpoch) throws -> ApplyReport {
    guard let claim = state.claim else { preconditionFailure("apply before open") }
    let client = try connected(&state)
    let partitions = state.partitions
    let (report, days) = try client.transaction { () -> (ApplyReport, ArraySlice<Int>) in
      try client.execute(limits)
      let row = try claim.ledger.lock(client)
      switch claim.machine.decide(row: row, epoch: epoch.epoch, digest: epoch.digest, begins: epoch.begins) {
      case .apply(let next):
        let (refused, days) = epoch.rows == 0 && epoch.chunks.allSatisfy(\.isEmpty) ? (0, []) : try write(client, claim, epoch, partitions)
        try claim.ledger.write(client, next, manifest: epoch.manifest)
        return (ApplyReport(applied: epoch.rows - refused, refused: refused), days)
      case .alreadyApplied:
        let refused = min(epoch.rows, try claim.ledger.refusedCount(client, epoch: epoch.epoch))
        return (ApplyReport(applied: epoch.rows - refused, refused: refused, wasApplied: true), [])
      case let decision:
        throw refusal(decision, epoch, claim)
      }
    }
    state.partitions.remember(days)
    return report
  }

  private func write(
    _ client: PostgresClient, _ claim: Claim, _ epoch: StagedEpoch, _ partitions: DailyPartitions
  ) throws -> (refused: Int, days: ArraySlice<Int>) {
    let staging = Staging(client: client, plan: plan, casts: claim.casts)
    let rows = try staging.load(epoch)
    guard rows == epoch.rows else {
      throw SinkError(
        "the staged bytes of epoch \(epoch.epoch) hold \(rows) rows, the checkpoint says \(epoch.rows)",
        hint: "the checkpoint is damaged: restore it from its second copy", retry: .never)
    }
    var days: ArraySlice<Int> = []
    if let column = plan.partition {
      // Known days may stand before new ones: ask for enough to see past them.
      days = partitions.missing(try staging.days(column, limit: partitions.known.count + DailyPartitions.limit))
      try DailyPartitions.create(client, plan, days)
    }
    return (try staging.move(rows: rows, ledger: claim.ledger, epoch: epoch.epoch), days)
  }

  /// What holds for every transaction. Set inside it, so that it also holds behind a pooler.
  private var limits: String {
    let statementMillis = max(1, options.statementTimeout / 1_000_000)
    return """
      SET LOCAL statement_timeout = \(statementMillis);
      SET LOCAL lock_timeout = \(max(1, min(15_000, statementMillis * 9 / 10)));
      SET LOCAL idle_in_transaction_session_timeout = '10s';
      SET LOCAL client_min_messages = warning;
      SET LOCAL timezone = 'UTC';
      SET LOCAL work_mem = '64MB';
      SET CONSTRAINTS ALL IMMEDIATE
      """
  }

  private func connected(_ state: inout State) throws -> PostgresClient {
    if let client = state.client, client.isOpen { return client }
    state.client?.close()
    state.partitions = DailyPartitions()
    let client = try PostgresClient(options)
    state.client = client
    return client
  }

  // MARK: Errors

  private func refusal(_ decision: LedgerDecision, _ epoch: StagedEpoch, _ claim: Claim) -> SinkError {
    let sink = "sink \"\(claim.ledger.sink)\" of job \"\(claim.ledger.job)\""
    switch decision {
    case .fenced(let newer): return Self.takenOver(claim.ledger, by: newer, generation: claim.machine.generation)
    case .gap(let expected):
      return SinkError(
        "\(sink): epoch \(epoch.epoch) cannot be applied, epochs \(expected) to \(epoch.epoch - 1) are missing in the database",
        hint:
          "restore the database to a state at or after epoch \(epoch.epoch - 1). If those epochs are meant to be missing (the sink is new to the job): "
          + "UPDATE sink_ledger SET epoch = \(epoch.epoch - 1) WHERE \(claim.ledger.match)", retry: .never)
    case .digestMismatch(let digest):
      return SinkError(
        "\(sink): epoch \(epoch.epoch) stands in the database with other rows (digest \(digest.map { String($0, radix: 16) } ?? "none"), "
          + "here \(String(epoch.digest, radix: 16)))",
        hint: "the state folder belongs to another history of the job: use the one that wrote last, or give the job a new name",
        retry: .never)
    case .ledgerLost, .apply, .alreadyApplied:
      return SinkError(
        "the ledger row of \(sink) was removed or set back while the job ran",
        hint: "restore the database, or stop the job and start it again to claim the sink anew", retry: .never)
    }
  }

  private static func takenOver(_ ledger: LedgerStore, by newer: UInt64, generation: UInt64) -> SinkError {
    SinkError(
      "sink \"\(ledger.sink)\" of job \"\(ledger.job)\" was taken over by a newer run (generation \(newer), this run has \(generation))",
      hint: "let only one run of the job write into this database", retry: .never)
  }

  private static func sinkError(_ error: any Error, _ what: String) -> any Error {
    guard let error = error as? PostgresError else { return error }
    return SinkError("could not \(what): \(error)", hint: error.cure, retry: error.fault.isRetryable ? .withBackoff : .never)
  }
}
