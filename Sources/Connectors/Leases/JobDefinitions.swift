package import Dataflow
package import Postgres

/// The table in which the control server tells workers what to run. All calls are parts of the caller's transaction.
package enum JobDefinitions {
  /// Brings the tables of leases and definitions to the newest version.
  package static func migrate(_ client: PostgresClient) throws {
    // Workers and the server start together: one of them makes the tables.
    try client.execute("SELECT pg_advisory_xact_lock(7203017)")
    try Migrations.migrate(client, "workers", LeaseStore.steps)
    try Migrations.migrate(client, "definitions", steps)
  }

  /// Stores a document under a new version. Shards that failed or finished may begin again.
  package static func put(_ client: PostgresClient, _ job: String, _ document: String, _ state: WantedJob.State, losesState: Bool) throws {
    try client.query(
      """
      INSERT INTO sharded_definition (job, document, version, definition, state, loses_state)
      SELECT $1, $2, v, v, $3, $4::bool FROM nextval('sharded_definition_version') AS v
      ON CONFLICT (job) DO UPDATE SET document = EXCLUDED.document, version = EXCLUDED.version, state = EXCLUDED.state,
        loses_state = EXCLUDED.loses_state, at = now(),
        definition = CASE WHEN sharded_definition.document = EXCLUDED.document AND NOT EXCLUDED.loses_state
          THEN sharded_definition.definition ELSE EXCLUDED.version END
      """, [job, document, state.rawValue, "\(losesState)"])
    try client.query(
      """
      UPDATE shard_lease SET finished = false, drained = false, error = NULL, failures = 0, rests_until = NULL WHERE job = $1 AND owner IS NULL
      """, [job])
  }

  /// Changes what the shards should be doing. Those that rest after a failure may begin at once.
  package static func set(_ client: PostgresClient, _ job: String, _ state: WantedJob.State) throws {
    try client.query("UPDATE sharded_definition SET state = $2, at = now() WHERE job = $1", [job, state.rawValue])
    try client.query("UPDATE shard_lease SET rests_until = NULL WHERE job = $1", [job])
  }

  /// Forgets the document: shards stop with a checkpoint. Leases and state stay.
  package static func remove(_ client: PostgresClient, _ job: String) throws {
    try client.query("DELETE FROM sharded_definition WHERE job = $1", [job])
  }

  /// Asks for a checkpoint of every shard that runs.
  package static func checkpoint(_ client: PostgresClient, _ job: String) throws {
    try client.query("UPDATE sharded_definition SET checkpoints = checkpoints + 1 WHERE job = $1", [job])
  }

  /// Somebody looks at the steps of a job: for the next seconds workers tell what they do. What they told an earlier time is forgotten.
  package static func watch(_ client: PostgresClient, _ job: String) throws {
    let began = try client.query(
      """
      UPDATE sharded_definition SET watched_until = now() + interval '15 seconds' WHERE job = $1 AND coalesce(watched_until <= now(), true)
      """, [job]
    ).affected
    if began > 0 { try client.query("UPDATE shard_lease SET load = NULL WHERE job = $1 AND load IS NOT NULL", [job]) }
    // Not with every look.
    try client.query(
      """
      UPDATE sharded_definition SET watched_until = now() + interval '15 seconds' WHERE job = $1 AND watched_until < now() + interval '8 seconds'
      """, [job])
  }

  /// What is wanted of every job.
  package static func all(_ client: PostgresClient) throws -> [WantedJob] {
    try client.query(
      """
      SELECT d.job, d.version, d.definition, d.state, d.loses_state, d.checkpoints, (
        SELECT string_agg(DISTINCT l.definition_version::text, ',') FROM shard_lease l
        WHERE l.job = d.job AND l.owner IS NOT NULL AND l.expires_at > now()), coalesce(d.watched_until > now(), false), (
        SELECT string_agg(concat_ws(' ', t.id, t.rate, t.edge), E'\\n' ORDER BY t.id) FROM sharded_tap t WHERE t.job = d.job AND t.until > now())
      FROM sharded_definition d ORDER BY d.job
      """
    ).rows.compactMap { row in
      guard let job = row[0], let version = row[1].flatMap({ UInt64($0) }), let definition = row[2].flatMap({ UInt64($0) }),
        let state = row[3].flatMap(WantedJob.State.init)
      else { return nil }
      return WantedJob(
        job: job, version: version, definition: definition, state: state, losesState: row[4] == "t",
        checkpoints: row[5].flatMap { UInt64($0) } ?? 0, held: Set((row[6] ?? "").split(separator: ",").compactMap { UInt64($0) }),
        isWatched: row[7] == "t", taps: WantedTap.list(row[8]))
    }
  }

  /// Why a job cannot go on so: what travels between its stages was something else when it began. Nil when it can.
  package static func refusal(_ client: PostgresClient, _ job: String, travels: String) throws -> LayoutRefused? {
    let before = try client.query("SELECT layout FROM sharded_job WHERE job = $1", [job]).scalar
    return before == nil || before == travels ? nil : LayoutRefused(job: job, .layout)
  }

  /// The cut of a job that runs, or is drained; nil when no worker ever ran it.
  package static func layout(_ client: PostgresClient, _ job: String) throws -> ShardLayout? {
    guard let row = try client.query("SELECT version, counts FROM sharded_job WHERE job = $1", [job]).rows.first,
      let version = row[0].flatMap({ Int($0) }), let counts = row[1]
    else { return nil }
    return ShardLayout(version: version, counts: counts)
  }

  /// The newest checkpoint of any shard of a job; 0 when there is none.
  package static func newestEpoch(_ client: PostgresClient, _ job: String) throws -> UInt64 {
    try client.query("SELECT coalesce(max(epoch), 0) FROM shard_lease WHERE job = $1", [job]).scalar.flatMap { UInt64($0) } ?? 0
  }

  static let steps = [
    """
    CREATE SEQUENCE sharded_definition_version;
    CREATE TABLE sharded_definition (
      job text PRIMARY KEY, document text NOT NULL, version bigint NOT NULL, definition bigint NOT NULL,
      state text NOT NULL CHECK (state IN ('running', 'stopped', 'cancelled')), loses_state boolean NOT NULL DEFAULT false,
      checkpoints bigint NOT NULL DEFAULT 0, at timestamptz NOT NULL DEFAULT now());
    COMMENT ON TABLE sharded_definition IS 'sloscout: what the control server wants workers to run';
    CREATE TABLE definition_refused (
      job text NOT NULL, owner text NOT NULL, version bigint NOT NULL, error text NOT NULL, at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (job, owner));
    COMMENT ON TABLE definition_refused IS 'sloscout: workers that cannot run a definition, and why';
    ALTER TABLE shard_lease ADD COLUMN definition_version bigint NOT NULL DEFAULT 0, ADD COLUMN pinned_version bigint NOT NULL DEFAULT 0,
      ADD COLUMN checkpoint_at timestamptz, ADD COLUMN records bigint NOT NULL DEFAULT 0, ADD COLUMN errors bigint NOT NULL DEFAULT 0
    """,
    """
    ALTER TABLE sharded_definition ADD COLUMN watched_until timestamptz;
    ALTER TABLE shard_lease ADD COLUMN load text
    """,
    JobTaps.step,
  ]
}
