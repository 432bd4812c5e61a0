package import Dataflow
internal import Postgres

/// A worker's side of the definitions that the control server stores.
extension LeaseStore {
  /// Makes the tables unless they are there.
  package func prepare() throws { try perform { try JobDefinitions.migrate($0) } }

  /// What is wanted of every job.
  package func wanted() throws -> [WantedJob] { try perform { try JobDefinitions.all($0) } }

  /// The document of a version; nil when there is another by now.
  package func document(of job: String, version: UInt64) throws -> String? {
    try perform { client in
      try client.query("SELECT document FROM sharded_definition WHERE job = $1 AND version = $2::bigint", [job, "\(version)"]).scalar
    }
  }

  /// Says that this worker cannot run a version, and why; nil that it can.
  package func refuse(_ job: String, version: UInt64, _ error: String?) throws {
    try perform { client in
      try client.query("DELETE FROM definition_refused WHERE job = $1 AND owner = $2", [job, owner])
      guard let error else { return }
      try client.query(
        "INSERT INTO definition_refused (job, owner, version, error) VALUES ($1, $2, $3::bigint, $4)",
        [job, owner, "\(version)", String(error.prefix(4000))])
    }
  }

  /// Jobs that the server has stopped or deleted.
  package func idle() throws -> Set<String> {
    try perform { client in
      guard try client.query("SELECT to_regclass('sharded_definition')").scalar != nil else { return [] }
      return Set(
        try client.query(
          """
          SELECT DISTINCT l.job FROM shard_lease l LEFT JOIN sharded_definition d USING (job)
          WHERE d.state <> 'running' OR (d.job IS NULL AND l.definition_version > 0)
          """
        ).rows.compactMap { $0[0] })
    }
  }

  /// The version before which a shard's state was last kept.
  package func pinned(_ shard: JobShard) throws -> UInt64 {
    try perform { client in
      try client.query(
        "SELECT pinned_version FROM shard_lease WHERE job = $1 AND stage = $2::int AND shard = $3::int",
        [shard.job, "\(shard.stage)", "\(shard.index)"]
      ).scalar.flatMap { UInt64($0) } ?? 0
    }
  }

  /// A shard's state is kept as it was before a version.
  package func pin(_ shard: JobShard, generation: UInt64, version: UInt64) throws {
    try perform { client in
      try client.query(
        """
        UPDATE shard_lease SET pinned_version = $5::bigint
        WHERE job = $1 AND stage = $2::int AND shard = $3::int AND generation = $4::bigint AND owner = $6
        """, [shard.job, "\(shard.stage)", "\(shard.index)", "\(generation)", "\(version)", owner])
    }
  }

  /// What a worker tells of a shard: records that its sources gave, records that could not be processed, and what its steps do, when somebody looks.
  package typealias Count = (shard: JobShard, generation: UInt64, records: Int, errors: Int, load: String?)

  /// What shards have counted.
  package func report(_ counts: [Count]) throws {
    guard !counts.isEmpty else { return }
    try perform { client in
      try client.query(
        """
        UPDATE shard_lease l SET records = r.records, errors = r.errors
        FROM unnest($2::text[], $3::int[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[]) AS r (job, stage, shard, generation, records, errors)
        WHERE l.job = r.job AND l.stage = r.stage AND l.shard = r.shard AND l.generation = r.generation AND l.owner = $1
        """,
        [
          owner, Self.array(counts.map(\.shard.job)), Self.array(counts.map { "\($0.shard.stage)" }),
          Self.array(counts.map { "\($0.shard.index)" }), Self.array(counts.map { "\($0.generation)" }),
          Self.array(counts.map { "\($0.records)" }), Self.array(counts.map { "\($0.errors)" }),
        ])
      for count in counts {
        guard let load = count.load else { continue }
        try client.query(
          """
          UPDATE shard_lease SET load = $6 WHERE job = $1 AND stage = $2::int AND shard = $3::int AND generation = $4::bigint AND owner = $5
          """,
          [count.shard.job, "\(count.shard.stage)", "\(count.shard.index)", "\(count.generation)", owner, load])
      }
    }
  }

  /// Those of some shards that may begin under the versions that the worker knows. Whoever changes a definition waits until the claim is made.
  static func claimable(_ client: PostgresClient, _ shards: [JobShard], _ versions: [String: UInt64]) throws -> [JobShard] {
    let jobs = Set(shards.map(\.job)).sorted()
    try client.query("SELECT 1 FROM sharded_definition WHERE job = ANY($1::text[]) ORDER BY job FOR SHARE", [array(jobs)])
    let wanted = Dictionary(try JobDefinitions.all(client).map { ($0.job, $0) }, uniquingKeysWith: { first, _ in first })
    var held: [String: Set<UInt64>] = [:]
    let rows = try client.query(
      "SELECT DISTINCT job, definition_version FROM shard_lease WHERE job = ANY($1::text[]) AND owner IS NOT NULL AND expires_at > now()",
      [array(jobs)]
    ).rows
    for row in rows { if let job = row[0], let version = row[1].flatMap({ UInt64($0) }) { held[job, default: []].insert(version) } }
    return shards.filter { WantedRules.mayStart(version: versions[$0.job] ?? 0, wanted: wanted[$0.job], held: held[$0.job] ?? []) }
  }
}
