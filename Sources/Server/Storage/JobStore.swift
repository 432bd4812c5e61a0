internal import Connectors
internal import Postgres

/// A job as it was submitted.
package struct StoredJob: Sendable, Equatable {
  /// What should be the case, whatever the job is doing now.
  package enum State: String, Sendable, Codable, CaseIterable {
    case running
    case suspended
  }

  package var name: String
  /// The YAML documents: the job, and the connections it uses.
  package var document: String
  package var state: State
  /// Goes up with every change; an `If-Match` names it.
  package var revision: Int
  /// Overrides the document's when set.
  package var parallelism: Int?
  /// RFC 3339.
  package var updatedAt: String
  /// Workers run it, not the server.
  package var isSharded = false
  /// The folder or file whose jobs the server follows, when this is one of them.
  package var origin: String?

  package init(
    name: String, document: String, state: State, revision: Int, parallelism: Int? = nil, updatedAt: String, isSharded: Bool = false,
    origin: String? = nil
  ) {
    (self.name, self.document, self.state, self.revision) = (name, document, state, revision)
    (self.parallelism, self.updatedAt, self.isSharded, self.origin) = (parallelism, updatedAt, isSharded, origin)
  }
}

/// One line of a job's history.
package struct JobHistoryEntry: Sendable, Codable {
  /// RFC 3339.
  package var at: String
  package var kind: String
  package var message: String
}

/// Somebody else changed the job meanwhile.
struct RevisionConflict: Error {
  var current: Int?
}

/// The jobs of the server, in Postgres. Every change and its line in the audit log are one transaction.
struct JobStore: Sendable {
  let database: ServerDatabase
  private static let columns =
    """
    name, document, state, revision, parallelism, to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    EXISTS (SELECT 1 FROM sharded_definition d WHERE d.job = name), origin
    """

  func all() async throws -> [StoredJob] {
    try await database.perform { try $0.query("SELECT \(Self.columns) FROM sloscout_job ORDER BY name").rows.compactMap(Self.job) }
  }

  /// Adds or replaces a job.
  ///
  /// - Parameters:
  ///   - expected: the revision that the caller has seen; nil takes any.
  ///   - mustBeNew: the caller believes that there is no such job.
  ///   - orders: what workers are told, in the same transaction.
  /// - Throws: `RevisionConflict`, `StoreUnavailable`.
  func put(
    _ job: StoredJob, expected: Int?, mustBeNew: Bool, by entry: AuditEntry, orders: ShardOrder = .none
  ) async throws -> StoredJob {
    try await database.perform { client in
      try client.transaction {
        let found = try client.query("SELECT revision FROM sloscout_job WHERE name = $1 FOR UPDATE", [job.name]).scalar.flatMap { Int($0) }
        if mustBeNew, found != nil { throw RevisionConflict(current: found) }
        if let expected, expected != found { throw RevisionConflict(current: found) }
        let rows = try client.query(
          """
          INSERT INTO sloscout_job (name, document, state, revision, parallelism, origin) VALUES ($1, $2, $3, 1, $4::int, $5)
          ON CONFLICT (name) DO UPDATE SET document = EXCLUDED.document, state = EXCLUDED.state, parallelism = EXCLUDED.parallelism,
            origin = EXCLUDED.origin, revision = sloscout_job.revision + 1, updated_at = now()
          RETURNING \(Self.columns)
          """, [job.name, job.document, job.state.rawValue, job.parallelism.map { String($0) }, job.origin]
        ).rows
        try orders.write(job.name, job.document, client)
        try AuditLog.append(entry, client)
        guard var stored = rows.first.flatMap(Self.job) else { throw StoreUnavailable(description: "the job was not stored") }
        stored.isSharded = job.isSharded
        return stored
      }
    }
  }

  /// Removes a job. Its state and its ledger stay. Throws `RevisionConflict`, `StoreUnavailable`.
  func delete(_ name: String, expected: Int?, by entry: AuditEntry) async throws {
    try await database.perform { client in
      try client.transaction {
        let found = try client.query("SELECT revision FROM sloscout_job WHERE name = $1 FOR UPDATE", [name]).scalar.flatMap { Int($0) }
        if let expected, expected != found { throw RevisionConflict(current: found) }
        try client.query("DELETE FROM sloscout_job WHERE name = $1", [name])
        try JobDefinitions.remove(client, name)
        try AuditLog.append(entry, client)
      }
    }
  }

  /// Writes down what changes no row here.
  func audit(_ entry: AuditEntry) async throws { try await AuditLog(database).append(entry) }

  /// Adds a line to a job's history; the newest thousand are kept.
  func note(_ name: String, _ kind: String, _ message: String) async throws {
    try await database.perform { client in
      try client.query(
        "INSERT INTO sloscout_job_event (job, kind, message) VALUES ($1, $2, $3)", [name, kind, String(message.prefix(4000))])
      try client.query(
        """
        DELETE FROM sloscout_job_event WHERE job = $1 AND id < (
          SELECT id FROM sloscout_job_event WHERE job = $1 ORDER BY id DESC OFFSET 1000 LIMIT 1)
        """, [name])
    }
  }

  /// The newest lines of a job's history, the newest first.
  func history(_ name: String, limit: Int) async throws -> [JobHistoryEntry] {
    try await database.perform { client in
      try client.query(
        """
        SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), kind, message FROM sloscout_job_event
        WHERE job = $1 ORDER BY id DESC LIMIT $2::int
        """, [name, String(limit)]
      ).rows.map { JobHistoryEntry(at: $0[0] ?? "", kind: $0[1] ?? "", message: $0[2] ?? "") }
    }
  }

  private static func job(_ row: [String?]) -> StoredJob? {
    guard row.count == 8, let name = row[0], let document = row[1], let state = row[2].flatMap(StoredJob.State.init),
      let revision = row[3].flatMap({ Int($0) })
    else { return nil }
    return StoredJob(
      name: name, document: document, state: state, revision: revision, parallelism: row[4].flatMap { Int($0) }, updatedAt: row[5] ?? "",
      isSharded: row[6] == "t", origin: row[7])
  }
}
