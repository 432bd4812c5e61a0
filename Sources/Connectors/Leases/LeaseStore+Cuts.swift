package import Dataflow
package import Postgres

/// From one cut of a job to the next. A call is a transaction, and whatever is killed between two of them, the rows say how it goes on.
extension LeaseStore {
  static let cutStep = """
    ALTER TABLE sharded_job ADD COLUMN version integer NOT NULL DEFAULT 1, ADD COLUMN phase text NOT NULL DEFAULT 'running',
      ADD COLUMN target text, ADD COLUMN asked text, ADD COLUMN filed text, ADD COLUMN savepoint text, ADD COLUMN origin text,
      ADD COLUMN trouble text;
    ALTER TABLE shard_lease ADD COLUMN version integer NOT NULL DEFAULT 1, ADD COLUMN drained boolean NOT NULL DEFAULT false;
    ALTER TABLE worker ADD COLUMN drains boolean NOT NULL DEFAULT false;
    CREATE TABLE sharded_savepoint (
      job text NOT NULL, name text NOT NULL, version integer NOT NULL, shards text[] NOT NULL, at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (job, name));
    COMMENT ON TABLE sharded_savepoint IS 'sloscout: savepoints of jobs that run over workers: the last checkpoint of each shard'
    """

  // MARK: The first cut

  /// Makes the rows of a job that has none yet.
  ///
  /// - Parameter origin: the savepoint that it begins with, `job/name`.
  /// - Returns: false when it has some, and nothing has happened: workers and the server may do this at the same moment.
  package static func begin(_ client: PostgresClient, _ job: String, _ shards: [JobShard], travels: String, origin: String?) throws -> Bool
  {
    guard try file(client, job, shards, travels, origin, orElse: "NOTHING") else { return false }
    if origin == nil { try insert(client, shards, generation: 0) }
    return true
  }

  /// Has a job that workers have planned at most begin with a savepoint.
  ///
  /// - Parameter origin: the savepoint, `job/name`.
  /// - Throws: `LayoutRefused` when a shard of it was ever claimed, when it began with a savepoint, or when it was cut anew.
  package static func begin(_ client: PostgresClient, _ job: String, _ shards: [JobShard], travels: String, from origin: String) throws {
    let planned = """
      UPDATE SET counts = EXCLUDED.counts, layout = EXCLUDED.layout, filed = EXCLUDED.filed, version = EXCLUDED.version, phase = EXCLUDED.phase,
        target = EXCLUDED.target, origin = EXCLUDED.origin WHERE sharded_job.version = 1 AND sharded_job.origin IS NULL
      """
    let isFirst = try file(client, job, shards, travels, origin, orElse: planned)
    // Only who has the job's row sees the leases that a worker made at the same moment: left there, they would keep the first cut from being made.
    let isClaimed = try client.query("SELECT 1 FROM shard_lease WHERE job = $1 AND generation > 0 LIMIT 1", [job]).scalar != nil
    guard isFirst, !isClaimed else { throw LayoutRefused(job: job, .history(origin)) }
    try client.query("DELETE FROM shard_lease WHERE job = $1", [job])
  }

  /// Writes the row of a job. False when it has one to which nothing is to be done.
  private static func file(
    _ client: PostgresClient, _ job: String, _ shards: [JobShard], _ travels: String, _ origin: String?, orElse change: String
  ) throws -> Bool {
    let counts = Self.counts(shards)
    return try client.query(
      """
      INSERT INTO sharded_job (job, counts, layout, filed, version, phase, target, origin) VALUES ($1, $2, $3, $2, $4::int, $5, $6, $7)
      ON CONFLICT (job) DO \(change)
      """,
      origin == nil ? [job, counts, travels, "1", "running", nil, nil] : [job, counts, travels, "0", "draining", counts, origin]
    ).affected > 0
  }

  /// The shards of each stage: `2,24,24`.
  static func counts(_ shards: [JobShard]) -> String {
    Dictionary(grouping: shards, by: \.stage).sorted { $0.key < $1.key }.map { "\($0.value.count)" }.joined(separator: ",")
  }

  // MARK: What is asked for

  /// A file says so many shards. What it said before is no news: somebody may have asked for others since.
  static func filed(_ client: PostgresClient, _ cut: JobCut, _ counts: String) throws {
    guard counts != cut.filed ?? cut.counts else { return }
    try client.query("UPDATE sharded_job SET filed = $2 WHERE job = $1", [cut.job, counts])
    try ask(client, cut, counts)
  }

