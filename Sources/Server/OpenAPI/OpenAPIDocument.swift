internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import SLO

/// What `/api/v1/openapi.json` says: the routes as an OpenAPI 3.1 document.
enum OpenAPIDocument {
  /// The route that gives the document; it is in there too.
  static func route(beside routes: [Route]) -> Route {
    let answers: [Route.Answer] = [.json(schema: .object, "an OpenAPI 3.1 document")]
    func route(_ handle: @escaping Route.Handler) -> Route {
      Route(.get, "/api/v1/openapi.json", "getOpenAPI", "This document.", role: nil, answers: answers, handle: handle)
    }
    let body = ByteBuffer(string: make(routes + [route { _, _ in Response(status: .ok) }]).json)
    return route { _, _ in
      var response = Response(status: .ok, body: .init(byteBuffer: body))
      response.headers[.contentType] = "application/json"
      return response
    }
  }

  static func make(_ routes: [Route]) -> StructuredValue {
    var book = SchemaBook()
    var paths: [StructuredValue.Member] = []
    let documented = routes.filter { $0.id != nil }
    for route in documented where !paths.contains(where: { $0.key == route.template }) {
      var operations: [StructuredValue.Member] = []
      for other in documented where other.template == route.template {
        operations.append(.init(other.method.rawValue.lowercased(), operation(other, &book)))
      }
      paths.append(.init(route.template, .map(operations)))
    }
    let schemas = book.components.sorted { $0.key < $1.key }.map { StructuredValue.Member($0.key, $0.value.value) }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "sloscout", "version": .text(ServerVersion.text),
        "summary": "Jobs on streams of telemetry, and what they say about services.",
        "license": ["name": "MIT", "identifier": "MIT"],
      ],
      "servers": [["url": "/"]],
      "paths": .map(paths),
      "components": [
        "schemas": .map(schemas), "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
      ],
    ]
  }

  private static func operation(_ route: Route, _ book: inout SchemaBook) -> StructuredValue {
    var members: [StructuredValue.Member] = [
      .init("operationId", .text(route.id ?? "")), .init("summary", .text(route.summary)), .init("tags", [.text(tag(route))]),
      .init("security", route.role == nil ? [] : [["token": []]]),
    ]
    if let role = route.role { members.append(.init("x-role", .text(role.rawValue))) }
    let parameters = route.captures.map(capture) + route.parameters.map(parameter)
    if !parameters.isEmpty { members.append(.init("parameters", .list(parameters))) }
    if let body = route.body {
      members.append(
        .init(
          "requestBody",
          ["required": .bool(body.isRequired), "content": .map([.init(body.type, ["schema": body.schema(&book).value])])]))
    }
    // Schemas are written down as the answers are gone through, so the order is that of the table.
    var responses: [StructuredValue.Member] = []
    for answer in route.answers { responses.append(.init("\(answer.status)", response(answer, &book))) }
    members.append(.init("responses", .map(responses)))
    return .map(members)
  }

  private static func response(_ answer: Route.Answer, _ book: inout SchemaBook) -> StructuredValue {
    var members: [StructuredValue.Member] = [.init("description", .text(answer.summary))]
    if !answer.headers.isEmpty {
      members.append(.init("headers", .map(answer.headers.map { .init($0, ["schema": Schema.string.value]) })))
    }
    if let type = answer.type {
      var content: [StructuredValue.Member] = [.init(type, ["schema": answer.schema(&book).value])]
      if let alternative = answer.alternative { content.append(.init(alternative, ["schema": Schema.string.value])) }
      members.append(.init("content", .map(content)))
    }
    return .map(members)
  }

  /// `/api/v1/jobs/{name}` is about jobs, `/health/live` about health.
  private static func tag(_ route: Route) -> String {
    let parts = route.path.split(separator: "/").map(String.init)
    return parts.first == "api" && parts.count > 2 ? parts[2] : parts.first ?? ""
  }

  private static func capture(_ name: String) -> StructuredValue {
    let schema: Schema =
      switch name {
      case "name": .string(pattern: "^[A-Za-z0-9_-][A-Za-z0-9._-]*$", 1...63)
      case "number": .integer(1...1_000_000_000)
      default: .string(pattern: Parameter.plainPattern, 1...1000)
      }
    return ["name": .text(name), "in": "path", "required": true, "schema": schema.value]
  }

  private static func parameter(_ parameter: Parameter) -> StructuredValue {
    [
      "name": .text(parameter.name), "in": parameter.isHeader ? "header" : "query", "required": .bool(parameter.isRequired),
      "description": .text(parameter.summary), "schema": parameter.schema.value,
    ]
  }
}
