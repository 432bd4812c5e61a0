package import Dataflow
internal import Postgres

/// Cuts of jobs that are over: who removes what they have left finds them here.
extension LeaseStore {
  static let formerStep = """
    CREATE TABLE former_cut (
      job text NOT NULL, version integer NOT NULL, counts text NOT NULL, emptied boolean NOT NULL DEFAULT false,
      at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (job, version));
    COMMENT ON TABLE former_cut IS 'sloscout: former cuts of jobs that run over workers, until nothing of them is left'
    """

  /// A sink's row keeps out a worker that slept since the days of a former cut. One that has slept for longer than this is not believed in.
  private static let fences = "7 days"

  /// The cut that runs is over.
  static func end(_ client: PostgresClient, _ cut: JobCut) throws {
    try client.query(
      "INSERT INTO former_cut (job, version, counts) VALUES ($1, $2::int, $3) ON CONFLICT DO NOTHING",
      [cut.job, "\(cut.layout.version)", cut.counts])
  }

  static func former(_ client: PostgresClient, _ jobs: [String]) throws -> [String: [ShardLayout]] {
    var former: [String: [ShardLayout]] = [:]
    let rows = try client.query(
      "SELECT job, version, counts FROM former_cut WHERE job = ANY($1::text[]) AND NOT emptied ORDER BY 1, 2", [array(jobs)]
    ).rows
    for row in rows {
      guard let job = row[0], let version = row[1].flatMap({ Int($0) }), let layout = ShardLayout(version: version, counts: row[2] ?? "")
      else { continue }
      former[job, default: []].append(layout)
    }
    return former
  }

  /// The cuts of a job that may have left something, and the definition before which the state of every shard that runs was kept last: savepoints of
  /// former cuts from before an earlier one are superseded.
  package func former(_ job: String) throws -> (cuts: [ShardLayout], pinned: UInt64) {
    try perform { client in
      let pinned = try client.query("SELECT coalesce(min(pinned_version), 0) FROM shard_lease WHERE job = $1", [job]).scalar
      return (try Self.former(client, [job])[job] ?? [], pinned.flatMap { UInt64($0) } ?? 0)
    }
  }

  /// Nothing of a cut is left but the rows of its sinks.
  package func emptied(_ job: String, version: Int) throws {
    try perform { client in
      try client.query("UPDATE former_cut SET emptied = true WHERE job = $1 AND version = $2::int", [job, "\(version)"])
    }
  }

  /// Removes the rows that the sinks of cuts have kept in this database which nobody can come back from.
  package func removeFences(_ job: String, stages: Int) throws {
    try perform { client in
      let over = try client.query(
        "DELETE FROM former_cut WHERE job = $1 AND emptied AND at < now() - interval '\(Self.fences)' RETURNING version, counts", [job]
      ).rows
      // Its sinks may be in other databases.
      guard try !over.isEmpty && client.query("SELECT to_regclass('sink_ledger')").scalar != nil else { return }
      for row in over {
        guard let version = row[0].flatMap({ Int($0) }), let layout = ShardLayout(version: version, counts: row[1] ?? "") else { continue }
        let shards = layout.shards(of: job, stages: stages).map(\.name)
        try client.query("DELETE FROM sink_ledger WHERE job = ANY($1::text[])", [Self.array(shards)])
      }
    }
  }
}
