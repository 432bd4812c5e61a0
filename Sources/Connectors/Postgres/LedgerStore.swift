internal import Dataflow
internal import Postgres

/// The ledger row of one sink in PostgreSQL, and the sink's refused rows. Every call belongs inside a transaction.
struct LedgerStore: Sendable {
  let job: String
  let sink: String
  /// One process applies the rows of all its subtasks together: shard 0.
  let shard = 0

  private var key: [String?] { [job, sink, String(shard)] }
  private static let condition = "job = $1 AND sink = $2 AND shard = $3::int"

  /// Reads the row and locks it until the transaction ends. Refuses a server whose COMMIT does not wait for the disk.
  func lock(_ client: PostgresClient) throws -> LedgerRow? {
    let durability = try client.query("SELECT current_setting('synchronous_commit')").scalar ?? ""
    guard ["on", "remote_apply"].contains(durability) else {
      throw SinkError(
        "synchronous_commit is \"\(durability)\": the server may forget a commit that it has acknowledged",
        hint: "ALTER ROLE CURRENT_USER SET synchronous_commit = on; or add options=-csynchronous_commit%3Don to the connection's url",
        retry: .never)
    }
    let result = try client.query(
      "SELECT generation, epoch, encode(output_digest, 'hex') FROM sink_ledger WHERE \(Self.condition) FOR UPDATE", key)
    guard let row = result.rows.first else { return nil }
    guard let generation = row[0].flatMap({ UInt64($0) }), let epoch = row[1].flatMap({ UInt64($0) }) else {
      throw SinkError(
        "the ledger row of sink \"\(sink)\" holds numbers below zero", hint: "restore sink_ledger from a backup", retry: .never)
    }
    return LedgerRow(generation: generation, epoch: epoch, digest: row[2].flatMap { UInt64($0, radix: 16) })
  }

  /// Writes a claim: a new row, or a higher generation.
  func claim(_ client: PostgresClient, _ row: LedgerRow) throws {
    try client.query(
      """
      INSERT INTO sink_ledger (job, sink, shard, generation, epoch) VALUES ($1, $2, $3::int, $4::bigint, $5::bigint)
      ON CONFLICT (job, sink, shard) DO UPDATE SET generation = EXCLUDED.generation
      """, key + [String(row.generation), String(row.epoch)])
  }

  /// Notes that an epoch was applied. The row is locked since `lock`.
  func write(_ client: PostgresClient, _ row: LedgerRow, manifest: String) throws {
    let digest = row.digest.map { digest in
      let digits = String(digest, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }
    let written = try client.query(
      """
      UPDATE sink_ledger SET generation = $4::bigint, epoch = $5::bigint, output_digest = decode($6, 'hex'), manifest = $7, applied_at = now()
      WHERE \(Self.condition)
      """, key + [String(row.generation), String(row.epoch), digest, manifest])
    precondition(written.affected == 1, "the ledger row that this transaction locked is not there")
  }

  /// Keeps a row that the server refused, as JSON, with the server's reason.
  func refuse(
    _ client: PostgresClient, row: Int, of table: String, _ columns: [SQLIdentifier], target: SQLIdentifier, epoch: UInt64,
    _ error: PostgresError
  ) throws {
    try client.query(
      """
      INSERT INTO sloscout_refused (job, sink, epoch, target, "row", sqlstate, error)
      SELECT $1, $2, $3::bigint, $4, row_to_json(r)::text, $5, $6
      FROM (SELECT \(columns.list) FROM \(table) WHERE \(Staging.ordinal.quoted) = $7::bigint) AS r
      """,
      [
        job, sink, String(epoch), target.name, error.sqlState,
        error.detail.isEmpty ? error.message : "\(error.message): \(error.detail)", String(row),
      ])
  }

  /// How many rows of an epoch were refused, for an epoch that turns out to be applied already.
  func refusedCount(_ client: PostgresClient, epoch: UInt64) throws -> Int {
    let count = try client.query(
      "SELECT count(*) FROM sloscout_refused WHERE job = $1 AND sink = $2 AND epoch = $3::bigint", [job, sink, String(epoch)])
    return count.scalar.flatMap { Int($0) } ?? 0
  }

  /// The sink's rows as a condition that can stand in a statement for a person to run. The sink itself always binds these values.
  var match: String {
    func literal(_ text: String) -> String {
      "E'" + text.replacing("\\", with: "\\\\").replacing("'", with: "''") + "'"
    }
    return "job = \(literal(job)) AND sink = \(literal(sink))"
  }

  /// What to do when the job's state is gone but its rows are there: three ways out, with the statements.
  func cureForLostState(_ table: SQLIdentifier) -> String {
    """
    do one of these:
      1. restore the state folder of the earlier run and start again: the job goes on where it was
      2. give the job a new name (metadata.name): it counts anew, and replaces rows that have the same key
      3. start over in this database, which removes all rows of the table, also those of other jobs:
         BEGIN; DELETE FROM sink_ledger WHERE \(match); DELETE FROM sloscout_refused WHERE \(match); TRUNCATE \(table.quoted); COMMIT;
    """
  }
}
