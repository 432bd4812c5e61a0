internal import Dataflow
internal import HTTPTypes
internal import Hummingbird

/// One savepoint of a job.
struct SavepointView: Codable {
  var name: String
  /// The job that took it.
  var job: String
  /// The checkpoint that it was copied from.
  var epoch: UInt64
  /// RFC 3339: when that was taken.
  var at: String
  var storedBytes: Int
  var parallelism: Int

  init(_ savepoint: Savepoint) {
    let manifest = savepoint.manifest
    (name, job, epoch, at) = (savepoint.name, manifest.job, manifest.epoch, RFC3339.format(manifest.createdAt))
    (storedBytes, parallelism) = (manifest.storedBytes, manifest.parallelism)
  }
}

/// `/api/v1/jobs/{name}/savepoints`: state of jobs that retention does not remove, and starts from it.
struct SavepointRoutes: Sendable {
  let supervisor: JobSupervisor

  private static let unknown = Route.Answer.problem(404, "JOB_NOT_FOUND", "SAVEPOINT_NOT_FOUND")

  struct Wanted: RequestBody {
    var name: String?
    static let limits = ["name": Schema.string(pattern: "^[a-z0-9][a-z0-9-]{0,39}$", 1...40)]
  }

  struct List: Codable { var savepoints: [SavepointView] }

  var routes: [Route] {
    [
      Route(
        .get, "/api/v1/jobs/{name}/savepoints", "listSavepoints", "A job's savepoints, by name.", role: .read,
        answers: [.json(200, List.self, "the savepoints"), .problem(404, "JOB_NOT_FOUND")]
      ) { _, context in
        try JSON.response(List(savepoints: try await supervisor.savepoints(try context.jobName()).map(SavepointView.init)))
      },
      Route(
        .post, "/api/v1/jobs/{name}/savepoints", "takeSavepoint",
        "Takes a checkpoint and copies it to where retention does not reach; of a job that does not run, its newest. Answers when that is durable. Workers drain the job for it.",
        role: .operate,
        parameters: [
          Parameter(name: "wait", kind: .integer(1...3600, standard: 20), summary: "so many seconds at most for a job that workers run")
        ], body: .json(Wanted.self, isRequired: false),
        answers: [
          .json(201, SavepointView.self, "the savepoint", headers: ["Location"]), .problem(404, "JOB_NOT_FOUND"),
          .problem(409, "NO_CHECKPOINT", "SAVEPOINT_EXISTS", "CHECKPOINT_INTERRUPTED", "JOB_NOT_RUNNING", "JOB_BUSY"),
          .problem(503, "NO_WORKERS", "STORE_UNAVAILABLE", "SHUTTING_DOWN"), .problem(504, "SAVEPOINT_AWAITED"),
        ]
      ) { request, context in try await take(request, context) },
      Route(
        .post, "/api/v1/jobs/{name}/savepoints/{id}/start", "startSavepoint",
        "Starts a job that does not run from a savepoint. 409 when sinks have rows from after it.", role: .operate,
        parameters: [
          .ifMatch, Parameter(name: "of", kind: .text(63), summary: "the job that took it, when that is another one"),
          Parameter(
            name: "accept-repeats", kind: .choice(["true", "false"]), summary: "sinks may get rows from after the savepoint once more"),
        ],
        answers: [
          .json(200, JobView.self, "the job after the change", headers: ["ETag"]), Self.unknown,
          .problem(
            409, "JOB_RUNNING", "SAVEPOINT_BEHIND_SINKS", "SAVEPOINT_OF_ANOTHER_JOB", "STATE_NOT_READ", "SINK_NOT_READY", "JOB_BUSY"),
          .problem(412, "REVISION_CONFLICT"),
        ]
      ) { _, context in try await start(context) },
      Route(
        .delete, "/api/v1/jobs/{name}/savepoints/{id}", "deleteSavepoint",
        "Removes a savepoint; jobs that were started from it do not need it.",
        role: .operate, answers: [.none(204, "it is gone"), Self.unknown, .problem(409, "JOB_BUSY")]
      ) { _, context in
        try await supervisor.removeSavepoint(try context.jobName(), called: try context.plain("id"), by: context.identity.name)
        return Response(status: .noContent)
      },
    ]
  }

  private func take(_ request: Request, _ context: ServerContext) async throws -> Response {
    let name = try context.jobName()
    let wanted = try await context.decode(Wanted.self, request).name
    if let wanted, !Savepoint.isName(wanted) {
      throw Problem(422, "REQUEST_INVALID", "a savepoint's name has up to 40 lower-case letters, digits and hyphens")
    }
    do {
      let view = SavepointView(
        try await supervisor.savepoint(name, called: wanted, within: context.integer("wait"), by: context.identity.name))
      var response = try JSON.response(view, status: 201)
      response.headers[.location] = "/api/v1/jobs/\(name)/savepoints/\(view.name)"
      return response
    } catch { throw Self.problem(error) }
  }

  private func start(_ context: ServerContext) async throws -> Response {
    let job: ManagedJob
    do {
      job = try await supervisor.start(
        try context.jobName(), from: try context.plain("id"), of: try context.values["of"].map(ServerContext.checkedJobName),
        repeating: context.values["accept-repeats"] == "true", expected: try context.expectedRevision(), by: context.identity.name)
    } catch { throw Self.problem(error) }
    return try await JobRoutes.answer(job)
  }

  /// What the engine says about savepoints, for clients.
  private static func problem(_ error: any Error) -> any Error {
    switch error {
    case let refused as SavepointRefused:
      let code =
        switch refused.kind {
        case .noCheckpoint: "NO_CHECKPOINT"
        case .exists: "SAVEPOINT_EXISTS"
        case .interrupted: "CHECKPOINT_INTERRUPTED"
        case .behindSinks: "SAVEPOINT_BEHIND_SINKS"
        case .foreign: "SAVEPOINT_OF_ANOTHER_JOB"
        }
      return Problem(409, code, "the savepoint cannot be used", refused.message, hint: refused.hint)
    case let refused as RecoveryRefused:
      return Problem(409, "STATE_NOT_READ", "the job does not read this state", refused.message, hint: refused.hint)
    case let failure as SinkError:
      return Problem(409, "SINK_NOT_READY", "a sink does not answer, or refuses", failure.message, hint: failure.hint)
    default: return error
    }
  }
}
