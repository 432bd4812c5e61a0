internal import Dataflow
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// An error as the client sees it: `application/problem+json` (RFC 9457), with `error_code` and `message` for those who know the original.
struct Problem: Error, Encodable, HTTPResponseError {
  /// Where in a document something is wrong.
  struct Place: Codable {
    var severity: String
    var code: String
    var message: String
    var path: String
    var line: Int?
    var column: Int?
    var detail: String
    var hint: String

    init(_ diagnostic: Diagnostic) {
      severity = diagnostic.severity.rawValue
      (code, message, path) = (diagnostic.code, diagnostic.message, diagnostic.path)
      (line, column) = (diagnostic.location?.line, diagnostic.location?.column)
      (detail, hint) = (diagnostic.detail, diagnostic.hint)
    }
  }

  private enum CodingKeys: String, CodingKey {
    case type, title, status, detail, errors, plan, hint
    case errorCode = "error_code"
    case message
  }

  /// Lower case with underscores, stable: `JOB_NOT_FOUND`.
  var errorCode: String
  var statusCode: Int
  var title: String
  var detail: String
  var hint: String?
  var errors: [Place]?
  var plan: UpgradePlan?
  /// Seconds; set where another try makes sense.
  var retryAfter: Int?

  init(_ statusCode: Int, _ errorCode: String, _ title: String, _ detail: String = "", hint: String? = nil) {
    (self.statusCode, self.errorCode, self.title, self.detail, self.hint) = (statusCode, errorCode, title, detail, hint)
    retryAfter = [429, 503, 504].contains(statusCode) ? 2 : nil
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode("about:blank", forKey: .type)
    try values.encode(title, forKey: .title)
    try values.encode(statusCode, forKey: .status)
    try values.encode(detail, forKey: .detail)
    try values.encode(errorCode, forKey: .errorCode)
    try values.encode(detail.isEmpty ? title : detail, forKey: .message)
    try values.encodeIfPresent(hint, forKey: .hint)
    try values.encodeIfPresent(errors, forKey: .errors)
    try values.encodeIfPresent(plan, forKey: .plan)
  }

  /// What `encode` writes.
  static func schema(_ book: inout SchemaBook) -> Schema {
    let places = Schema.list(book.schema(Place.self))
    let plan = book.schema(UpgradePlan.self)
    return book.add(
      "Problem",
      .members(
        [
          ("type", .string), ("title", .string), ("status", .integer(400...599)), ("detail", .string),
          ("error_code", .string(pattern: "^[A-Z0-9_]+$", 1...64)), ("message", .string), ("hint", .string), ("errors", places),
          ("plan", plan),
        ], required: ["type", "title", "status", "detail", "error_code", "message"]))
  }

  // MARK: As a response

  var status: HTTPResponse.Status { HTTPResponse.Status(code: statusCode) }

  func response(from request: Request, context: some RequestContext) throws -> Response {
    var response = try JSON.response(self, status: statusCode)
    response.headers[.contentType] = "application/problem+json"
    if let retryAfter { response.headers[.retryAfter] = "\(retryAfter)" }
    if statusCode == 401 { response.headers[.wwwAuthenticate] = "Bearer" }
    return response
  }

  /// From what the server's own parts throw.
  static func of(_ error: any Error) -> Problem {
    switch error {
    case let problem as Problem: return problem
    case let refused as JobDocument.Refused:
      var problem = Problem(422, "DOCUMENT_INVALID", "the document is not a job that can run")
      problem.errors = refused.diagnostics.map(Place.init)
      problem.detail = refused.diagnostics.first.map { "\($0.code): \($0.message)" } ?? ""
      return problem
    case JobFault.unknown(let name): return Problem(404, "JOB_NOT_FOUND", "there is no job \"\(name)\"")
    case JobFault.conflict(let reason): return Problem(409, "JOB_BUSY", "the job is being changed", reason)
    case JobFault.losesState(let plan):
      var problem = Problem(
        409, "STATE_WOULD_BE_LOST", "the change would lose state",
        "checkpoint \(plan.epoch ?? 0) holds state of \(plan.dropped.joined(separator: ", ")), which the new document does not have",
        hint: "repeat the request with ?lose-state=true, or submit the job under a new name")
      problem.plan = plan
      return problem
    case JobFault.shuttingDown: return Problem(503, "SHUTTING_DOWN", "the server is stopping")
    case let conflict as RevisionConflict:
      return Problem(
        412, "REVISION_CONFLICT", "it was changed meanwhile", conflict.current.map { "it has revision \($0)" } ?? "it does not exist",
        hint: "read it again, and repeat the change with its ETag")
    case let absent as NotStored: return Problem(404, absent.code, "there is no such \(absent.kind)")
    case let away as StoreUnavailable: return Problem(503, "STORE_UNAVAILABLE", "the database does not answer", away.description)
    case let error as HTTPError where error.status == .notFound:
      return Problem(404, "NOT_FOUND", "there is nothing at this address", hint: "GET /api/v1/openapi.json says what there is")
    case let error as HTTPError: return Problem(error.status.code, "REQUEST_INVALID", error.body ?? error.status.reasonPhrase)
    default: return Problem(500, "INTERNAL", "the request failed", "\(error)")
    }
  }
}
