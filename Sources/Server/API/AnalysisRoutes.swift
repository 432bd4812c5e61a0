internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// `/api/v1/analyze`: from a service's telemetry to its journeys and what is written about them.
struct AnalysisRoutes: Sendable {
  let runner: AnalysisRunner
  let store: AnalysisStore
  let events = AnalysisEvents()

  struct List: Codable { var analyses: [AnalysisView] }
  struct Files: Codable { var artifacts: [String] }

  var routes: [Route] {
    let unknown = Route.Answer.problem(404, "JOB_NOT_FOUND")
    return [
      Route(
        .post, "/api/v1/analyze", "submitAnalysis", "Analyses a service: its journeys, and what is written about them.", role: .operate,
        parameters: [.idempotencyKey], body: .json(AnalysisRequest.schema),
        answers: [
          .json(202, AnalysisView.self, "it waits for its turn", headers: ["Location"]), .problem(409, "IDEMPOTENCY_KEY_REUSED"),
          .problem(422, "REQUEST_INVALID", "PARAMETER_INVALID"), .problem(429, "TOO_MANY_ANALYSES"),
        ]
      ) { request, context in try await submit(request, context) },
      Route(
        .get, "/api/v1/analyze", "listAnalyses", "Analyses, the newest first.", role: .read, parameters: [.limit(1...200, standard: 50)],
        answers: [.json(200, List.self, "the analyses")]
      ) { _, context in
        try JSON.response(List(analyses: try await store.newest(limit: context.integer("limit")).map(AnalysisView.init)))
      },
      Route(
        .get, "/api/v1/analyze/{id}", "getAnalysis", "How far an analysis is, and what came of it.", role: .read,
        answers: [.json(200, AnalysisView.self, "the analysis"), unknown]
      ) { _, context in try JSON.response(AnalysisView(try await find(context))) },
      Route(
        .get, "/api/v1/analyze/{id}/events", "watchAnalysis",
        "What getAnalysis says, as server-sent events: one now, one at each change, the last when the analysis is over.", role: .read,
        parameters: [Parameter(name: "seconds", kind: .integer(1...3600, standard: 600), summary: "then it ends in any case")],
        answers: [.text("text/event-stream", "the events"), unknown, .problem(429, "TOO_MANY_WATCHERS")]
      ) { _, context in
        let first = try await find(context)
        return try events.response(first, seconds: context.integer("seconds")) { [store] in try await store.find(first.id) }
      },
      Route(
        .delete, "/api/v1/analyze/{id}", "cancelAnalysis", "Cancels an analysis.", role: .operate,
        answers: [.none(204, "it is cancelled"), unknown, .problem(409, "ANALYSIS_OVER")]
      ) { _, context in
        guard try await runner.cancel(try await find(context), by: context.identity.name) else {
          throw Problem(409, "ANALYSIS_OVER", "the analysis is over")
        }
        return Response(status: .noContent)
      },
      Route(
        .get, "/api/v1/analyze/{id}/result", "getResult", "Journeys and findings.", role: .read,
        answers: [.json(schema: .object, "as sloscout analyze --json prints it"), unknown, .problem(409, "ANALYSIS_NOT_COMPLETED")]
      ) { _, context in
        let analysis = try await find(context)
        guard let result = try await store.result(analysis.id) else {
          throw Problem(409, "ANALYSIS_NOT_COMPLETED", "there is no result", "the analysis is \(analysis.status.rawValue)")
        }
        return Self.text(result, "application/json")
      },
      Route(
        .get, "/api/v1/analyze/{id}/artifacts", "listFiles", "Paths of the files that an analysis wrote.", role: .read,
        answers: [.json(200, Files.self, "the paths"), unknown]
      ) { _, context in try JSON.response(Files(artifacts: try await store.files(try await find(context).id))) },
      Route(
        .get, "/api/v1/analyze/{id}/artifacts/{path...}", "getFile", "A file that an analysis wrote; index.html is the report.",
        role: .read,
        answers: [.text("*/*", "the file"), .problem(404, "JOB_NOT_FOUND", "ARTIFACT_NOT_FOUND")]
      ) { _, context in
        let path = context.parameters.getCatchAll().joined(separator: "/")
        guard Parameter.isPlain(path, 1...1000), let content = try await store.file(try await find(context).id, path) else {
          throw Problem(404, "ARTIFACT_NOT_FOUND", "the analysis has no such file")
        }
        return Self.text(content, Self.type(path))
      },
    ]
  }

