internal import HMAC
internal import Postgres

/// What is written down about one change.
struct AuditEntry: Sendable {
  var actor: String
  var action: String
  var target: String
  var detail = ""
}

/// Who changed what: rows that are only ever added, each with a hash over itself and the hash before. One row that is changed, taken out or
/// put in breaks the chain from there on.
package struct AuditLog: Sendable {
  private let database: ServerDatabase

  package init(_ database: ServerDatabase) { self.database = database }

  /// One row, for reading.
  package struct Row: Sendable, Codable {
    package var seq: Int
    package var at: String
    package var actor: String
    package var action: String
    package var target: String
    package var detail: String
  }

  func append(_ entry: AuditEntry) async throws {
    try await database.perform { client in try client.transaction { try Self.append(entry, client) } }
  }

  /// In the transaction of the change it tells of.
  static func append(_ entry: AuditEntry, _ client: PostgresClient) throws {
    try client.execute("SELECT pg_advisory_xact_lock(7203002)")
    let last = try client.query("SELECT seq, hash FROM sloscout_audit ORDER BY seq DESC LIMIT 1").rows.first
    let seq = (last?[0].flatMap { Int($0) } ?? 0) + 1
    let at = try client.query("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')").scalar ?? ""
    let row = Row(seq: seq, at: at, actor: entry.actor, action: entry.action, target: entry.target, detail: entry.detail)
    try client.query(
      "INSERT INTO sloscout_audit (seq, at, actor, action, target, detail, hash) VALUES ($1::bigint, $2, $3, $4, $5, $6, $7)",
      [String(seq), at, entry.actor, entry.action, entry.target, entry.detail, hash(row, after: (last?[1]) ?? "")])
  }

  /// Reads the whole chain.
  ///
  /// - Returns: how many rows there are, and the number of the first that does not fit; nil when all fit.
  package func verify() async throws -> (rows: Int, firstBroken: Int?) {
    let rows = try await database.perform { try $0.query("SELECT \(Self.columns), hash FROM sloscout_audit ORDER BY seq").rows }
    var previous = ""
    for (index, values) in rows.enumerated() {
      guard let row = Self.row(values), row.seq == index + 1, let hash = values[6], Self.hash(row, after: previous) == hash else {
        return (rows.count, index + 1)
      }
      previous = hash
    }
    return (rows.count, nil)
  }

  /// The newest rows, the newest first.
  func newest(_ limit: Int) async throws -> [Row] {
    try await database.perform { client in
      try client.query("SELECT \(Self.columns) FROM sloscout_audit ORDER BY seq DESC LIMIT $1::int", [String(limit)]).rows
        .compactMap(Self.row)
    }
  }

  private static let columns = "seq, at, actor, action, target, detail"

  private static func row(_ values: [String?]) -> Row? {
    guard values.count >= 6, let seq = values[0].flatMap({ Int($0) }) else { return nil }
    return Row(
      seq: seq, at: values[1] ?? "", actor: values[2] ?? "", action: values[3] ?? "", target: values[4] ?? "", detail: values[5] ?? "")
  }

  /// Lengths stand before the texts: no two rows give the same bytes.
  private static func hash(_ row: Row, after previous: String) -> String {
    let parts = [String(row.seq), row.at, row.actor, row.action, row.target, row.detail]
    return Digest.hex(parts.map { "\($0.utf8.count):\($0)" }.joined(), key: previous)
  }
}
