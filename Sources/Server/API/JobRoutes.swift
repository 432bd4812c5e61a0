internal import Dataflow
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// `/api/v1/jobs`: submit, inspect and steer jobs.
struct JobRoutes: Sendable {
  let supervisor: JobSupervisor

  private static let changed: [Route.Answer] = [
    .json(200, JobView.self, "the job after the change", headers: ["ETag"]), .problem(404, "JOB_NOT_FOUND"), .problem(409, "JOB_BUSY"),
    .problem(412, "REVISION_CONFLICT"), .problem(422, "NAME_INVALID", "DOCUMENT_INVALID", "PARAMETER_INVALID"),
  ]

  var routes: [Route] { reading + changing + acting }

  private var reading: [Route] {
    let unknown = Route.Answer.problem(404, "JOB_NOT_FOUND")
    let limit = Parameter.limit(1...1000, standard: 100)
    var shown = Route.Answer.json(200, JobView.self, "spec and status; the document alone for those who accept YAML", headers: ["ETag"])
    shown.alternative = "application/yaml"
    return [
      Route(
        .get, "/api/v1/jobs", "listJobs", "All jobs, by name.", role: .read, isQuick: true, answers: [.json(200, List.self, "the jobs")]
      ) { _, _ in
        let jobs = await supervisor.all()
        return try await jobs.count <= Self.fewJobs ? list(jobs) : offLoop { try await list(jobs) }
      },
      Route(
        .get, "/api/v1/jobs/{name}", "getJob", "What a job should do, and what it does.", role: .read, isQuick: true,
        answers: [shown, unknown]
      ) { request, context in try await show(request, try await job(context)) },
      Route(
        .get, "/api/v1/jobs/{name}/graph", "getGraph", "A job's steps with their live numbers, and why windows wait.", role: .read,
        isQuick: true,
        answers: [.json(200, GraphView.self, "the graph"), unknown, .problem(409, "JOB_NEVER_RAN")]
      ) { _, context in
        let job = try await job(context)
        let samples = await job.latest()
        if await job.shards != nil {
          // The document is planned for it, and the database asked.
          let name = try context.jobName()
          let (graph, loads, awaitsReaders) = try await offLoop { try await supervisor.graphOfShards(name) }
          return try JSON.response(GraphView(graph, loads, awaitsReaders: awaitsReaders))
        }
        guard let graph = await job.graph else { throw Problem(409, "JOB_NEVER_RAN", "the job has not run since the server started") }
        return try JSON.response(GraphView(graph, older: samples.older, newest: samples.newest, totals: await job.totals()))
      },
      Route(
        .get, "/api/v1/jobs/{name}/points", "listPoints", "Rate, lag and load of the last ten minutes, one point a second.", role: .read,
        answers: [.json(200, [JobPoint].self, "the points, the newest last"), unknown]
      ) { _, context in try JSON.response(await (try await job(context)).points) },
      Route(
        .get, "/api/v1/jobs/{name}/checkpoints", "listCheckpoints", "Checkpoints since the server started, the newest first.", role: .read,
        answers: [.json(200, [CheckpointView].self, "the checkpoints"), unknown]
      ) { _, context in try JSON.response(await (try await job(context)).checkpoints.reversed().map(CheckpointView.init)) },
      Route(
        .get, "/api/v1/jobs/{name}/history", "listHistory", "Starts, failures and ends, the newest first.", role: .read,
        parameters: [limit],
        answers: [.json(200, [JobHistoryEntry].self, "the history"), unknown]
      ) { _, context in try JSON.response(try await supervisor.history(try context.jobName(), limit: context.integer("limit"))) },
    ]
  }

