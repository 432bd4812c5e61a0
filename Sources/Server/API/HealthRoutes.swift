internal import Connectors
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Jobs
internal import NIOCore
internal import Postgres

/// `/health`: whether the server lives, and whether it can do its work.
struct HealthRoutes: Sendable {
  let database: ServerDatabase
  let supervisor: JobSupervisor
  let meter: RequestMeter

  struct Health: Codable {
    var status: String
    var service = "sloscout"
    var version = ServerVersion.text
  }

  struct Readiness: Codable {
    struct Check: Codable {
      var name: String
      var ok: Bool
      var detail: String
    }
    var ready: Bool
    var checks: [Check]
  }

  var routes: [Route] {
    [
      Route(
        .get, "/health", "getHealth", "Whether the process lives.", role: nil, isQuick: true,
        answers: [.json(200, Health.self, "it does")]
      ) { _, _ in try JSON.response(Health(status: "healthy")) },
      Route(
        .get, "/health/live", "getLiveness", "Whether the process lives.", role: nil, isQuick: true,
        answers: [.json(200, Health.self, "it does")]
      ) { _, _ in try JSON.response(Health(status: "live")) },
      Route(
        .get, "/health/ready", "getReadiness", "Whether the server can do its work.", role: nil,
        answers: [.json(200, Readiness.self, "it can"), .json(503, Readiness.self, "it cannot, and which check says so")]
      ) { _, _ in
        let readiness = await check()
        return try JSON.response(readiness, status: readiness.ready ? 200 : 503)
      },
      Route(
        .get, "/metrics", "getMetrics",
        "The numbers of all running jobs and of the process, and what sinks of type prometheus show, in Prometheus' text format.",
        role: .read, answers: [.text("text/plain", "the numbers")]
      ) { _, _ in
        var response = Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: await metrics())))
        response.headers[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
        return response
      },
    ]
  }

  private func metrics() async -> String {
    var (jobs, shards): ([JobSnapshot], [ShardedState]) = ([], [])
    for job in await supervisor.all() {
      if let snapshot = await job.snapshot() { jobs.append(snapshot) }
      if let state = await job.shards { shards.append(state) }
    }
    return HealthReport(
      jobs, spools: OpenSpools.levels, tenants: OpenTenants.levels, topics: await OpenTopics.shared.reach(),
      now: Int64(Date().timeIntervalSince1970 * 1e9), residentBytes: HealthServer.residentBytes,
      exposition: OpenExpositions.text + meter.text + ShardMetrics.text(shards)
    ).metrics
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

/// The version that the program and its API tell.
package enum ServerVersion {
  /// Major, minor and patch: `0.1.0`.
  package static let text = "0.1.0"
}