  /// Has the job cut anew, now or after the cut that is being made.
  private static func ask(_ client: PostgresClient, _ cut: JobCut, _ counts: String) throws {
    if cut.isDraining {
      try client.query("UPDATE sharded_job SET asked = $2 WHERE job = $1", [cut.job, counts])
    } else if counts != cut.counts {
      try drain(client, cut, for: counts)
    }
  }

  static func drain(_ client: PostgresClient, _ cut: JobCut, for counts: String) throws {
    let old = try client.query(
      "SELECT name FROM worker WHERE $1 = ANY(jobs) AND expires_at > now() AND NOT drains ORDER BY 1 LIMIT 1", [cut.job]
    ).scalar
    if let old { throw LayoutRefused(job: cut.job, .oldWorker(old)) }
    try client.query("UPDATE sharded_job SET phase = 'draining', target = $2, trouble = NULL WHERE job = $1", [cut.job, counts])
  }

  /// Has the job cut anew.
  ///
  /// - Parameter change: from the numbers of readers and partitions that it has, or is going to have, to those that it should have.
  /// - Returns: how it is cut now; nil when it is cut so already.
  /// - Throws: `LayoutRefused`, `LeasesUnavailable`.
  package func rescale(_ job: String, _ change: @Sendable (ShardLayout) -> ShardLayout) throws -> JobCut? {
    try perform { client in
      guard let cut = try Self.known(client, job) else { throw LayoutRefused(job: job, .unknown) }
      let stages = cut.counts.split(separator: ",").count
      let current = cut.asked.flatMap { ShardLayout(version: 0, counts: $0) } ?? cut.target ?? cut.layout
      let counts = change(current).counts(stages: stages)
      guard counts != current.counts(stages: stages) else { return nil }
      try Self.ask(client, cut, counts)
      return cut
    }
  }

  /// Has the job drained, a savepoint made of it, and cut as it was.
  ///
  /// - Throws: `LayoutRefused`, `LeasesUnavailable`.
  package func savepoint(_ job: String, _ name: String) throws { try perform { _ = try JobSavepoints.ask($0, job, name) } }

  /// The last checkpoints of which a savepoint was made: `shard=epoch`. Nil when there is none of that name.
  package func savepointShards(_ job: String, _ name: String) throws -> [String]? {
    try perform { client in
      try client.query(
        "SELECT array_to_string(shards, ',') FROM sharded_savepoint WHERE job = $1 AND name = $2", [job, name]
      ).scalar.map { $0.split(separator: ",").map(String.init) }
    }
  }

  // MARK: The next cut

  /// Tries to be the only one who makes the next cut of a job, until the connection is closed. Two would do no harm, only work.
  package func tryToCut(_ job: String) throws -> Bool {
    try perform { try $0.query("SELECT pg_try_advisory_lock(7203018, hashtext($1))", [job]).scalar == "t" }
  }

  /// The shards of the next cut have their first checkpoints: they take the place of those that are drained.
  ///
  /// - Parameters:
  ///   - cut: what the first checkpoints were made for.
  ///   - epochs: the last checkpoints that they were made of.
  /// - Returns: false, and nothing has happened, when the rows say something else by now.
  package func replace(_ cut: JobCut, stages: Int, epochs: [JobShard: UInt64]) throws -> Bool {
    guard let target = cut.target else { return false }
    return try perform { client in
      guard let now = try Self.cut(client, cut.job), now.layout == cut.layout, now.target == target, now.savepoint == cut.savepoint,
        try client.query("SELECT 1 FROM shard_lease WHERE job = $1 AND NOT finished LIMIT 1", [cut.job]).scalar == nil
      else { return false }
      if let name = cut.savepoint {
        try client.query(
          "INSERT INTO sharded_savepoint (job, name, version, shards) VALUES ($1, $2, $3::int, $4::text[])",
          [
            cut.job, name, "\(cut.layout.version)",
            Self.array(epochs.sorted { $0.key < $1.key }.map { "\($0.key.name)=\($0.value)" }),
          ])
      }
      // Generations go on: whoever still runs a shard of the old cut has none of the new one's.
      let last = try client.query(
        "SELECT coalesce(max(generation), 0), coalesce(min(pinned_version), 0) FROM shard_lease WHERE job = $1", [cut.job]
      ).rows[0].map { $0.flatMap { UInt64($0) } ?? 0 }
      try client.query("DELETE FROM shard_lease WHERE job = $1", [cut.job])
      try Self.insert(client, target.shards(of: cut.job, stages: stages), generation: last[0], pinned: last[1])
      if cut.layout.version > 0 { try Self.end(client, cut) }
      try client.query(
        """
        UPDATE sharded_job SET version = $2::int, counts = $3, phase = 'running', target = NULL, asked = NULL, savepoint = NULL, trouble = NULL
        WHERE job = $1
        """, [cut.job, "\(target.version)", target.counts(stages: stages)])
      if let asked = now.asked, let next = try Self.cut(client, cut.job) { try Self.ask(client, next, asked) }
      return true
    }
  }

