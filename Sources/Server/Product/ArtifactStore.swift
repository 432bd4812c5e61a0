internal import Postgres
internal import SLO

/// A file that an analysis wrote, and what became of it. Durable.
package struct StoredArtifact: Sendable {
  /// ```
  /// draft ──approve──▶ approved ──deploy──▶ deployed ──rollback──▶ rolled-back
  ///   └────reject────▶ rejected                ▲────────deploy──────────┘
  /// ```
  package enum State: String, Sendable, Codable, CaseIterable {
    case draft
    case approved
    case rejected
    case deployed
    case rolledBack = "rolled-back"
  }

  var id: Int
  var analysis: String
  var path: String
  /// Whose it is; empty for files that belong to no single service.
  var service: String
  var state: State
  var decidedBy: String?
  /// RFC 3339.
  var decidedAt: String?
  var revision: Int

  /// The kind of a file, by the folder it is in.
  package enum Kind: String, Sendable, Codable, CaseIterable {
    case rules = "prometheus-rules"
    case ruleTests = "prometheus-rule-tests"
    case dashboard = "grafana-dashboard"
    case objectives = "openslo"
    case runbook
    case kubernetes
    case exchange
    case report

    package init(path: String) {
      let folder = path.split(separator: "/").first.map(String.init) ?? ""
      self =
        switch folder {
        case "prometheus": path.hasSuffix("_test.yaml") ? .ruleTests : .rules
        case "grafana": .dashboard
        case "openslo": .objectives
        case "runbooks": .runbook
        case "kubernetes": .kubernetes
        case "sloth", "pyrra": .exchange
        default: .report
        }
    }
  }

  var kind: Kind { Kind(path: path) }

  /// The service that a path speaks of: the folder, the file's own name, or how it begins. Dashboards have the kind before it, and long names cut.
  package static func service(path: String, services: [String]) -> String {
    let parts = path.split(separator: "/").map(String.init)
    var stem = parts.last.map { String($0.prefix { $0 != "." }) } ?? ""
    let isDashboard = parts.first == "grafana"
    if isDashboard { stem = String(stem.drop { $0 != "-" }.dropFirst()) }
    let byLength = services.sorted { ($0.count, $0) > ($1.count, $1) }
    func isBeginning(_ service: String) -> Bool {
      stem.hasPrefix((isDashboard ? String(Names.label(service).prefix(20)) : Names.label(service)) + "-")
    }
    return byLength.first { parts.dropLast().contains(Names.label($0)) || stem == Names.label($0) } ?? byLength.first(where: isBeginning)
      ?? ""
  }
}

/// Files in Postgres. Every change and its line in the audit log are one transaction.
struct ArtifactStore: Sendable {
  let database: ServerDatabase

  struct Filter: Sendable {
    var analysis: String?
    var service: String?
    var state: String?
  }

  private static let columns =
    "id, analysis, path, service, state, decided_by, \(JourneyStore.time("decided_at")), revision"
  /// Of files that several analyses wrote, the newest.
  private static let source = """
    (SELECT DISTINCT ON (a.path, CASE WHEN $1::text IS NULL THEN '' ELSE a.analysis END) a.* FROM sloscout_artifact a
     JOIN sloscout_analysis n ON n.id = a.analysis WHERE $1::text IS NULL OR a.analysis = $1
     ORDER BY a.path, CASE WHEN $1::text IS NULL THEN '' ELSE a.analysis END, n.completed_at DESC, a.id DESC) AS newest
    WHERE ($2::text IS NULL OR service = $2) AND ($3::text IS NULL OR state = $3)
    """

  /// By path, and how many there are in all.
  func list(_ filter: Filter, _ page: Page) async throws -> (artifacts: [StoredArtifact], total: Int) {
    let values = [filter.analysis, filter.service, filter.state]
    return try await database.perform { client in
      let total = try client.query("SELECT count(*) FROM \(Self.source)", values).scalar
      let rows = try client.query(
        "SELECT \(Self.columns) FROM \(Self.source) ORDER BY path, id LIMIT $4::int OFFSET $5::int",
        values + [String(page.limit), String(page.offset)]
      ).rows
      return (rows.compactMap(Self.artifact), total.flatMap { Int($0) } ?? 0)
    }
  }

  /// Throws `NotStored`.
  func find(_ id: Int) async throws -> StoredArtifact { try await database.perform { try Self.find(id, $0, "") } }

  /// What is in a file. Throws `NotStored`.
  func content(_ id: Int) async throws -> String {
    try await database.perform { client in
      guard let content = try client.query("SELECT content FROM sloscout_artifact WHERE id = $1::bigint", [String(id)]).scalar else {
        throw NotStored(kind: "artifact")
      }
      return content
    }
  }

