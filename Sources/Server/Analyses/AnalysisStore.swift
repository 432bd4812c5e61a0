internal import Foundation
internal import Postgres
internal import SLO

/// Analyses in Postgres.
struct AnalysisStore: Sendable {
  let database: ServerDatabase

  private static func time(_ column: String) -> String { "to_char(\(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')" }
  private static let columns = """
    id, request, status, stage, \(time("created_at")), \(time("started_at")), \(time("completed_at")), journeys, slis, slos, artifacts,
    error_code, error_message, stages
    """

  /// Adds an analysis, unless one was asked for under that key already.
  ///
  /// - Returns: the analysis, and whether it is new.
  func add(_ request: AnalysisRequest, key: String?, by entry: AuditEntry) async throws -> (StoredAnalysis, isNew: Bool) {
    let text = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
    return try await database.perform { client in
      try client.transaction {
        // Two requests with one key: the second waits here, and then finds the first's.
        if let key {
          try client.query("SELECT pg_advisory_xact_lock(7203003, hashtext($1))", [key])
          let found = try client.query("SELECT \(Self.columns) FROM sloscout_analysis WHERE idempotency_key = $1", [key]).rows.first
          if let old = found.flatMap(Self.analysis) { return (old, false) }
        }
        let rows = try client.query(
          """
          INSERT INTO sloscout_analysis (id, request, status, idempotency_key) VALUES (gen_random_uuid()::text, $1::jsonb, 'pending', $2)
          RETURNING \(Self.columns)
          """, [text, key]
        ).rows
        try AuditLog.append(entry, client)
        guard let stored = rows.first.flatMap(Self.analysis) else { throw StoreUnavailable(description: "the analysis was not stored") }
        return (stored, true)
      }
    }
  }

  func find(_ id: String) async throws -> StoredAnalysis? {
    try await database.perform { client in
      try client.query("SELECT \(Self.columns), result->'findings' FROM sloscout_analysis WHERE id = $1", [id]).rows.first.flatMap { row in
        var found = Self.analysis(Array(row.dropLast()))
        found?.warnings = row.last?.flatMap { try? JSONDecoder().decode([StoredAnalysis.Warning].self, from: Data($0.utf8)) }
        return found
      }
    }
  }

  /// The newest, the newest first.
  func newest(limit: Int) async throws -> [StoredAnalysis] {
    try await database.perform { client in
      try client.query("SELECT \(Self.columns) FROM sloscout_analysis ORDER BY created_at DESC, id LIMIT $1::int", [String(limit)]).rows
        .compactMap(Self.analysis)
    }
  }

  /// Those that a server which is no more had begun, or had not come to.
  func unfinished() async throws -> [StoredAnalysis] {
    try await database.perform { client in
      try client.query("SELECT \(Self.columns) FROM sloscout_analysis WHERE status IN ('pending', 'running') ORDER BY created_at").rows
        .compactMap(Self.analysis)
    }
  }

  func begin(_ id: String) async throws {
    try await update("status = 'running', started_at = now(), stage = $2, stages = \(Self.beginning)", id, [AnalysisStage.collect.rawValue])
  }

  func note(_ id: String, _ stage: AnalysisStage) async throws {
    try await update("stage = $2, stages = stages || \(Self.beginning)", id, [stage.rawValue])
  }

  /// A stage that begins now.
  private static let beginning = "jsonb_build_array(jsonb_build_object('name', $2::text, 'startedAt', \(time("now()"))))"

  /// The analysis is over. Only one that is not over yet can end: a cancelled one stays cancelled.
  func fail(_ id: String, _ status: StoredAnalysis.Status, _ code: String, _ message: String) async throws {
    try await update("status = $2, completed_at = now(), error_code = $3, error_message = $4", id, [status.rawValue, code, message])
  }

  /// Ends an analysis that somebody no longer wants. False when it was over.
  func cancel(_ id: String, by entry: AuditEntry) async throws -> Bool {
    try await database.perform { client in
      try client.transaction {
        let done = try client.query(
          """
          UPDATE sloscout_analysis SET status = 'cancelled', completed_at = now(), error_code = 'CANCELLED', error_message = 'cancelled on request'
          WHERE id = $1 AND status IN ('pending', 'running')
          """, [id])
        guard done.affected == 1 else { return false }
        try AuditLog.append(entry, client)
        return true
      }
    }
  }

  /// Keeps a result and its files, in one step.
  func complete(_ id: String, _ outcome: AnalysisOutcome) async throws {
    try await database.perform { client in
      try client.transaction {
        let done = try client.query(
          """
          UPDATE sloscout_analysis SET status = 'completed', stage = NULL, completed_at = now(), result = $2::jsonb, journeys = $3::int,
            slis = $4::int, slos = $5::int, artifacts = $6::int
          WHERE id = $1 AND status = 'running'
          """,
          [
            id, outcome.json, String(outcome.journeys.count), String(outcome.slis), String(outcome.slos), String(outcome.files.count),
          ])
        guard done.affected == 1 else { return }
        let services = Set(outcome.journeys.flatMap(\.services)).sorted()
        for file in outcome.files {
          try client.query(
            "INSERT INTO sloscout_artifact (analysis, path, content, service) VALUES ($1, $2, $3, $4)",
            [id, file.path, file.content, StoredArtifact.service(path: file.path, services: services)])
        }
        try JourneyStore.publish(outcome.journeys, analysis: id, client)
      }
    }
  }

  /// The result as JSON; nil before there is one.
  func result(_ id: String) async throws -> String? {
    try await database.perform { try $0.query("SELECT result FROM sloscout_analysis WHERE id = $1", [id]).scalar }
  }

  /// Paths of the files of an analysis.
  func files(_ id: String) async throws -> [String] {
    try await database.perform { client in
      try client.query("SELECT path FROM sloscout_artifact WHERE analysis = $1 ORDER BY path", [id]).rows.compactMap { $0[0] }
    }
  }

  func file(_ id: String, _ path: String) async throws -> String? {
    try await database.perform {
      try $0.query("SELECT content FROM sloscout_artifact WHERE analysis = $1 AND path = $2", [id, path]).scalar
    }
  }

  private func update(_ change: String, _ id: String, _ values: [String]) async throws {
    _ = try await database.perform { client in
      try client.query(
        "UPDATE sloscout_analysis SET \(change) WHERE id = $1 AND status IN ('pending', 'running')", [id] + values.map { Optional($0) })
    }
  }

  private static func analysis(_ row: [String?]) -> StoredAnalysis? {
    guard row.count == 14, let id = row[0], let text = row[1], let status = row[2].flatMap(StoredAnalysis.Status.init),
      let request = try? JSONDecoder().decode(AnalysisRequest.self, from: Data(text.utf8))
    else { return nil }
    let number = { (index: Int) in row[index].flatMap { Int($0) } }
    let stages = row[13].flatMap { try? JSONDecoder().decode([StoredAnalysis.Stage].self, from: Data($0.utf8)) }
    return StoredAnalysis(
      id: id, request: request, status: status, stage: row[3], stages: stages ?? [], createdAt: row[4] ?? "", startedAt: row[5],
      completedAt: row[6],
      journeys: number(7), slis: number(8), slos: number(9), artifacts: number(10), errorCode: row[11], errorMessage: row[12])
  }
}
