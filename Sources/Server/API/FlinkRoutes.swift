internal import Dataflow
internal import Hummingbird

/// The routes that Flink's users know, read only: the same jobs in the shape of Flink's REST answers. A job's id is its name.
struct FlinkRoutes: Sendable {
  let supervisor: JobSupervisor

  struct Cluster: Codable {
    private enum CodingKeys: String, CodingKey {
      case taskmanagers
      case running = "jobs-running"
      case finished = "jobs-finished"
      case cancelled = "jobs-cancelled"
      case failed = "jobs-failed"
    }
    var taskmanagers = 1
    var running = 0
    var finished = 0
    /// Those that somebody stopped.
    var cancelled = 0
    var failed = 0
  }

  struct Listing: Codable {
    struct Job: Codable {
      var id: String
      var status: String
    }
    var jobs: [Job]
  }

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

  struct Checkpoints: Codable {
    struct Counts: Codable {
      var completed: Int
    }
    struct Checkpoint: Codable {
      private enum CodingKeys: String, CodingKey {
        case id, status
        case triggered = "trigger_timestamp"
        case duration = "end_to_end_duration"
        case written = "checkpointed_size"
        case size = "state_size"
      }
      var id: UInt64
      var status = "COMPLETED"
      /// Milliseconds since 1970.
      var triggered: Int64
      /// Milliseconds.
      var duration: Int64
      /// Bytes that it wrote, and bytes that it needs in all.
      var written: Int
      var size: Int
    }
    /// Since the server started.
    var counts: Counts
    /// The newest first.
    var history: [Checkpoint]
  }

  struct Exceptions: Codable {
    struct History: Codable {
      struct Entry: Codable {
        var exceptionName: String
        var stacktrace: String
        /// Milliseconds since 1970.
        var timestamp: Int64
      }
      /// The newest first.
      var entries: [Entry]
      var truncated: Bool
    }
    var exceptionHistory: History
  }

  var routes: [Route] {
    let unknown = Route.Answer.problem(404, "JOB_NOT_FOUND")
    return [
      Route(
        .get, "/overview", "flinkCluster", "How many jobs there are, as Flink counts them.", role: .read,
        answers: [.json(200, Cluster.self, "the counts")]
      ) { _, _ in try JSON.response(await cluster()) },
      Route(.get, "/jobs", "flinkJobs", "All jobs, as Flink lists them.", role: .read, answers: [.json(200, Listing.self, "the jobs")]) {
        _, _ in
        let jobs = try await overview().jobs
        return try JSON.response(Listing(jobs: jobs.map { Listing.Job(id: $0.jid, status: $0.state) }))
      },
      Route(
        .get, "/jobs/overview", "flinkOverview", "All jobs, as Flink lists them.", role: .read,
        answers: [.json(200, Overview.self, "the jobs")]
      ) { _, _ in try JSON.response(try await overview()) },
      Route(
        .get, "/jobs/{name}", "flinkJob", "A job, as Flink shows it.", role: .read,
        answers: [.json(200, Details.self, "the job"), unknown]
      ) { _, context in try JSON.response(try await details(context.jobName())) },
      Route(
        .get, "/jobs/{name}/checkpoints", "flinkCheckpoints", "A job's checkpoints, as Flink shows them.", role: .read,
        answers: [.json(200, Checkpoints.self, "the checkpoints"), unknown]
      ) { _, context in try JSON.response(try await checkpoints(context.jobName())) },
      Route(
        .get, "/jobs/{name}/exceptions", "flinkExceptions", "Why a job failed or started again, as Flink shows it.", role: .read,
        answers: [.json(200, Exceptions.self, "the failures"), unknown]
      ) { _, context in try JSON.response(try await exceptions(context.jobName())) },
    ]
  }

  private func cluster() async -> Cluster {
    var cluster = Cluster()
    for job in await supervisor.all() {
      switch await job.phase {
      case .starting, .waiting, .running, .restarting, .stopping: cluster.running += 1
      case .finished: cluster.finished += 1
      case .suspended: cluster.cancelled += 1
      case .failed: cluster.failed += 1
      }
    }
    return cluster
  }

  private func checkpoints(_ id: String) async throws -> Checkpoints {
    let reports = await (try await supervisor.job(id)).checkpoints
    return Checkpoints(
      counts: .init(completed: reports.count),
      history: reports.reversed().map { report in
        Checkpoints.Checkpoint(
          id: report.epoch, triggered: report.at / 1_000_000, duration: report.duration / 1_000_000, written: report.storedBytes,
          size: report.fullBytes)
      })
  }

  private func exceptions(_ id: String) async throws -> Exceptions {
    let limit = 1000
    let history = try await supervisor.history(id, limit: limit)
    let entries = history.filter { $0.kind == "failed" || $0.kind == "restarting" }.map { entry in
      var at = entry.at
      let time = at.withUTF8 { RFC3339.parse($0) } ?? 0
      return Exceptions.History.Entry(exceptionName: entry.kind, stacktrace: entry.message, timestamp: time / 1_000_000)
    }
    return Exceptions(exceptionHistory: .init(entries: entries, truncated: history.count == limit))
  }

  private func details(_ id: String) async throws -> Details {
    let job = try await supervisor.job(id)
    let (samples, name, state) = (await job.latest(), await job.stored.name, Self.state(await job.phase))
    let totals = await job.totals()
    let nodes = (await job.graph).map { GraphView($0, older: samples.older, newest: samples.newest, totals: totals).nodes } ?? []
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
