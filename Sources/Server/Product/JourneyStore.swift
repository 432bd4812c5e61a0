internal import Postgres
internal import SLO

/// Journeys in Postgres. Every change and its line in the audit log are one transaction.
struct JourneyStore: Sendable {
  let database: ServerDatabase

  /// Which journeys are wanted; nil takes all.
  struct Filter: Sendable {
    /// One that takes part, wherever.
    var service: String?
    var environment: String?
    var leastConfidence: Double?
    /// Also those that became part of another.
    var withMerged = false
  }

  static func time(_ column: String) -> String { "to_char(\(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')" }

  private static let columns = """
    id, analysis, name, slug, service, environment, array_to_json(services), requests, errors, confidence, document, custom_name, is_pinned,
    merged_into, is_pending, revision, \(time("discovered_at")), \(time("last_seen_at")), error_evidence
    """

  private static let condition = """
    ($1::text IS NULL OR services @> ARRAY[$1]) AND ($2::text IS NULL OR environment = $2) AND ($3::float8 IS NULL OR confidence >= $3::float8)
    AND ($4::boolean OR merged_into IS NULL)
    """

  /// The journeys with the most requests first, and how many there are in all.
  func list(_ filter: Filter, _ page: Page) async throws -> (journeys: [StoredJourney], total: Int) {
    let values = [filter.service, filter.environment, filter.leastConfidence.map { "\($0)" }, filter.withMerged ? "true" : "false"]
    return try await database.perform { client in
      let total = try client.query("SELECT count(*) FROM sloscout_journey WHERE \(Self.condition)", values).scalar
      let rows = try client.query(
        "SELECT \(Self.columns) FROM sloscout_journey WHERE \(Self.condition) ORDER BY requests DESC, id LIMIT $5::int OFFSET $6::int",
        values + [String(page.limit), String(page.offset)]
      ).rows
      return (rows.compactMap(Self.journey), total.flatMap { Int($0) } ?? 0)
    }
  }

  /// Throws `NotStored`.
  func find(_ id: String) async throws -> StoredJourney { try await database.perform { try Self.find(id, $0, "") } }

  /// What people decided, for the next discovery.
  func edits() async throws -> JourneyEdits {
    try await database.perform { client in
      var edits = JourneyEdits()
      let rows = try client.query(
        "SELECT id, custom_name, is_pinned, merged_into FROM sloscout_journey WHERE custom_name IS NOT NULL OR is_pinned OR merged_into IS NOT NULL"
      ).rows
      for row in rows {
        guard let id = row[0] else { continue }
        edits.names[id] = row[1]
        if row[2] == "t" { edits.pins.insert(id) }
        edits.merges[id] = row[3]
      }
      let splits = try client.query(
        "SELECT journey, service, operation, name FROM sloscout_journey_split ORDER BY journey, service, operation")
      edits.splits = splits.rows.compactMap { row in
        guard let journey = row[0], let service = row[1], let operation = row[2] else { return nil }
        return JourneyEdits.Split(journey: journey, service: service, operation: operation.isEmpty ? nil : operation, name: row[3])
      }
      return edits
    }
  }

  /// A name, a pin; nil leaves what is. An empty name goes back to the discovered one. Throws `NotStored`, `RevisionConflict`.
  func change(_ id: String, name: String?, isPinned: Bool?, expected: Int?, by entry: AuditEntry) async throws -> StoredJourney {
    try await update(id, expected, entry) { client in
      try client.query(
        """
        UPDATE sloscout_journey SET custom_name = CASE WHEN $2::text IS NULL THEN custom_name ELSE nullif($2, '') END,
          is_pinned = coalesce($3::boolean, is_pinned), revision = revision + 1 WHERE id = $1
        """, [id, name, isPinned.map { $0 ? "true" : "false" }])
    }
  }

  /// From the next analysis on the journey is part of another; nil takes that back. Throws `NotStored`, `RevisionConflict`, `Problem` for a circle.
  func merge(_ id: String, into target: String?, expected: Int?, by entry: AuditEntry) async throws -> StoredJourney {
    try await update(id, expected, entry) { client in
      if let target {
        var next: String? = try Self.find(target, client, "").id
        for _ in 0..<1000 {
          guard let present = next else { break }
          guard present != id else { throw Problem(409, "MERGE_CIRCLE", "the journeys would be part of each other") }
          next = try client.query("SELECT merged_into FROM sloscout_journey WHERE id = $1", [present]).scalar
        }
      }
      try client.query(
        "UPDATE sloscout_journey SET merged_into = $2, is_pending = true, revision = revision + 1 WHERE id = $1", [id, target])
    }
  }

