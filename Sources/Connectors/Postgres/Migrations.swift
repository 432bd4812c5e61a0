internal import Dataflow
package import Postgres

/// The sink's own tables, brought to the newest version step by step. A step, once released, never changes: a change is a further step.
package enum Migrations {
  /// The ledger and the refused rows.
  static let core = [
    """
    CREATE TABLE IF NOT EXISTS sink_ledger (
      job text NOT NULL, sink text NOT NULL, shard integer NOT NULL,
      generation bigint NOT NULL CHECK (generation >= 0), epoch bigint NOT NULL CHECK (epoch >= 0),
      input_end jsonb, output_digest bytea, manifest text, applied_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (job, sink, shard));
    COMMENT ON TABLE sink_ledger IS 'sloscout: which epoch of which job stands in this database';
    CREATE TABLE IF NOT EXISTS sloscout_refused (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      job text NOT NULL, sink text NOT NULL, epoch bigint NOT NULL, target text NOT NULL, "row" text NOT NULL,
      sqlstate text NOT NULL, error text NOT NULL, at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX IF NOT EXISTS sloscout_refused_epoch ON sloscout_refused (job, sink, epoch);
    COMMENT ON TABLE sloscout_refused IS 'sloscout: rows that a target table did not take, and why'
    """
  ]

  /// Brings the component to the newest version. Runs in the caller's transaction, under its lock.
  ///
  /// Throws `SinkError` when a newer program has been here, `PostgresError`.
  package static func migrate(_ client: PostgresClient, _ component: String, _ steps: [String]) throws {
    if try client.query("SELECT to_regclass('sloscout_schema_version')").scalar == nil {
      try client.execute(
        "CREATE TABLE sloscout_schema_version (component text PRIMARY KEY, version integer NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
      )
    }
    let found = try client.query("SELECT version FROM sloscout_schema_version WHERE component = $1", [component]).scalar
    let version = found.flatMap { Int($0) } ?? 0
    guard version <= steps.count else {
      throw SinkError(
        "the database has version \(version) of the \(component) tables, this program knows \(steps.count)",
        hint: "use the newer program, or another database", retry: .never)
    }
    guard version < steps.count else { return }
    for step in steps[version...] { try client.execute(step) }
    try client.query(
      """
      INSERT INTO sloscout_schema_version (component, version) VALUES ($1, $2::int)
      ON CONFLICT (component) DO UPDATE SET version = EXCLUDED.version, applied_at = now()
      """, [component, String(steps.count)])
  }
}