  private var changing: [Route] {
    [
      Route(
        .put, "/api/v1/jobs/{name}", "putJob", "Submits a job, or replaces it.", role: .operate,
        parameters: [
          .ifMatch, .ifNoneMatch,
          Parameter(name: "state", kind: .choice(StoredJob.State.allCases.map(\.rawValue)), summary: "what it should do"),
          Parameter(name: "lose-state", kind: .choice(["true", "false"]), summary: "steps that are no more may lose their state"),
        ], body: .yaml,
        answers: [
          .json(201, JobView.self, "it is new", headers: ["ETag", "Location"]),
          .json(200, JobView.self, "it was replaced", headers: ["ETag"]),
          .problem(409, "JOB_BUSY", "STATE_WOULD_BE_LOST", "LAYOUT_WOULD_CHANGE", "PLACE_WOULD_CHANGE"), .problem(412, "REVISION_CONFLICT"),
          .problem(422, "DOCUMENT_INVALID", "NAME_INVALID", "BODY_NOT_UTF8", "PARAMETER_INVALID"),
        ]
      ) { request, context in try await put(request, context) },
      Route(
        .patch, "/api/v1/jobs/{name}", "patchJob", "Changes what a job should do, or its parallelism.", role: .operate,
        parameters: [.ifMatch],
        body: .json { book in
          book.add(
            "JobPatch",
            .members([
              ("state", .choice(StoredJob.State.allCases.map(\.rawValue)).orNull), ("parallelism", .integer(1...720).orNull),
            ]))
        }, answers: Self.changed
      ) { request, context in try await patch(request, context) },
      Route(
        .delete, "/api/v1/jobs/{name}", "deleteJob", "Stops a job and forgets it; checkpoints and rows stay.", role: .operate,
        parameters: [.ifMatch], answers: [.none(204, "it is gone")] + Self.changed.dropFirst()
      ) { request, context in
        try await supervisor.delete(try context.jobName(), expected: try context.expectedRevision(), by: context.identity.name)
        return Response(status: .noContent)
      },
      Route(
        .post, "/api/v1/jobs/{name}/plan", "planJob", "What a document would do to the state of a job. Nothing is changed.", role: .read,
        body: .yaml,
        answers: [
          .json(200, PlanView.self, "which steps keep state, begin without, or lose it"),
          .problem(409, "LAYOUT_WOULD_CHANGE", "PLACE_WOULD_CHANGE"),
          .problem(422, "DOCUMENT_INVALID", "NAME_INVALID", "BODY_NOT_UTF8"),
        ]
      ) { request, context in try await plan(request, context) },
    ]
  }

  private var acting: [Route] {
    func act(_ verb: String, _ summary: String, _ handle: @escaping Route.Handler) -> Route {
      Route(
        .post, "/api/v1/jobs/{name}/\(verb)", "\(verb)Job", summary, role: .operate, parameters: [.ifMatch], answers: Self.changed,
        handle: handle)
    }
    return [
      act("start", "Starts a job from its last checkpoint.") { request, context in
        try await change(request, context, .running, "job.start")
      },
      act("stop", "Stops a job with a checkpoint.") { request, context in try await change(request, context, .suspended, "job.stop") },
      act("restart", "Stops a job with a checkpoint, and starts it again.") { request, context in
        try await change(request, context, .running, "job.restart")
      },
      act("cancel", "Stops a job at once; its last checkpoint stands.") { request, context in
        try await view(
          try await supervisor.cancel(try context.jobName(), expected: try context.expectedRevision(), by: context.identity.name))
      },
      Route(
        .post, "/api/v1/jobs/{name}/checkpoint", "checkpointJob", "Takes a checkpoint soon.", role: .operate,
        answers: [.none(202, "it is on its way"), .problem(404, "JOB_NOT_FOUND"), .problem(409, "JOB_NOT_RUNNING")]
      ) { _, context in
        try await supervisor.checkpoint(try context.jobName())
        return Response(status: .accepted)
      },
    ]
  }

  // MARK: Reading

  struct List: Codable { var jobs: [JobView] }

  /// So many are listed in a millisecond or two.
  private static let fewJobs = 100

  private func list(_ jobs: [ManagedJob]) async throws -> Response {
    var views: [JobView] = []
    for job in jobs { views.append(await JobView.make(job, document: false)) }
    return try JSON.response(List(jobs: views))
  }

