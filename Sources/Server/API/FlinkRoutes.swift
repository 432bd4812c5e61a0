internal import Dataflow
internal import Hummingbird

/// The routes that Flink's users know, read only: the same jobs in the shape of Flink's REST answers. A job's id is its name.
struct FlinkRoutes: Sendable {
  let supervisor: JobSupervisor

  struct Overview: Codable {
    struct Job: Codable {
      var jid: String
      var name: String
      var state: String
    }
    var jobs: [Job]
  }

  struct Details: Codable {
    struct Vertex: Codable {
      private enum CodingKeys: String, CodingKey {
        case id, name, parallelism, status, metrics
      }
      struct Metrics: Codable {
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

  var routes: [Route] {
    [
      Route(.get, "/jobs", "flinkJobs", "All jobs, as Flink lists them.", role: .read, answers: [.json(200, Overview.self, "the jobs")]) {
        _, _ in try JSON.response(try await overview())
      },
      Route(
        .get, "/jobs/overview", "flinkOverview", "All jobs, as Flink lists them.", role: .read,
        answers: [.json(200, Overview.self, "the jobs")]
      ) { _, _ in try JSON.response(try await overview()) },
      Route(
        .get, "/jobs/{name}", "flinkJob", "A job, as Flink shows it.", role: .read,
        answers: [.json(200, Details.self, "the job"), .problem(404, "JOB_NOT_FOUND")]
      ) { _, context in try JSON.response(try await details(context.jobName())) },
    ]
  }

  private func details(_ id: String) async throws -> Details {
    let job = try await supervisor.job(id)
    let (samples, name, state) = (await job.latest(), await job.stored.name, Self.state(await job.phase))
    let nodes = (await job.graph).map { GraphView($0, older: samples.older, newest: samples.newest).nodes } ?? []
    return Details(
      jid: name, name: name, state: state,
      vertices: nodes.map { node in
        Details.Vertex(
          id: node.id, name: "\(node.id) (\(node.type))", parallelism: max(1, node.subtasks), status: state,
          metrics: .init(read: node.received, write: node.emitted))
      })
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
    case .starting, .waiting: "INITIALIZING"
    case .running: "RUNNING"
    case .restarting: "RESTARTING"
    case .stopping: "CANCELLING"
    case .finished: "FINISHED"
    case .failed: "FAILED"
    }
  }
}
