internal import Hummingbird

/// `/api/v1/audit`: who changed what, for admins.
struct AuditRoutes: Sendable {
  let audit: AuditLog

  struct Entries: Codable { var entries: [AuditLog.Row] }

  struct Verdict: Codable {
    private enum CodingKeys: String, CodingKey {
      case rows, intact
      case firstBroken = "first_broken"
    }
    var rows: Int
    var intact: Bool
    var firstBroken: Int?
  }

  var routes: [Route] {
    [
      Route(
        .get, "/api/v1/audit", "listAudit", "Who changed what, the newest first.", role: .admin,
        parameters: [.limit(1...1000, standard: 100)], answers: [.json(200, Entries.self, "the entries")]
      ) { _, context in try JSON.response(Entries(entries: try await audit.newest(context.integer("limit")))) },
      Route(
        .get, "/api/v1/audit/verify", "verifyAudit", "Whether the chain of the audit log is whole.", role: .admin,
        answers: [.json(200, Verdict.self, "how many rows there are, and the first that does not fit")]
      ) { _, _ in
        let (rows, broken) = try await audit.verify()
        return try JSON.response(Verdict(rows: rows, intact: broken == nil, firstBroken: broken))
      },
    ]
  }
}
