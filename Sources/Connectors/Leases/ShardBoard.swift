package import Dataflow
package import Postgres

/// Everything that the database says of jobs over workers, at one moment.
package struct ShardBoard: Sendable {
  /// One shard, as its lease shows it.
  package struct Row: Sendable, Equatable {
    package var shard: JobShard
    /// The worker's name; nil when nobody has it.
    package var worker: String?
    package var generation: UInt64 = 0
    /// Whether the worker's lease is over.
    package var isExpired = false
    /// Its input is at its end. A shard that is drained is not: the next cut of the job goes on from it.
    package var isFinished = false
    package var isDrained = false
    /// Of the definition that it runs, or last ran.
    package var version: UInt64 = 0
    /// The newest checkpoint, and seconds since it was seen; 0 and nil when there is none.
    package var epoch: UInt64 = 0
    package var age: Double?
    /// Records that its sources gave, and records that could not be processed.
    package var records = 0
    package var errors = 0
    /// Why it failed, when it has not run since.
    package var error: String?
    /// What its steps do, as its worker writes it; nil unless somebody looks.
    package var load: String?

    package init(shard: JobShard) { self.shard = shard }

    /// A worker that lives has it.
    package var isHeld: Bool { worker != nil && !isExpired }
  }

  /// A worker that lives, with the jobs of which it takes shards.
  package struct Worker: Sendable, Equatable {
    package var name: String
    package var jobs: Set<String>

    package init(name: String, jobs: Set<String>) { (self.name, self.jobs) = (name, jobs) }
  }

  /// A worker that lives and cannot run a job's definition.
  package struct Refusal: Sendable, Equatable {
    package var worker: String
    package var error: String

    package init(worker: String, error: String) { (self.worker, self.error) = (worker, error) }
  }

  package var wanted: [String: WantedJob] = [:]
  package var shards: [String: [Row]] = [:]
  package var workers: [Worker] = []
  package var refused: [String: [Refusal]] = [:]

  package init() {}

  /// Looks. Throws `PostgresError`.
  package init(_ client: PostgresClient) throws {
    wanted = Dictionary(try JobDefinitions.all(client).map { ($0.job, $0) }, uniquingKeysWith: { first, _ in first })
    // What people call a worker stands before the number of its process.
    let rows = try client.query(
      """
      SELECT job, stage, shard, shards, regexp_replace(owner, '#[^#]*$', ''), generation, expires_at <= now(), finished AND NOT drained, definition_version, epoch,
        extract(epoch FROM now() - checkpoint_at), records, errors, error,
        version, drained,
        CASE WHEN EXISTS (SELECT 1 FROM sharded_definition d WHERE d.job = shard_lease.job AND d.watched_until > now()) THEN load END
      FROM shard_lease WHERE job IN (SELECT job FROM sharded_definition) ORDER BY 1, 2, 3
      """
    ).rows
    for row in rows {
      guard let job = row[0], let stage = row[1].flatMap({ Int($0) }), let index = row[2].flatMap({ Int($0) }),
        let count = row[3].flatMap({ Int($0) }), let version = row[14].flatMap({ Int($0) })
      else { continue }
      var shard = Row(shard: JobShard(job: job, stage: stage, index: index, count: count, version: version))
      (shard.worker, shard.generation) = (row[4], row[5].flatMap { UInt64($0) } ?? 0)
      (shard.isExpired, shard.isFinished, shard.isDrained) = (row[6] == "t", row[7] == "t", row[15] == "t")
      shard.load = row[16]
      (shard.version, shard.epoch, shard.age) = (
        row[8].flatMap { UInt64($0) } ?? 0, row[9].flatMap { UInt64($0) } ?? 0, row[10].flatMap { Double($0) }
      )
      (shard.records, shard.errors, shard.error) = (row[11].flatMap { Int($0) } ?? 0, row[12].flatMap { Int($0) } ?? 0, row[13])
      shards[job, default: []].append(shard)
    }
    workers = try client.query("SELECT name, array_to_string(jobs, ',') FROM worker WHERE expires_at > now() ORDER BY 1").rows.map {
      Worker(name: $0[0] ?? "", jobs: Set(($0[1] ?? "").split(separator: ",").map(String.init)))
    }
    let refusals = try client.query(
      "SELECT r.job, w.name, r.error FROM definition_refused r JOIN worker w USING (owner) WHERE w.expires_at > now() ORDER BY 1, 2"
    ).rows
    for row in refusals { refused[row[0] ?? "", default: []].append(Refusal(worker: row[1] ?? "", error: row[2] ?? "")) }
  }
}