  /// The document as it was submitted for those who ask for YAML, else spec and status in JSON.
  private func show(_ request: Request, _ job: ManagedJob) async throws -> Response {
    guard (request.headers[.accept] ?? "").contains("yaml") else { return try await view(job) }
    let stored = await job.stored
    var response = Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: stored.document)))
    response.headers[.contentType] = "application/yaml"
    response.headers[.eTag] = "\"\(stored.revision)\""
    return response
  }

  private func view(_ job: ManagedJob, status: Int = 200) async throws -> Response { try await Self.answer(job, status: status) }

  /// A job as clients see it, with its revision as ETag.
  static func answer(_ job: ManagedJob, status: Int = 200) async throws -> Response {
    let view = await JobView.make(job, document: true)
    var response = try JSON.response(view, status: status)
    response.headers[.eTag] = "\"\(view.revision)\""
    if status == 201 { response.headers[.location] = "/api/v1/jobs/\(view.name)" }
    return response
  }

  // MARK: Changing

  private func put(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (job, isNew) = try await supervisor.put(
      try context.jobName(), try await document(request, context), state: context.values["state"].flatMap(StoredJob.State.init),
      expected: try context.expectedRevision(), mustBeNew: context.values["If-None-Match"] == "*",
      losesState: context.values["lose-state"] == "true",
      by: context.identity.name)
    return try await view(job, status: isNew ? 201 : 200)
  }

  private struct Patch: Decodable {
    var state: String?
    var parallelism: Int?
  }

  private func patch(_ request: Request, _ context: ServerContext) async throws -> Response {
    let patch: Patch
    do { patch = try JSONDecoder().decode(Patch.self, from: Data(try await context.body(request).readableBytesView)) } catch let error
      as DecodingError
    {
      throw Problem(
        422, "PATCH_INVALID", "the body is no change of a job", "\(error)", hint: #"{"state": "suspended"} or {"parallelism": 2}"#)
    }
    if let parallelism = patch.parallelism, !(1...720).contains(parallelism) {
      throw Problem(422, "PARALLELISM_INVALID", "parallelism must be from 1 to 720")
    }
    guard patch.state != nil || patch.parallelism != nil else { throw Problem(422, "PATCH_INVALID", "the body changes nothing") }
    return try await view(
      try await supervisor.change(
        try context.jobName(), state: try state(patch.state), parallelism: patch.parallelism, expected: try context.expectedRevision(),
        action: patch.parallelism == nil ? "job.patch" : "job.rescale", by: context.identity.name))
  }

  private func change(_ request: Request, _ context: ServerContext, _ state: StoredJob.State, _ action: String) async throws -> Response {
    return try await view(
      try await supervisor.change(
        try context.jobName(), state: state, parallelism: nil, expected: try context.expectedRevision(), action: action,
        by: context.identity.name))
  }

  struct PlanView: Codable {
    var plan: UpgradePlan
    var warnings: [Problem.Place]
  }

  private func plan(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (warnings, plan) = try await supervisor.plan(try context.jobName(), try await document(request, context))
    return try JSON.response(PlanView(plan: plan, warnings: warnings.map(Problem.Place.init)))
  }

  // MARK: Parts of requests

  private func job(_ context: ServerContext) async throws -> ManagedJob { try await supervisor.job(try context.jobName()) }

  private func document(_ request: Request, _ context: ServerContext) async throws -> String {
    guard let text = String(validating: try await context.body(request).readableBytesView, as: UTF8.self) else {
      throw Problem(422, "BODY_NOT_UTF8", "the body is not UTF-8")
    }
    return text
  }

  private func state(_ text: String?) throws -> StoredJob.State? {
    guard let text else { return nil }
    guard let state = StoredJob.State(rawValue: text) else {
      throw Problem(422, "STATE_INVALID", "the state is running or suspended, not \"\(text)\"")
    }
    return state
  }
}

extension ServerContext {
  /// The name of the job that the path names: letters, digits, dots, hyphens and underscores, as it names files and rows. Throws `Problem` 422.
  func jobName() throws -> String { try Self.checkedJobName(capture("name")) }

  /// Throws `Problem` 422 unless jobs can be called that.
  static func checkedJobName(_ name: String) throws -> String {
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
      case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
      default: false
      }
    }
    guard isPlain, (1...63).contains(name.utf8.count), !name.hasPrefix(".") else {
      throw Problem(422, "NAME_INVALID", "a job's name has up to 63 letters, digits, dots, hyphens and underscores")
    }
    return name
  }
}
