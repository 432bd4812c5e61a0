internal import Dataflow
internal import Postgres

/// Makes the target table if there is none, or finds out whether the one that is there fits. Runs in the caller's transaction, under its lock.
struct TableSetup {
  let client: PostgresClient
  let plan: TablePlan

  private struct Existing {
    var type: String
    var isEnum: Bool
    var mustBeGiven: Bool
  }

  /// Answers with the casts that values need on their way into the existing columns. Throws `SinkError` (never) with the column and the cure.
  func run() throws -> [SQLIdentifier: String] {
    try setUpVectors()
    if try kind() == nil {
      try client.execute(createStatement)
      try createVectorIndexes()
    }
    try checkKind()
    let existing = try columns()
    var casts: [SQLIdentifier: String] = [:]
    for column in plan.columns {
      if let cast = try check(column, existing[column.name.name]) { casts[column.name] = cast }
    }
    let written = Set(plan.columns.map(\.name.name))
    if let other = existing.keys.sorted().first(where: { !written.contains($0) && existing[$0]?.mustBeGiven == true }) {
      throw misfit(
        "column \"\(other)\" is NOT NULL without a default, and the sink does not write it",
        "ALTER TABLE \(plan.table.quoted) ALTER COLUMN \"\(other)\" DROP NOT NULL")
    }
    try checkKey()
    return casts
  }

  // MARK: Making it

  private var createStatement: String {
    var parts = plan.columns.map { column in
      // Keys are identifiers: bytes compare faster than a language's alphabet, and an upgrade of the system's locale cannot reorder them.
      let collation = plan.key.contains(column.name) && column.type == .text ? " COLLATE \"C\"" : ""
      return "\(column.name.quoted) \(column.definition)\(collation)"
    }
    if !plan.key.isEmpty {
      // Two unknown environments are the same one. Servers before 15 cannot say so: there a key is never NULL.
      parts.append(client.serverVersion >= 150_000 ? "UNIQUE NULLS NOT DISTINCT (\(plan.key.list))" : "PRIMARY KEY (\(plan.key.list))")
    }
    let tail = plan.partition.map { " PARTITION BY RANGE (\($0.quoted))" } ?? plan.storage
    return "CREATE TABLE \(plan.table.quoted) (\(parts.joined(separator: ", ")))\(tail)"
  }

  /// Columns of pgvector's type need its extension.
  private func setUpVectors() throws {
    guard let column = plan.columns.first(where: { $0.type == .pgvector }) else { return }
    guard try client.query("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").scalar != nil else {
      throw misfit(
        "column \"\(column.name.name)\" is to be a vector, but the server has no pgvector",
        "install pgvector for this server, or leave the type out: real[] is searched without it")
    }
    try client.execute("CREATE EXTENSION IF NOT EXISTS vector")
  }

  private func createVectorIndexes() throws {
    for column in plan.columns where column.type == .pgvector {
      // pgvector's own limit for an index; larger vectors are searched one by one.
      guard case .vector(let dimensions) = column.field.type, dimensions <= 2000 else { continue }
      try client.execute(
        "CREATE INDEX ON \(plan.table.quoted) USING hnsw (\(column.name.quoted) vector_cosine_ops) WITH (m = 16, ef_construction = 200)")
    }
  }

  // MARK: Checking it

  private func kind() throws -> String? {
    try client.query("SELECT relkind FROM pg_class WHERE oid = to_regclass($1)", [plan.table.quoted]).scalar
  }

  private func checkKind() throws {
    let kind = try kind()
    guard kind == "r" || kind == "p" else { throw misfit("it is no table", "give the sink another table") }
    guard let partition = plan.partition else { return }
    let found = try client.query("SELECT pg_get_partkeydef(to_regclass($1))", [plan.table.quoted]).scalar
    guard found == "RANGE (\(partition.name))" || found == "RANGE (\(partition.quoted))" else {
      throw misfit(
        found.map { "it is partitioned by \($0), not by RANGE (\(partition.name))" }
          ?? "it is not partitioned, but the sink has partitionBy",
        "remove partitionBy, or rename the table and let the sink make a new one")
    }
  }

  private func columns() throws -> [String: Existing] {
    let result = try client.query(
      """
      SELECT a.attname, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL), t.typtype = 'e',
        a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
      FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
      WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
      """, [plan.table.quoted])
    var columns: [String: Existing] = [:]
    for row in result.rows {
      columns[row[0] ?? ""] = Existing(type: row[1] ?? "", isEnum: row[2] == "t", mustBeGiven: row[3] == "t")
    }
    return columns
  }

  /// Whether the column takes the sink's values; answers with the cast that they need.
  private func check(_ column: TablePlan.Column, _ existing: Existing?) throws -> String? {
    guard let existing else {
      throw misfit(
        "it has no column \"\(column.name.name)\"",
        "ALTER TABLE \(plan.table.quoted) ADD COLUMN \(column.name.quoted) \(column.definition)")
    }
    if column.wire == .text, existing.isEnum { return "::\(existing.type)" }
    guard column.wire.assignable.contains(existing.type) else {
      let cure =
        existing.type == "bytea" && column.wire == .text
        ? "add types: { \(column.field.name): bytea } to the sink"
        : "ALTER TABLE \(plan.table.quoted) ALTER COLUMN \(column.name.quoted) TYPE \(column.type.rawValue)"
          + " USING \(column.name.quoted)::\(column.type.rawValue); or write the field into another column (columns:)"
      throw misfit("column \"\(column.name.name)\" is \(existing.type), the sink writes \(column.type.rawValue)", cure)
    }
    return column.wire == .text && WireType.castFromText.contains(existing.type) ? "::\(existing.type)" : nil
  }

  /// ON CONFLICT needs a unique index on exactly the key.
  private func checkKey() throws {
    guard !plan.key.isEmpty else { return }
    let result = try client.query(
      """
      SELECT (SELECT string_agg(a.attname, ',' ORDER BY a.attname COLLATE "C")
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
        JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE k.place <= i.indnkeyatts)
      FROM pg_index AS i
      WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
      """, [plan.table.quoted])
    let wanted = plan.key.map(\.name).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: ",")
    guard result.rows.contains(where: { $0[0] == wanted }) else {
      throw misfit(
        "it has no unique index on the key (\(plan.key.map(\.name).joined(separator: ", ")))",
        "CREATE UNIQUE INDEX ON \(plan.table.quoted) (\(plan.key.list))")
    }
  }

  private func misfit(_ what: String, _ cure: String) -> SinkError {
    SinkError("table \"\(plan.table.name)\" does not fit the sink: \(what)", hint: cure, retry: .never)
  }
}
