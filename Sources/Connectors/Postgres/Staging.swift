internal import Dataflow
internal import Postgres

/// Moves the staged rows of one epoch into the target table, inside a transaction that the caller has open.
///
/// All rows are copied into a temporary table that takes any value; from there one INSERT moves them, and if the server refuses it, ever smaller ones.
struct Staging {
  /// Numbers the rows in the order they were staged: the last of a key wins, and a refused row can be named.
  static let ordinal: SQLIdentifier = {
    // A constant that fits the rule for names: a failure here would be a defect of that rule.
    guard let name = try? SQLIdentifier("sloscout_ordinal") else { preconditionFailure("the ordinal column's name is no identifier") }
    return name
  }()
  private static let table = "pg_temp.sloscout_stage"

  let client: PostgresClient
  let plan: TablePlan
  /// The casts that the existing columns need, by column.
  let casts: [SQLIdentifier: String]

  /// Creates the temporary table and copies the chunks into it. Answers with the number of rows. Throws `PostgresError`, `SinkError` for chunks of another plan.
  func load(_ epoch: StagedEpoch) throws -> Int {
    let columns = plan.columns.map { "\($0.name.quoted) \($0.wire.stagingType)" }.joined(separator: ", ")
    try client.execute(
      "CREATE TEMPORARY TABLE sloscout_stage (\(Self.ordinal.quoted) bigint GENERATED ALWAYS AS IDENTITY, \(columns)) ON COMMIT DROP")
    let signature = plan.signature
    for chunk in epoch.chunks where !chunk.isEmpty && !chunk.starts(with: signature) {
      throw SinkError(
        "the staged rows of epoch \(epoch.epoch) were written for other columns than the sink has now",
        hint: "start once with the job as it was, let it apply what is staged, then change the sink; or give the sink a new id",
        retry: .never)
    }
    let sql = "COPY \(Self.table) (\(plan.columns.map(\.name).list)) FROM STDIN WITH (FORMAT binary)"
    return try client.copy(sql) { send in
      // The signature, then flags and the length of an extension, both 0.
      let header = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
      try header.withUnsafeBytes(send)
      for chunk in epoch.chunks where !chunk.isEmpty {
        try chunk.withUnsafeBytes { try send(UnsafeRawBufferPointer(rebasing: $0[signature.count...])) }
      }
      let end: [UInt8] = [0xFF, 0xFF]  // -1 fields
      try end.withUnsafeBytes(send)
    }
  }

  /// Moves rows 1 … `rows` on. Rows that the server refuses go to `sloscout_refused`. Answers with their number. Throws `PostgresError`.
  func move(rows: Int, ledger: LedgerStore, epoch: UInt64) throws -> Int {
    var bisection = Bisection(rows: rows)
    var refused = 0
    var hasIndex = false
    while let range = bisection.next() {
      do {
        try client.execute("SAVEPOINT sloscout_try; \(insert(range)); RELEASE SAVEPOINT sloscout_try")
      } catch let error as PostgresError where error.fault == .data || error.sqlState == "21000" {
        // 21000: two keys that differ as they were staged are one to the table's own index (a date, a padded or caseless type).
        // Halves will part them.
        try client.execute("ROLLBACK TO SAVEPOINT sloscout_try; RELEASE SAVEPOINT sloscout_try")
        if let row = bisection.refused(range) {
          try ledger.refuse(client, row: row, of: Self.table, plan.columns.map(\.name), target: plan.table, epoch: epoch, error)
          refused += 1
        } else if !hasIndex {
          try client.execute("CREATE INDEX ON \(Self.table) (\(Self.ordinal.quoted)); ANALYZE \(Self.table)")
          hasIndex = true
        }
      }
    }
    return refused
  }

  /// The days (from 1970-01-01) that rows fall on, those with most rows first.
  func days(_ column: SQLIdentifier, limit: Int) throws -> [Int] {
    let day = "\(column.quoted)::date - date '1970-01-01'"  // in UTC, as every transaction of the sink is
    let result = try client.query(
      "SELECT \(day) FROM \(Self.table) WHERE \(column.quoted) IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT \(limit)")
    return result.rows.compactMap { $0[0].flatMap { Int($0) } }
  }

  private func insert(_ range: ClosedRange<Int>) -> String {
    let ordinal = Self.ordinal.quoted
    let values = plan.columns.map { value($0.name) }.joined(separator: ", ")
    let rows = "FROM \(Self.table) WHERE \(ordinal) BETWEEN \(range.lowerBound) AND \(range.upperBound)"
    let head = "INSERT INTO \(plan.table.quoted) (\(plan.columns.map(\.name).list))"
    if plan.key.isEmpty { return "\(head) SELECT \(values) \(rows) ORDER BY \(ordinal)" }

    // Bytes compare faster than a language's alphabet, and order does not matter here.
    let key = plan.columns.filter { plan.key.contains($0.name) }
      .map { $0.name.quoted + ($0.wire == .text ? " COLLATE \"C\"" : "") }.joined(separator: ", ")
    let replaced = plan.columns.map(\.name).filter { !plan.key.contains($0) }.map { "\($0.quoted) = EXCLUDED.\($0.quoted)" }
    let action = replaced.isEmpty ? "NOTHING" : "UPDATE SET " + replaced.joined(separator: ", ")
    let last = "SELECT DISTINCT ON (\(key)) * \(rows) ORDER BY \(key), \(ordinal) DESC"
    return "\(head) SELECT \(values) FROM (\(last)) AS last ON CONFLICT (\(plan.key.list)) DO \(action)"
  }

  /// A staged value as the target takes it.
  private func value(_ column: SQLIdentifier) -> String {
    let cast = casts[column] ?? ""
    // JSON may hold U+0000 as an escape, jsonb cannot: one such message would cost its whole capsule. Text is repaired in the same way.
    return cast == "::jsonb" ? "replace(\(column.quoted), E'\\\\u0000', E'\\\\ufffd')::jsonb" : column.quoted + cast
  }
}