  /// From the next analysis on the traces that touch a place are a journey of their own. Throws `NotStored`, `RevisionConflict`.
  func split(_ split: JourneyEdits.Split, expected: Int?, by entry: AuditEntry) async throws -> StoredJourney {
    try await update(split.journey, expected, entry) { client in
      try client.query(
        """
        INSERT INTO sloscout_journey_split (journey, service, operation, name) VALUES ($1, $2, $3, $4)
        ON CONFLICT (journey, service, operation) DO UPDATE SET name = EXCLUDED.name
        """, [split.journey, split.service, split.operation ?? "", split.name])
      try client.query("UPDATE sloscout_journey SET is_pending = true, revision = revision + 1 WHERE id = $1", [split.journey])
    }
  }

  /// Takes over what an analysis found, in its transaction: journeys with their indicators and objectives. What people decided stays.
  static func publish(_ journeys: [Journey], analysis: String, _ client: PostgresClient) throws {
    for journey in journeys {
      let services =
        "{\(journey.services.map { "\"\($0.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\"" }.joined(separator: ","))}"
      try client.query(
        """
        INSERT INTO sloscout_journey (id, analysis, name, slug, service, environment, services, requests, errors, confidence, document, error_evidence)
        VALUES ($1, $2, $3, $4, $5, $6, $7::text[], $8::float8, $9::float8, $10::float8, $11, $12)
        ON CONFLICT (id) DO UPDATE SET analysis = EXCLUDED.analysis,
          name = CASE WHEN sloscout_journey.custom_name IS NULL THEN EXCLUDED.name ELSE sloscout_journey.name END, slug = EXCLUDED.slug, services = EXCLUDED.services,
          requests = EXCLUDED.requests, errors = EXCLUDED.errors, confidence = EXCLUDED.confidence, document = EXCLUDED.document, error_evidence = EXCLUDED.error_evidence,
          is_pending = false, last_seen_at = now(), revision = sloscout_journey.revision + 1
        """,
        [
          journey.id, analysis, journey.name, journey.slug, journey.entryService, journey.environment, services, "\(journey.requests)",
          "\(journey.errors)", "\(journey.confidence)", JourneyDocument.write([journey]).json, journey.errorEvidence.rawValue,
        ])
      for indicator in IndicatorMaker().indicators(journey).indicators {
        let id = StoredIndicator.id(journey.id, indicator.kind)
        try client.query(
          "INSERT INTO sloscout_sli (id, journey, kind) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
          [id, journey.id, indicator.kind.rawValue])
        try client.query("INSERT INTO sloscout_slo (id) VALUES ($1) ON CONFLICT (id) DO NOTHING", [id])
      }
    }
    // A merge has been carried out once the journey is not found any more.
    try client.query("UPDATE sloscout_journey SET is_pending = false WHERE merged_into IS NOT NULL AND is_pending")
  }

  private func update(
    _ id: String, _ expected: Int?, _ entry: AuditEntry, _ body: @escaping @Sendable (PostgresClient) throws -> Void
  ) async throws -> StoredJourney {
    try await database.perform { client in
      try client.transaction {
        let before = try Self.find(id, client, "FOR UPDATE")
        if let expected, expected != before.revision { throw RevisionConflict(current: before.revision) }
        try body(client)
        try AuditLog.append(entry, client)
        return try Self.find(id, client, "")
      }
    }
  }

  static func find(_ id: String, _ client: PostgresClient, _ lock: String) throws -> StoredJourney {
    let row = try client.query("SELECT \(columns) FROM sloscout_journey WHERE id = $1 \(lock)", [id]).rows.first
    guard let journey = row.flatMap(journey) else { throw NotStored(kind: "journey") }
    return journey
  }

  private static func journey(_ row: [String?]) -> StoredJourney? {
    guard row.count == 19, let id = row[0], let document = row[10], let revision = row[15].flatMap({ Int($0) }) else { return nil }
    let services = (try? JSONReader.read(Array((row[6] ?? "[]").utf8)))?.elements.compactMap(\.string) ?? []
    return StoredJourney(
      id: id, analysis: row[1] ?? "", discoveredName: row[2] ?? "", slug: row[3] ?? "", service: row[4] ?? "", environment: row[5] ?? "",
      services: services, requests: row[7].flatMap { Double($0) } ?? 0, errors: row[8].flatMap { Double($0) } ?? 0,
      errorEvidence: row[18] ?? "none", confidence: row[9].flatMap { Double($0) } ?? 0, document: document, customName: row[11],
      isPinned: row[12] == "t", mergedInto: row[13], isPending: row[14] == "t", revision: revision, discoveredAt: row[16] ?? "",
      lastSeenAt: row[17] ?? "")
  }
}
