internal import Postgres

/// Indicators and objectives in Postgres. Every change and its line in the audit log are one transaction.
struct IndicatorStore: Sendable {
  let database: ServerDatabase

  private static let columns = """
    i.id, i.journey, i.kind, i.status, i.decided_by, \(JourneyStore.time("i.decided_at")), i.revision, i.threshold, i.comment,
    o.status, o.decided_by, \(JourneyStore.time("o.decided_at")), o.revision, o.target
    """
  private static let tables = "sloscout_sli i JOIN sloscout_slo o USING (id) JOIN sloscout_journey j ON j.id = i.journey"

  /// Those of journeys that are not part of others, by journey and kind, and how many there are in all.
  ///
  /// - Parameter ofObjective: whether the status is the objective's, not the indicator's.
  func list(journey: String?, service: String?, status: String?, ofObjective: Bool, _ page: Page) async throws -> (
    found: [StoredIndicator], total: Int
  ) {
    let condition = """
      j.merged_into IS NULL AND ($1::text IS NULL OR i.journey = $1) AND ($2::text IS NULL OR j.services @> ARRAY[$2])
      AND ($3::text IS NULL OR \(ofObjective ? "o" : "i").status = $3)
      """
    return try await database.perform { client in
      let total = try client.query("SELECT count(*) FROM \(Self.tables) WHERE \(condition)", [journey, service, status]).scalar
      let rows = try client.query(
        "SELECT \(Self.columns) FROM \(Self.tables) WHERE \(condition) ORDER BY j.requests DESC, i.id LIMIT $4::int OFFSET $5::int",
        [journey, service, status, String(page.limit), String(page.offset)]
      ).rows
      return (rows.compactMap(Self.indicator), total.flatMap { Int($0) } ?? 0)
    }
  }

  /// Throws `NotStored`.
  func find(_ id: String, kind: String) async throws -> StoredIndicator {
    try await database.perform { client in try Self.find(id, client, kind: kind) }
  }

  /// What people may say about an indicator.
  enum Change: Sendable {
    case decide(StoredIndicator.Status, comment: String?)
    /// Nanoseconds; nil goes back to the proposed one. What was decided before was about something else, and is proposed again.
    case threshold(Int64?)
  }

  /// Throws `NotStored`, `RevisionConflict`.
  func change(_ id: String, _ change: Change, expected: Int?, by entry: AuditEntry) async throws -> StoredIndicator {
    try await update(id, "sli", "sloscout_sli", expected, entry) { client, _ in
      switch change {
      case .decide(let status, let comment):
        try client.query(
          "UPDATE sloscout_sli SET status = $2, comment = $3, decided_by = $4, decided_at = now(), revision = revision + 1 WHERE id = $1",
          [id, status.rawValue, comment, entry.actor])
      case .threshold(let threshold):
        try client.query(
          """
          UPDATE sloscout_sli SET threshold = $2::bigint, status = 'proposed', decided_by = NULL, decided_at = NULL, revision = revision + 1
          WHERE id = $1
          """, [id, threshold.map { String($0) }])
        try client.query(
          "UPDATE sloscout_slo SET status = 'proposed', decided_by = NULL, decided_at = NULL, revision = revision + 1 WHERE id = $1", [id])
      }
    }
  }

  /// Another target for the objective, in millionths; nil goes back to the proposed one. Throws `NotStored`, `RevisionConflict`.
  func target(_ id: String, _ target: Int?, expected: Int?, by entry: AuditEntry) async throws -> StoredIndicator {
    try await update(id, "slo", "sloscout_slo", expected, entry) { client, _ in
      try client.query(
        """
        UPDATE sloscout_slo SET target = $2::int, status = 'proposed', decided_by = NULL, decided_at = NULL, revision = revision + 1
        WHERE id = $1
        """, [id, target.map { String($0) }])
    }
  }

  /// Throws `NotStored`, `RevisionConflict`, `Problem` 409 when nobody approved the indicator.
  func approveObjective(_ id: String, expected: Int?, by entry: AuditEntry) async throws -> StoredIndicator {
    try await update(id, "slo", "sloscout_slo", expected, entry) { client, before in
      guard before.indicator.status == .approved else {
        throw Problem(409, "SLI_NOT_APPROVED", "nobody approved what the objective stands on", hint: "POST /api/v1/sli/\(id)/approve first")
      }
      try client.query(
        "UPDATE sloscout_slo SET status = 'approved', decided_by = $2, decided_at = now(), revision = revision + 1 WHERE id = $1",
        [id, entry.actor])
    }
  }

  private func update(
    _ id: String, _ kind: String, _ table: String, _ expected: Int?, _ entry: AuditEntry,
    _ body: @escaping @Sendable (PostgresClient, StoredIndicator) throws -> Void
  ) async throws -> StoredIndicator {
    try await database.perform { client in
      try client.transaction {
        try client.query("SELECT 1 FROM \(table) WHERE id = $1 FOR UPDATE", [id])
        let before = try Self.find(id, client, kind: kind)
        let revision = kind == "slo" ? before.objective.revision : before.indicator.revision
        if let expected, expected != revision { throw RevisionConflict(current: revision) }
        try body(client, before)
        try AuditLog.append(entry, client)
        return try Self.find(id, client, kind: kind)
      }
    }
  }

  private static func find(_ id: String, _ client: PostgresClient, kind: String) throws -> StoredIndicator {
    let row = try client.query("SELECT \(columns) FROM \(tables) WHERE i.id = $1", [id]).rows.first
    guard let found = row.flatMap(indicator) else { throw NotStored(kind: kind) }
    return found
  }

  private static func indicator(_ row: [String?]) -> StoredIndicator? {
    guard row.count == 14, let id = row[0], let journey = row[1], let kind = row[2] else { return nil }
    func decision(_ first: Int) -> StoredIndicator.Decision {
      StoredIndicator.Decision(
        status: row[first].flatMap(StoredIndicator.Status.init) ?? .proposed, by: row[first + 1], at: row[first + 2],
        revision: row[first + 3].flatMap { Int($0) } ?? 0)
    }
    return StoredIndicator(
      id: id, journey: journey, kind: kind, indicator: decision(3), threshold: row[7].flatMap { Int64($0) }, comment: row[8],
      objective: decision(9), target: row[13].flatMap { Int($0) })
  }
}
