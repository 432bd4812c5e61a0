internal import Dataflow
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// `/api/v1/jobs`: submit, inspect and steer jobs.
struct JobRoutes: Sendable {
  let supervisor: JobSupervisor

  func add(to router: Router<ServerContext>) {
    let jobs = router.group("/api/v1/jobs")
    jobs.get { _, _ in try JSON.response(await list()) }
    jobs.get("{name}") { request, context in try await show(request, try await job(context)) }
    jobs.put("{name}") { request, context in try await put(request, context) }
    jobs.patch("{name}") { request, context in try await patch(request, context) }
    jobs.delete("{name}") { request, context in
      try context.require(.operate)
      try await supervisor.delete(try name(context), expected: try expected(request), by: context.identity.name)
      return Response(status: .noContent)
    }
    jobs.post("{name}/plan") { request, context in try await plan(request, context) }
    jobs.post("{name}/start") { request, context in try await change(request, context, .running, "job.start") }
    jobs.post("{name}/stop") { request, context in try await change(request, context, .suspended, "job.stop") }
    jobs.post("{name}/restart") { request, context in try await change(request, context, .running, "job.restart") }
    jobs.post("{name}/cancel") { _, context in
      try context.require(.operate)
      return try await view(try await supervisor.cancel(try name(context), by: context.identity.name))
    }
    jobs.post("{name}/checkpoint") { _, context in
      try context.require(.operate)
      guard await (try await job(context)).checkpoint() else { throw Problem(409, "JOB_NOT_RUNNING", "the job does not run") }
      return Response(status: .accepted)
    }
    jobs.get("{name}/graph") { _, context in
      let job = try await job(context)
      let samples = await job.latest()
      guard let graph = await job.graph else { throw Problem(409, "JOB_NEVER_RAN", "the job has not run since the server started") }
      return try JSON.response(GraphView(graph, older: samples.older, newest: samples.newest))
    }
    jobs.get("{name}/points") { _, context in try JSON.response(await (try await job(context)).points) }
    jobs.get("{name}/checkpoints") { _, context in
      try JSON.response(await (try await job(context)).checkpoints.reversed().map(CheckpointView.init))
    }
    jobs.get("{name}/history") { request, context in
      let limit = min(1000, max(1, request.uri.queryParameters.get("limit", as: Int.self) ?? 100))
      return try JSON.response(try await supervisor.history(try name(context), limit: limit))
    }
  }

  // MARK: Reading

  private struct JobList: Encodable { var jobs: [JobView] }

  private func list() async -> JobList {
    var views: [JobView] = []
    for job in await supervisor.all() { views.append(await JobView.make(job, document: false)) }
    return JobList(jobs: views)
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

  private func view(_ job: ManagedJob, status: Int = 200) async throws -> Response {
    let view = await JobView.make(job, document: true)
    var response = try JSON.response(view, status: status)
    response.headers[.eTag] = "\"\(view.revision)\""
    if status == 201 { response.headers[.location] = "/api/v1/jobs/\(view.name)" }
    return response
  }

  // MARK: Changing

  private func put(_ request: Request, _ context: ServerContext) async throws -> Response {
    try context.require(.operate)
    let query = request.uri.queryParameters
    let (job, isNew) = try await supervisor.put(
      try name(context), try await document(request, context), state: try state(query["state"].map(String.init)),
      expected: try expected(request), mustBeNew: request.headers[.ifNoneMatch] == "*", losesState: query["lose-state"] == "true",
      by: context.identity.name)
    return try await view(job, status: isNew ? 201 : 200)
  }

  private struct Patch: Decodable {
    var state: String?
    var parallelism: Int?
  }

  private func patch(_ request: Request, _ context: ServerContext) async throws -> Response {
    try context.require(.operate)
    let patch: Patch
    do { patch = try JSONDecoder().decode(Patch.self, from: Data(try await document(request, context).utf8)) } catch let problem as Problem
    {
      throw problem
    } catch {
      throw Problem(
        422, "PATCH_INVALID", "the body is no change of a job", "\(error)", hint: #"{"state": "suspended"} or {"parallelism": 2}"#)
    }
    if let parallelism = patch.parallelism, !(1...720).contains(parallelism) {
      throw Problem(422, "PARALLELISM_INVALID", "parallelism must be from 1 to 720")
    }
    guard patch.state != nil || patch.parallelism != nil else { throw Problem(422, "PATCH_INVALID", "the body changes nothing") }
    return try await view(
      try await supervisor.change(
        try name(context), state: try state(patch.state), parallelism: patch.parallelism, expected: try expected(request),
        action: patch.parallelism == nil ? "job.patch" : "job.rescale", by: context.identity.name))
  }

  private func change(_ request: Request, _ context: ServerContext, _ state: StoredJob.State, _ action: String) async throws -> Response {
    try context.require(.operate)
    return try await view(
      try await supervisor.change(
        try name(context), state: state, parallelism: nil, expected: try expected(request), action: action, by: context.identity.name))
  }

  private struct PlanView: Encodable {
    var plan: UpgradePlan
    var warnings: [Problem.Place]
  }

  private func plan(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (warnings, plan) = try await supervisor.plan(try name(context), try await document(request, context))
    return try JSON.response(PlanView(plan: plan, warnings: warnings.map(Problem.Place.init)))
  }

  // MARK: Parts of requests

  private func job(_ context: ServerContext) async throws -> ManagedJob { try await supervisor.job(try name(context)) }

  /// Letters, digits, dots, hyphens and underscores: what names files and rows.
  private func name(_ context: ServerContext) throws -> String {
    let name = context.parameters.get("name") ?? ""
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

  private func document(_ request: Request, _ context: ServerContext) async throws -> String {
    do {
      let buffer = try await request.body.collect(upTo: context.maxUploadSize)
      guard let text = String(validating: buffer.readableBytesView, as: UTF8.self) else {
        throw Problem(422, "BODY_NOT_UTF8", "the body is not UTF-8")
      }
      return text
    } catch is NIOTooManyBytesError { throw Problem(413, "BODY_TOO_LARGE", "the body is longer than \(context.maxUploadSize) bytes") }
  }

  private func state(_ text: String?) throws -> StoredJob.State? {
    guard let text else { return nil }
    guard let state = StoredJob.State(rawValue: text) else {
      throw Problem(422, "STATE_INVALID", "the state is running or suspended, not \"\(text)\"")
    }
    return state
  }

  /// The revision of `If-Match`; nil when there is none, or any.
  private func expected(_ request: Request) throws -> Int? {
    guard let tag = request.headers[.ifMatch], tag != "*" else { return nil }
    guard let revision = Int(tag.trimmingCharacters(in: CharacterSet(charactersIn: "\""))) else {
      throw Problem(412, "REVISION_CONFLICT", "the job has no revision \(tag)")
    }
    return revision
  }
}
