package import Dataflow
internal import Postgres
internal import Synchronization

/// Who runs what, in Postgres: one row for each worker that lives, one for each shard. The database's clock alone says what is over.
///
/// Calls block; a broken connection is made anew by the next call.
package final class LeaseStore: Sendable {
  private let options: PostgresOptions
  private let client = Mutex<PostgresClient?>(nil)
  /// Unique to this process: a worker of the same name that was killed is somebody else.
  package let owner: String
  private let worker: String

  /// What a worker sees when it says that it lives.
  package struct View: Sendable {
    /// The owners that live, by job.
    package var workers: [String: [String]] = [:]
    package var leases: [Lease] = []
    /// How each job is cut, and what becomes of that.
    package var cuts: [String: JobCut] = [:]
    /// Cuts of jobs that are over, and may have left something.
    package var former: [String: [ShardLayout]] = [:]

    /// Nothing was seen yet.
    package init() {}
  }

  /// How a shard's run ended.
  package enum Ending: Sendable {
    /// It was stopped, and somebody else may go on.
    case stopped
    /// Its input is at its end.
    case finished
    /// Its last checkpoint is where another cut of the job goes on.
    case drained
    /// It failed, and rests for so many nanoseconds.
    case failed(String, rest: Int64)
  }

  /// Connects at the first use.
  ///
  /// - Parameters:
  ///   - url: `postgresql://user@host/database`.
  ///   - worker: a name for people.
  ///   - process: a random number.
  package init(url: String, worker: String, process: UInt64) {
    options = PostgresOptions(url: url, connectTimeout: 3_000_000_000, statementTimeout: 5_000_000_000)
    self.worker = worker
    owner = "\(worker)#\(String(process, radix: 16))"
  }

  // MARK: Jobs

  /// Makes the tables, and the rows of a job's shards unless they are there. When the file says other numbers of shards than it said before, the job is to
  /// be cut anew: its shards are drained, and those of the next cut go on.
  ///
  /// - Parameter origin: the savepoint that a job begins with which was never here: `job/name`.
  /// - Throws: `LayoutRefused` when what travels between stages is not what it was, or when the job cannot begin there; `LeasesUnavailable`.
  package func register(_ job: String, _ shards: [JobShard], layout: String, origin: String? = nil) throws {
    try perform { client in
      try JobDefinitions.migrate(client)
      if try Self.begin(client, job, shards, travels: layout, origin: origin) { return }
      guard let found = try Self.cut(client, job), found.travels == layout else { throw LayoutRefused(job: job, .layout) }
      if let origin, origin != found.origin { throw LayoutRefused(job: job, .history(origin)) }
      try Self.filed(client, found, Self.counts(shards))
    }
  }

  // MARK: Workers

  /// Says that this worker lives, renews what it runs, and answers with what there is.
  ///
  /// - Parameters:
  ///   - running: what runs here, under which generation and up to which epoch.
  ///   - time: nanoseconds from now until the leases are over.
  package func renew(
    jobs: [String], running: [(shard: JobShard, generation: UInt64, epoch: UInt64)], time: Int64
  ) throws -> View {
    try perform { client in
      let until = "now() + \(time / 1_000) * interval '1 microsecond'"
      try client.query(
        """
        INSERT INTO worker (owner, name, jobs, drains, expires_at) VALUES ($1, $2, $3::text[], true, \(until))
        ON CONFLICT (owner) DO UPDATE SET jobs = EXCLUDED.jobs, expires_at = EXCLUDED.expires_at
        """, [owner, worker, Self.array(jobs)])
      if !running.isEmpty {
        // A lease that is over but that nobody claimed is still ours: its generation is. Unless others may run a later version by now.
        try client.query(
          """
          UPDATE shard_lease l SET expires_at = \(until), epoch = greatest(l.epoch, r.epoch),
            checkpoint_at = CASE WHEN r.epoch > l.epoch THEN now() ELSE l.checkpoint_at END
          FROM unnest($2::text[], $3::int[], $4::int[], $5::bigint[], $6::bigint[]) AS r (job, stage, shard, generation, epoch)
          WHERE l.job = r.job AND l.stage = r.stage AND l.shard = r.shard AND l.generation = r.generation AND l.owner = $1
            AND (l.expires_at > now() OR l.definition_version = coalesce((SELECT version FROM sharded_definition d WHERE d.job = l.job), 0))
          """,
          [
            owner, Self.array(running.map(\.shard.job)), Self.array(running.map { "\($0.shard.stage)" }),
            Self.array(running.map { "\($0.shard.index)" }), Self.array(running.map { "\($0.generation)" }),
            Self.array(running.map { "\($0.epoch)" }),
          ])
      }
      // The rows of the dead are of use for a while, to people who look.
      try client.execute("DELETE FROM worker WHERE expires_at < now() - interval '1 hour'")
      return try Self.view(client, jobs)
    }
  }

  /// Claims shards that are free or whose time is over: the generations of those that were had.
  ///
  /// - Parameter versions: of the definitions that the worker has from the database, by job.
  package func claim(_ shards: [JobShard], versions: [String: UInt64] = [:], time: Int64) throws -> [JobShard: UInt64] {
    guard !shards.isEmpty else { return [:] }
    return try perform { client in
      let shards = try Self.claimable(client, shards, versions)
      guard !shards.isEmpty else { return [:] }
      let rows = try client.query(
        """
        UPDATE shard_lease l SET owner = $1, generation = l.generation + 1, error = NULL, claimed_at = now(), definition_version = free.version,
          expires_at = now() + \(time / 1_000) * interval '1 microsecond'
        FROM (
          SELECT s.job, s.stage, s.shard, w.version FROM shard_lease s
          JOIN unnest($2::text[], $3::int[], $4::int[], $5::bigint[]) AS w (job, stage, shard, version) USING (job, stage, shard)
          WHERE NOT s.finished AND (s.owner IS NULL OR s.expires_at <= now()) AND (s.rests_until IS NULL OR s.rests_until <= now())
          FOR UPDATE OF s SKIP LOCKED
        ) AS free
        WHERE l.job = free.job AND l.stage = free.stage AND l.shard = free.shard
        RETURNING l.job, l.stage, l.shard, l.shards, l.generation, l.version
        """,
        [
          owner, Self.array(shards.map(\.job)), Self.array(shards.map { "\($0.stage)" }), Self.array(shards.map { "\($0.index)" }),
          Self.array(shards.map { "\(versions[$0.job] ?? 0)" }),
        ])
      var claimed: [JobShard: UInt64] = [:]
      for row in rows.rows {
        if let shard = Self.shard(row, version: row[5]), let generation = row[4].flatMap({ UInt64($0) }) { claimed[shard] = generation }
      }
      return claimed
    }
  }

  /// Gives a shard back. Nothing when somebody else has claimed it meanwhile.
  package func release(_ shard: JobShard, generation: UInt64, epoch: UInt64, _ ending: Ending) throws {
    // Nobody need run a shard that is drained either.
    let (finished, drained, error, rest) =
      switch ending {
      case .stopped: ("false", "false", nil as String?, Int64(0))
      case .finished: ("true", "false", nil, 0)
      case .drained: ("true", "true", nil, 0)
      case .failed(let message, let pause): ("false", "false", message, pause)
      }
    try perform { client in
      try client.query(
        """
        UPDATE shard_lease SET owner = NULL, expires_at = now(), finished = $5::bool, error = $6, epoch = greatest(epoch, $8::bigint),
          checkpoint_at = CASE WHEN $8::bigint > epoch THEN now() ELSE checkpoint_at END,
          drained = $9::bool,
          failures = CASE WHEN $6::text IS NULL THEN 0 ELSE failures + 1 END,
          rests_until = CASE WHEN $6::text IS NULL THEN NULL ELSE now() + \(rest / 1_000) * interval '1 microsecond' END
        WHERE job = $1 AND stage = $2::int AND shard = $3::int AND generation = $4::bigint AND owner = $7
        """, [shard.job, "\(shard.stage)", "\(shard.index)", "\(generation)", finished, error, owner, "\(epoch)", drained])
    }
  }

  /// The worker ends: others need not wait for its time to be over.
  package func leave() throws {
    try perform { client in
      try client.query("DELETE FROM worker WHERE owner = $1", [owner])
      try client.query("UPDATE shard_lease SET owner = NULL, expires_at = now() WHERE owner = $1", [owner])
      try client.query("DELETE FROM definition_refused WHERE owner = $1", [owner])
    }
  }

  /// Every shard of every job, for people. Empty when no worker ever ran.
  package func status() throws -> [(lease: Lease, epoch: UInt64, error: String?)] {
    try perform { client in
      guard try client.query("SELECT to_regclass('shard_lease')").scalar != nil else { return [] }
      let rows = try client.query("SELECT \(Self.columns), epoch, error FROM shard_lease ORDER BY 1, 2, 3").rows
      return rows.compactMap { row in Self.lease(row).map { ($0, row[11].flatMap { UInt64($0) } ?? 0, row[12]) } }
    }
  }

  package func close() {
    client.withLock { client in
      client?.close()
      client = nil
    }
  }

  // MARK: Rows

  private static func view(_ client: PostgresClient, _ jobs: [String]) throws -> View {
    var view = View()
    let workers = try client.query(
      "SELECT w.owner, j FROM worker w, unnest(w.jobs) AS j WHERE w.expires_at > now() AND j = ANY($1::text[]) ORDER BY 1, 2", [array(jobs)]
    )
    for row in workers.rows { if let owner = row[0], let job = row[1] { view.workers[job, default: []].append(owner) } }
    view.leases = try leases(client, jobs)
    view.cuts = try cuts(client, jobs)
    view.former = try former(client, jobs)
    return view
  }

  static func leases(_ client: PostgresClient, _ jobs: [String]) throws -> [Lease] {
    try client.query("SELECT \(columns) FROM shard_lease WHERE job = ANY($1::text[]) ORDER BY 1, 2, 3", [array(jobs)]).rows
      .compactMap(lease)
  }

  private static let columns =
    "job, stage, shard, shards, generation, owner, expires_at <= now(), finished, coalesce(rests_until > now(), false), version, drained"

  private static func lease(_ row: [String?]) -> Lease? {
    guard let shard = shard(row, version: row[9]), let generation = row[4].flatMap({ UInt64($0) }) else { return nil }
    return Lease(
      shard: shard, owner: row[5], generation: generation, isExpired: row[6] == "t", isFinished: row[7] == "t", isDrained: row[10] == "t",
      isResting: row[8] == "t")
  }

  private static func shard(_ row: [String?], version: String?) -> JobShard? {
    guard let job = row[0], let stage = row[1].flatMap({ Int($0) }), let index = row[2].flatMap({ Int($0) }),
      let count = row[3].flatMap({ Int($0) }), let version = version.flatMap({ Int($0) })
    else { return nil }
    return JobShard(job: job, stage: stage, index: index, count: count, version: version)
  }

  /// An array as PostgreSQL writes one. Names of jobs and numbers need no quotes.
  static func array(_ values: [String]) -> String { "{\(values.joined(separator: ","))}" }

  @discardableResult
  func perform<Value: Sendable>(_ body: @Sendable (PostgresClient) throws -> Value) throws -> Value {
    try client.withLock { client in
      do {
        let open: PostgresClient
        if let kept = client, kept.isOpen {
          open = kept
        } else {
          client?.close()
          open = try PostgresClient(options)
          client = open
        }
        return try open.transaction { try body(open) }
      } catch let error as PostgresError {
        if error.fault == .connection {
          client?.close()
          client = nil
        }
        throw LeasesUnavailable(description: "\(error)", mayPass: error.fault.isRetryable)
      }
    }
  }

  static let steps = [
    """
    CREATE TABLE sharded_job (job text PRIMARY KEY, counts text NOT NULL, layout text NOT NULL, at timestamptz NOT NULL DEFAULT now());
    COMMENT ON TABLE sharded_job IS 'sloscout: jobs that run over workers, and how they are cut';
    CREATE TABLE worker (owner text PRIMARY KEY, name text NOT NULL, jobs text[] NOT NULL, expires_at timestamptz NOT NULL);
    COMMENT ON TABLE worker IS 'sloscout: workers that live';
    CREATE TABLE shard_lease (
      job text NOT NULL, stage integer NOT NULL, shard integer NOT NULL, shards integer NOT NULL,
      generation bigint NOT NULL DEFAULT 0, owner text, claimed_at timestamptz, expires_at timestamptz NOT NULL DEFAULT now(),
      epoch bigint NOT NULL DEFAULT 0, finished boolean NOT NULL DEFAULT false,
      failures integer NOT NULL DEFAULT 0, error text, rests_until timestamptz,
      PRIMARY KEY (job, stage, shard));
    COMMENT ON TABLE shard_lease IS 'sloscout: who runs which shard of a job'
    """,
    cutStep, formerStep,
  ]
}