  /// What the file of that path was that was deployed last, other than this one; nil when none was.
  func deployed(before artifact: StoredArtifact) async throws -> String? {
    try await database.perform { client in
      try client.query(
        """
        SELECT content FROM sloscout_artifact WHERE path = $1 AND id <> $2::bigint AND state = 'deployed' ORDER BY decided_at DESC LIMIT 1
        """, [artifact.path, String(artifact.id)]
      ).scalar
    }
  }

  /// Moves a file from one state to another. Throws `NotStored`, `RevisionConflict`, `Problem` 409 where no way leads.
  func move(_ id: Int, from: Set<StoredArtifact.State>, to state: StoredArtifact.State, expected: Int?, by entry: AuditEntry) async throws
    -> StoredArtifact
  {
    try await database.perform { client in
      try client.transaction {
        let before = try Self.find(id, client, "FOR UPDATE")
        if let expected, expected != before.revision { throw RevisionConflict(current: before.revision) }
        guard from.contains(before.state) else {
          throw Problem(
            409, "ARTIFACT_STATE", "the file is \(before.state.rawValue)", "this can be done with files that are \(Self.text(from))")
        }
        try Self.set(state, [id], entry.actor, client)
        try AuditLog.append(entry, client)
        return try Self.find(id, client, "")
      }
    }
  }

  /// What a deployment did, or would do.
  struct Deployment: Sendable {
    var artifacts: [StoredArtifact]
    var services: [String]
    var policy: String
    var violations: [DeploymentPolicy.Violation]
    var isDone: Bool
  }

  /// Deploys files together, if the policy lets them: all of them are judged as one change, or none goes out.
  ///
  /// - Parameter isDryRun: only says what would be.
  /// - Throws: `NotStored`; `Problem` 403 naming what is violated, 409 for files that were rejected, 503 when the policy cannot be judged.
  func deploy(_ ids: [Int], isDryRun: Bool, by actor: String) async throws -> Deployment {
    try await database.perform { client in
      try client.transaction {
        // In the order of their ids, so that two deployments do not wait for each other.
        let files = try Set(ids).sorted().map { try Self.find($0, client, "FOR UPDATE") }
        if let rejected = files.first(where: { $0.state == .rejected }) {
          throw Problem(409, "ARTIFACT_STATE", "\(rejected.path) was rejected")
        }
        let (name, policy) = try PolicyStore.inForce(client)
        let change = DeploymentPolicy.Change(
          services: Set(files.map(\.service).filter { !$0.isEmpty }), files: files.count,
          unapproved: files.filter { $0.state == .draft }.map(\.path))
        let violations = policy.violations(of: change)
        let isBlocked = policy.mode == .block && !violations.isEmpty
        var done = files
        if !isDryRun, !isBlocked {
          try Self.set(.deployed, files.map(\.id), actor, client)
          let detail = violations.map(\.invariant).joined(separator: " ")
          for file in files {
            try AuditLog.append(AuditEntry(actor: actor, action: "artifact.deploy", target: "\(file.id)", detail: detail), client)
          }
          done = try files.map { try Self.find($0.id, client, "") }
        }
        return Deployment(
          artifacts: done, services: change.services.sorted(), policy: name, violations: violations, isDone: !isDryRun && !isBlocked)
      }
    }
  }

  private static func set(_ state: StoredArtifact.State, _ ids: [Int], _ actor: String, _ client: PostgresClient) throws {
    try client.query(
      """
      UPDATE sloscout_artifact SET state = $1, decided_by = $2, decided_at = now(), revision = revision + 1
      WHERE id = ANY ($3::bigint[])
      """, [state.rawValue, actor, "{\(ids.map { String($0) }.joined(separator: ","))}"])
  }

  private static func text(_ states: Set<StoredArtifact.State>) -> String { states.map(\.rawValue).sorted().joined(separator: " or ") }

  private static func find(_ id: Int, _ client: PostgresClient, _ lock: String) throws -> StoredArtifact {
    let row = try client.query("SELECT \(columns) FROM sloscout_artifact WHERE id = $1::bigint \(lock)", [String(id)]).rows.first
    guard let artifact = row.flatMap(artifact) else { throw NotStored(kind: "artifact") }
    return artifact
  }

  private static func artifact(_ row: [String?]) -> StoredArtifact? {
    guard row.count == 8, let id = row[0].flatMap({ Int($0) }), let path = row[2], let state = row[4].flatMap(StoredArtifact.State.init)
    else {
      return nil
    }
    return StoredArtifact(
      id: id, analysis: row[1] ?? "", path: path, service: row[3] ?? "", state: state, decidedBy: row[5], decidedAt: row[6],
      revision: row[7].flatMap { Int($0) } ?? 0)
  }
}
