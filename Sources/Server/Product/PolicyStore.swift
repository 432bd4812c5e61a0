internal import Postgres
internal import SLO

/// The policy of deployments, in Postgres: the one called `default`.
struct PolicyStore: Sendable {
  let database: ServerDatabase

  static let name = "default"

  /// The document as it was written, and its revision. Throws `NotStored`.
  func read() async throws -> (document: String, revision: Int) {
    try await database.perform { client in
      let row = try client.query("SELECT document, revision FROM sloscout_policy WHERE name = $1", [Self.name]).rows.first
      guard let row, let document = row[0], let revision = row[1].flatMap({ Int($0) }) else { throw NotStored(kind: "policy") }
      return (document, revision)
    }
  }

  /// Replaces it. Throws `RevisionConflict`, `Problem` 422 for what is no policy.
  func write(_ document: String, expected: Int?, by actor: String) async throws -> (document: String, revision: Int) {
    do { _ = try DeploymentPolicy(try JSONReader.read(Array(document.utf8))) } catch {
      throw Problem(422, "POLICY_INVALID", "the body is no policy", "\(error)")
    }
    try await database.perform { client in
      try client.transaction {
        let found = try client.query("SELECT revision FROM sloscout_policy WHERE name = $1 FOR UPDATE", [Self.name]).scalar.flatMap {
          Int($0)
        }
        if let expected, expected != found { throw RevisionConflict(current: found) }
        try client.query(
          """
          INSERT INTO sloscout_policy (name, document) VALUES ($1, $2)
          ON CONFLICT (name) DO UPDATE SET document = EXCLUDED.document, revision = sloscout_policy.revision + 1
          """, [Self.name, document])
        try AuditLog.append(AuditEntry(actor: actor, action: "policy.replace", target: Self.name), client)
      }
    }
    return try await read()
  }

  /// The policy that a deployment is judged by. Fails closed: without a readable policy nothing is deployed. Throws `Problem` 503.
  static func inForce(_ client: PostgresClient) throws -> (name: String, policy: DeploymentPolicy) {
    let document = try client.query("SELECT document FROM sloscout_policy WHERE name = $1", [name]).scalar
    do {
      if let document { return (name, try DeploymentPolicy(try JSONReader.read(Array(document.utf8)))) }
    } catch { throw unreadable("\(error)") }
    throw unreadable("there is none")
  }

  static func unreadable(_ detail: String) -> Problem {
    Problem(
      503, "POLICY_UNREADABLE", "the policy cannot be judged, so nothing is deployed", detail, hint: "PUT /api/v1/policy with a whole one")
  }
}