/// The leases cannot be looked at, or not be changed.
package struct LeasesUnavailable: Error, CustomStringConvertible {
  package let description: String
  /// Whether it may be otherwise in a moment.
  package let mayPass: Bool
}

/// The job cannot go on, or not begin, as its file says.
package struct LayoutRefused: Error, CustomStringConvertible {
  package enum Reason: Sendable, Equatable {
    /// What travels between stages is not what it was.
    case layout
    /// It is to begin with a savepoint, and has a history of its own.
    case history(String)
    /// It is to be cut anew, and a worker that lives does not know how to drain.
    case oldWorker(String)
    /// A savepoint of that name is there, or another one is being taken.
    case savepoint(String)
    /// No worker ever ran it.
    case unknown
  }

  package let job: String
  package let reason: Reason

  package init(job: String, _ reason: Reason) {
    self.job = job
    self.reason = reason
  }

  package var description: String {
    switch reason {
    case .layout:
      """
      job "\(job)" has state that cannot be cut otherwise: what travels between its stages is not what it was
        hint: undo the change of steps and keys; or, with the file as it was, take a savepoint (sloscout worker savepoint), and start a job of another \
      name from it
      """
    case .history(let origin):
      """
      job "\(job)" has a history of its own: it cannot begin with the savepoint \(origin)
        hint: leave --from out to go on; or begin with the savepoint under a name that no job has had
      """
    case .oldWorker(let worker):
      """
      job "\(job)" is not cut anew: worker "\(worker)" runs an earlier version of the program, which cannot drain its shards
        hint: update that worker, then try again
      """
    case .savepoint(let name):
      """
      job "\(job)" has a savepoint "\(name)" already, or one is being taken
        hint: choose another name, or wait
      """
    case .unknown:
      """
      no worker ever ran a job "\(job)"
        hint: sloscout worker status prints those that are there
      """
    }
  }
}