  private func submit(_ request: Request, _ context: ServerContext) async throws -> Response {
    let wanted = try AnalysisRequest(json: Data(try await context.body(request).readableBytesView))
    let key = context.values["Idempotency-Key"]
    let (analysis, isNew) = try await runner.submit(wanted, key: key, by: context.identity.name)
    if !isNew, analysis.request != wanted {
      throw Problem(409, "IDEMPOTENCY_KEY_REUSED", "the key was used for another request", "that is analysis \(analysis.id)")
    }
    var response = try JSON.response(AnalysisView(analysis), status: 202)
    response.headers[.location] = "/api/v1/analyze/\(analysis.id)"
    return response
  }

  private func find(_ context: ServerContext) async throws -> StoredAnalysis {
    let id = context.capture("id")
    guard id.utf8.count == 36, Parameter.isPlain(id, 36...36), let analysis = try await store.find(id) else {
      throw Problem(404, "JOB_NOT_FOUND", "there is no such analysis")
    }
    return analysis
  }

  static func text(_ content: String, _ type: String) -> Response {
    var response = Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: content)))
    response.headers[.contentType] = type
    // What was made from telemetry must not act in the name of the server, whatever a span was called.
    response.headers[.contentSecurityPolicy] = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    response.headers[.xContentTypeOptions] = "nosniff"
    return response
  }

  static func type(_ path: String) -> String {
    switch path.split(separator: ".").last {
    case "html": "text/html; charset=utf-8"
    case "json": "application/json"
    case "yaml", "yml": "application/yaml"
    default: "text/plain; charset=utf-8"
    }
  }
}

/// An analysis as clients see it.
struct AnalysisView: Codable {
  private enum CodingKeys: String, CodingKey {
    case id = "job_id"
    case status, state, message, stage, stages, error, warnings
    case service = "service_name"
    case namespace, environment
    case hours = "lookback_hours"
    case progress = "progress_percent"
    case estimate = "estimated_duration_seconds"
    case url = "status_url"
    case created = "created_at"
    case started = "started_at"
    case completed = "completed_at"
    case journeys = "journeys_discovered"
    case slis = "slis_found"
    case slos = "slos_generated"
    case artifacts = "artifacts_generated"
    case result = "result_url"
  }

  struct Stage: Codable {
    private enum CodingKeys: String, CodingKey {
      case name
      case started = "started_at"
      case finished = "finished_at"
    }
    var name: String
    var started: String
    /// Absent while it is under way.
    var finished: String?
  }

  struct Failure: Codable {
    private enum CodingKeys: String, CodingKey {
      case code = "error_code"
      case message
    }
    var code: String
    var message: String
  }

  var id: String
  var status: String
  /// What the original's demo said: `accepted` for what has not begun.
  var state: String
  var message: String
  var stage: String?
  /// Those that have begun, in their order.
  var stages: [Stage]
  var error: Failure?
  var service: String
  var namespace: String
  var environment: String?
  var hours: Int
  var progress: Int
  var estimate = 10
  var url: String
  var created: String
  var started: String?
  var completed: String?
  var journeys: Int?
  var slis: Int?
  var slos: Int?
  var artifacts: Int?
  var result: String?
  /// What to mind about the result; of a single analysis that is completed.
  var warnings: [StoredAnalysis.Warning]?

  init(_ analysis: StoredAnalysis) {
    (id, status) = (analysis.id, analysis.status.rawValue)
    state = analysis.status == .pending ? "accepted" : status
    (service, namespace, environment) = (analysis.request.service, analysis.request.namespace, analysis.request.environment)
    hours = analysis.request.hours
    (stage, created, started, completed) = (analysis.stage, analysis.createdAt, analysis.startedAt, analysis.completedAt)
    let ends = analysis.stages.dropFirst().map(\.startedAt) + [analysis.completedAt]
    stages = zip(analysis.stages, ends).map { Stage(name: $0.name, started: $0.startedAt, finished: $1) }
    url = "/api/v1/analyze/\(analysis.id)"
    warnings = analysis.warnings
    (journeys, slis, slos, artifacts) = (analysis.journeys, analysis.slis, analysis.slos, analysis.artifacts)
    switch analysis.status {
    case .pending: (progress, message) = (0, "waits for its turn")
    case .running:
      progress = stage.flatMap(AnalysisStage.init)?.progress ?? 1
      message = "\(stage ?? "collect")"
    case .completed:
      (progress, message) = (100, "\(analysis.journeys ?? 0) journeys, \(analysis.artifacts ?? 0) files")
      result = "\(url)/result"
    case .failed, .cancelled:
      (progress, message) = (100, analysis.errorMessage ?? "")
      error = Failure(code: analysis.errorCode ?? "", message: analysis.errorMessage ?? "")
    }
  }
}