  /// The savepoint cannot be made: the job goes on without it.
  package func giveUpSavepoint(_ cut: JobCut) throws {
    try perform { client in
      try client.query(
        "UPDATE sharded_job SET savepoint = NULL WHERE job = $1 AND version = $2::int AND savepoint = $3",
        [cut.job, "\(cut.layout.version)", cut.savepoint])
    }
  }

  /// Something keeps the next cut from being made. Nothing when it is there by now.
  package func note(_ trouble: String, _ cut: JobCut) throws {
    try perform { client in
      try client.query(
        "UPDATE sharded_job SET trouble = $3 WHERE job = $1 AND version = $2::int AND phase = 'draining'",
        [cut.job, "\(cut.layout.version)", String(trouble.prefix(4000))])
    }
  }

  /// What a cut that is being made waits for.
  package struct Awaited: Sendable {
    /// Those that live and take shards of the job.
    package var workers = 0
    /// The server has stopped the job.
    package var isIdle = false
    package var leases: [Lease] = []
  }

  /// What the next cut of a job waits for.
  package func awaited(_ job: String) throws -> Awaited {
    let isIdle = try idle().contains(job)
    return try perform { client in
      Awaited(workers: try JobSavepoints.workers(client, job), isIdle: isIdle, leases: try Self.leases(client, [job]))
    }
  }

  // MARK: Rows

  /// How all jobs are cut, for people. Empty when no worker ever ran.
  package func cuts() throws -> [JobCut] {
    try perform { client in
      guard try client.query("SELECT to_regclass('sharded_savepoint')").scalar != nil else { return [] }
      return try client.query("SELECT \(Self.cutColumns) FROM sharded_job ORDER BY job").rows.compactMap(Self.cut)
    }
  }

  static func cuts(_ client: PostgresClient, _ jobs: [String]) throws -> [String: JobCut] {
    let rows = try client.query("SELECT \(cutColumns) FROM sharded_job WHERE job = ANY($1::text[])", [array(jobs)]).rows
    return Dictionary(rows.compactMap { cut($0).map { ($0.job, $0) } }, uniquingKeysWith: { first, _ in first })
  }

  /// The row of a job, locked until the transaction ends; nil when no worker ever ran any job.
  static func known(_ client: PostgresClient, _ job: String) throws -> JobCut? {
    try client.query("SELECT to_regclass('sharded_savepoint')").scalar == nil ? nil : cut(client, job)
  }

  /// The row of a job, locked until the transaction ends.
  static func cut(_ client: PostgresClient, _ job: String) throws -> JobCut? {
    try client.query("SELECT \(cutColumns) FROM sharded_job WHERE job = $1 FOR UPDATE", [job]).rows.first.flatMap(cut)
  }

  /// - Parameter pinned: the definition before which the state of the cut's predecessor was kept. It is the same state.
  static func insert(_ client: PostgresClient, _ shards: [JobShard], generation: UInt64, pinned: UInt64 = 0) throws {
    for shard in shards {
      try client.query(
        """
        INSERT INTO shard_lease (job, stage, shard, shards, version, generation, epoch, pinned_version)
        VALUES ($1, $2::int, $3::int, $4::int, $5::int, $6::bigint, $7::bigint, $8::bigint)
        """,
        [
          shard.job, "\(shard.stage)", "\(shard.index)", "\(shard.count)", "\(shard.version)", "\(generation)",
          shard.version > 1 ? "1" : "0", "\(pinned)",
        ])
    }
  }

  private static let cutColumns = "job, version, counts, layout, target, asked, filed, savepoint, origin, trouble"

  private static func cut(_ row: [String?]) -> JobCut? {
    guard let job = row[0], let version = row[1].flatMap({ Int($0) }), let counts = row[2], let travels = row[3],
      let layout = ShardLayout(version: version, counts: counts)
    else { return nil }
    return JobCut(
      job: job, layout: layout, counts: counts, travels: travels, target: row[4].flatMap { ShardLayout(version: version + 1, counts: $0) },
      asked: row[5], filed: row[6], savepoint: row[7], origin: row[8], trouble: row[9])
  }
}
