internal import HTTPTypes
internal import Hummingbird

/// One route of the server: what runs, who may call it, and all that the document says about it. The router and the document are made from the same
/// routes, and neither knows anything else.
struct Route: Sendable {
  typealias Handler = @Sendable (Request, ServerContext) async throws -> Response

  let method: HTTPRequest.Method
  /// `/api/v1/jobs/{name}`; `{path...}` at the end takes all that follows.
  let path: String
  /// `getJob`: the name that generated clients use. Nil for pages, which are no part of the document.
  let id: String?
  let summary: String
  /// Who may call it; nil for everybody.
  let role: Role?
  let parameters: [Parameter]
  let body: Body?
  private let own: [Answer]
  /// The answer is in memory and soon made: it is given on the thread of the connection, and other connections of that thread wait for it.
  let isQuick: Bool
  let handle: Handler
  /// As the document writes the path.
  let template: String

  init(
    _ method: HTTPRequest.Method, _ path: String, _ id: String?, _ summary: String, role: Role?, parameters: [Parameter] = [],
    body: Body? = nil, isQuick: Bool = false, answers: [Answer], handle: @escaping Handler
  ) {
    (self.method, self.path, self.id, self.summary, self.role) = (method, path, id, summary, role)
    (self.parameters, self.body, own, self.isQuick, self.handle) = (parameters, body, answers, isQuick, handle)
    template = path.replacing("...}", with: "}")
  }

  /// What a client may send as its body.
  struct Body: Sendable {
    var type: String
    var schema: @Sendable (inout SchemaBook) -> Schema
    /// Whether there must be one.
    var isRequired = true

    /// The Job document and its Connections.
    static let yaml = Body(type: "application/yaml") { _ in
      Schema.string.saying("one Job document, and the Connection documents that it uses")
    }

    static func json(_ schema: @escaping @Sendable (inout SchemaBook) -> Schema) -> Body { Body(type: "application/json", schema: schema) }
    static func json(_ type: (some RequestBody & SendableMetatype).Type, isRequired: Bool = true) -> Body {
      Body(type: "application/json", schema: { $0.schema(type) }, isRequired: isRequired)
    }
  }

  /// One way to answer.
  struct Answer: Sendable {
    var status: Int
    var summary: String
    /// Of the body; nil without one.
    var type: String?
    var schema: @Sendable (inout SchemaBook) -> Schema = { _ in .string }
    /// A second form of the same, for those who ask for it.
    var alternative: String?
    /// Headers that it comes with.
    var headers: [String] = []

    static func json(_ status: Int = 200, _ type: (some Decodable & SendableMetatype).Type, _ summary: String, headers: [String] = [])
      -> Answer
    {
      Answer(status: status, summary: summary, type: "application/json", schema: { $0.schema(type) }, headers: headers)
    }

    static func json(_ status: Int = 200, schema: Schema, _ summary: String) -> Answer {
      Answer(status: status, summary: summary, type: "application/json", schema: { _ in schema })
    }

    static func text(_ type: String, _ summary: String) -> Answer {
      // Of a stream of events, readers of the document look at each event: none is a text as a whole.
      Answer(status: 200, summary: summary, type: type, schema: { _ in ["*/*", "text/event-stream"].contains(type) ? .any : .string })
    }
    static func none(_ status: Int, _ summary: String) -> Answer { Answer(status: status, summary: summary) }

    /// A problem document with one of the codes.
    static func problem(_ status: Int, _ codes: String...) -> Answer {
      Answer(
        status: status, summary: codes.joined(separator: ", "), type: "application/problem+json", schema: { Problem.schema(&$0) },
        headers: [429, 503, 504].contains(status) ? ["Retry-After"] : status == 401 ? ["WWW-Authenticate"] : [])
    }
  }

  /// All answers by status: the route's own, and those that its role, parameters and body bring with them.
  var answers: [Answer] {
    var all = own
    func imply(_ answer: Answer) { if !all.contains(where: { $0.status == answer.status }) { all.append(answer) } }
    if method == .get, parameters.contains(where: { $0.name == Parameter.ifNoneMatch.name }) {
      imply(.none(304, "what the caller has seen still holds"))
    }
    imply(.problem(403, "HOST_NOT_LOCAL", "ORIGIN_NOT_ALLOWED", "FORBIDDEN"))
    if role != nil {
      imply(.problem(401, "TOKEN_MISSING", "TOKEN_UNKNOWN"))
      imply(.problem(503, "STORE_UNAVAILABLE", "SHUTTING_DOWN"))
    }
    if body != nil { imply(.problem(413, "BODY_TOO_LARGE")) }
    if checksParameters { imply(.problem(422, "PARAMETER_INVALID", "REQUEST_INVALID")) }
    return all.sorted { $0.status < $1.status }
  }

  /// Health and pages are asked with whatever somebody puts behind their addresses.
  var checksParameters: Bool { role != nil || !parameters.isEmpty }

  /// The path as the router writes it, and that which clients of the original use: `/api/v1/slos` for `/api/v1/slo`. The document has the first.
  var patterns: [RouterPath] {
    let parts = path.split(separator: "/").map { $0.hasSuffix("...}") ? "**" : String($0) }
    let plural = parts.map { ["sli", "slo"].contains($0) ? "\($0)s" : $0 }
    return (plural == parts ? [parts] : [parts, plural]).map { RouterPath($0.joined(separator: "/")) }
  }

  /// Names of the parts of the path that vary.
  var captures: [String] { template.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) } }
}
