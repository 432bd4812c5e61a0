internal import Dataflow
internal import Hummingbird

/// The routes that Flink's users know, read only: the same jobs in the shape of Flink's REST answers. A job's id is its name.
struct FlinkRoutes: Sendable {
  let supervisor: JobSupervisor

  private struct Overview: Encodable {
    struct Job: Encodable {
      var jid: String
      var name: String
      var state: String
    }
    var jobs: [Job]
  }

  private struct Details: Encodable {
    struct Vertex: Encodable {
      private enum CodingKeys: String, CodingKey {
        case id, name, parallelism, status, metrics
      }
      struct Metrics: Encodable {
        private enum CodingKeys: String, CodingKey {
          case read = "read-records"
          case write = "write-records"
        }
        var read: Int
        var write: Int
      }
      var id: String
      var name: String
      var parallelism: Int
      var status: String
      var metrics: Metrics
    }
    var jid: String
    var name: String
    var state: String
    var vertices: [Vertex]
  }

  func add(to router: Router<ServerContext>) {
    router.get("/jobs") { _, _ in try JSON.response(try await overview()) }
    router.get("/jobs/overview") { _, _ in try JSON.response(try await overview()) }
    router.get("/jobs/{name}") { _, context in
      let job = try await supervisor.job(context.parameters.get("name") ?? "")
      let (samples, name, state) = (await job.latest(), await job.stored.name, Self.state(await job.phase))
      let nodes = (await job.graph).map { GraphView($0, older: samples.older, newest: samples.newest).nodes } ?? []
      return try JSON.response(
        Details(
          jid: name, name: name, state: state,
          vertices: nodes.map { node in
            Details.Vertex(
              id: node.id, name: "\(node.id) (\(node.type))", parallelism: max(1, node.subtasks), status: state,
              metrics: .init(read: node.received, write: node.emitted))
          }))
    }
  }

  private func overview() async throws -> Overview {
    var jobs: [Overview.Job] = []
    for job in await supervisor.all() {
      let name = await job.stored.name
      jobs.append(Overview.Job(jid: name, name: name, state: Self.state(await job.phase)))
    }
    return Overview(jobs: jobs)
  }

  private static func state(_ phase: JobPhase) -> String {
    switch phase {
    case .suspended: "SUSPENDED"
    case .starting: "INITIALIZING"
    case .running: "RUNNING"
    case .restarting: "RESTARTING"
    case .stopping: "CANCELLING"
    case .finished: "FINISHED"
    case .failed: "FAILED"
    }
  }
}
