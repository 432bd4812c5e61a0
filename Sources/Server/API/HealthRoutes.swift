internal import Hummingbird
internal import Postgres

/// `/health`: whether the server lives, and whether it can do its work.
struct HealthRoutes: Sendable {
  let database: ServerDatabase
  let supervisor: JobSupervisor

  private struct Health: Encodable {
    var status: String
    var service = "sloscout"
    var version = ServerVersion.text
  }

  private struct Readiness: Encodable {
    struct Check: Encodable {
      var name: String
      var ok: Bool
      var detail: String
    }
    var ready: Bool
    var checks: [Check]
  }

  func add(to router: Router<ServerContext>) {
    router.get("/health") { _, _ in try JSON.response(Health(status: "healthy")) }
    router.get("/health/live") { _, _ in try JSON.response(Health(status: "live")) }
    router.get("/health/ready") { _, _ in
      let readiness = await check()
      return try JSON.response(readiness, status: readiness.ready ? 200 : 503)
    }
  }

  private func check() async -> Readiness {
    var checks: [Readiness.Check] = []
    do {
      _ = try await database.perform { try $0.query("SELECT 1").scalar }
      checks.append(Readiness.Check(name: "database", ok: true, detail: "answers"))
    } catch { checks.append(Readiness.Check(name: "database", ok: false, detail: "\(error)")) }
    var failed: [String] = []
    for job in await supervisor.all() where await job.phase == .failed { failed.append(await job.stored.name) }
    // A failed job is the job's trouble: the server can still take requests, so it is told but does not make it unready.
    checks.append(
      Readiness.Check(name: "jobs", ok: true, detail: failed.isEmpty ? "none has failed" : "failed: \(failed.joined(separator: ", "))"))
    return Readiness(ready: checks.allSatisfy(\.ok), checks: checks)
  }
}

/// The version that the API tells.
enum ServerVersion {
  static let text = "0.1.0"
}
