package import Dataflow
internal import Postgres

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

  private static func drain(_ client: PostgresClient, _ cut: JobCut, for counts: String) throws {
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
  package func savepoint(_ job: String, _ name: String) throws {
    try perform { client in
      guard let cut = try Self.known(client, job) else { throw LayoutRefused(job: job, .unknown) }
      let taken = try client.query("SELECT 1 FROM sharded_savepoint WHERE job = $1 AND name = $2", [job, name]).scalar
      guard taken == nil, cut.savepoint == nil, cut.layout.version > 0 else { throw LayoutRefused(job: job, .savepoint(name)) }
      try client.query("UPDATE sharded_job SET savepoint = $2 WHERE job = $1", [job, name])
      if !cut.isDraining { try Self.drain(client, cut, for: cut.counts) }
    }
  }

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
      let generation = try client.query("SELECT coalesce(max(generation), 0) FROM shard_lease WHERE job = $1", [cut.job]).scalar
      try client.query("DELETE FROM shard_lease WHERE job = $1", [cut.job])
      try Self.insert(client, target.shards(of: cut.job, stages: stages), generation: generation.flatMap { UInt64($0) } ?? 0)
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
  private static func known(_ client: PostgresClient, _ job: String) throws -> JobCut? {
    try client.query("SELECT to_regclass('sharded_savepoint')").scalar == nil ? nil : cut(client, job)
  }

  /// The row of a job, locked until the transaction ends.
  static func cut(_ client: PostgresClient, _ job: String) throws -> JobCut? {
    try client.query("SELECT \(cutColumns) FROM sharded_job WHERE job = $1 FOR UPDATE", [job]).rows.first.flatMap(cut)
  }

  static func insert(_ client: PostgresClient, _ shards: [JobShard], generation: UInt64) throws {
    for shard in shards {
      try client.query(
        """
        INSERT INTO shard_lease (job, stage, shard, shards, version, generation, epoch)
        VALUES ($1, $2::int, $3::int, $4::int, $5::int, $6::bigint, $7::bigint)
        """,
        [
          shard.job, "\(shard.stage)", "\(shard.index)", "\(shard.count)", "\(shard.version)", "\(generation)",
          shard.version > 1 ? "1" : "0",
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
