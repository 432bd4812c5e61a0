internal import Hummingbird

/// `/api/v1/audit`: who changed what, for admins.
struct AuditRoutes: Sendable {
  let audit: AuditLog

  private struct Entries: Encodable { var entries: [AuditLog.Row] }

  private struct Verdict: Encodable {
    private enum CodingKeys: String, CodingKey {
      case rows, intact
      case firstBroken = "first_broken"
    }
    var rows: Int
    var intact: Bool
    var firstBroken: Int?
  }

  func add(to router: Router<ServerContext>) {
    router.get("/api/v1/audit") { request, context in
      try context.require(.admin)
      let limit = min(1000, max(1, request.uri.queryParameters.get("limit", as: Int.self) ?? 100))
      return try JSON.response(Entries(entries: try await audit.newest(limit)))
    }
    router.get("/api/v1/audit/verify") { _, context in
      try context.require(.admin)
      let (rows, broken) = try await audit.verify()
      return try JSON.response(Verdict(rows: rows, intact: broken == nil, firstBroken: broken))
    }
  }
}
