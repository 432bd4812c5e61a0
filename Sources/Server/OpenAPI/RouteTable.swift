internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// All routes of the server. Makes the router, and what the router answers is what the document says.
struct RouteTable: Sendable {
  let routes: [Route]

  /// - Parameter routes: each pair of method and path once.
  init(_ routes: [Route]) {
    self.routes = routes
    precondition(Set(routes.map { "\($0.method) \($0.path)" }).count == routes.count, "two routes answer to the same requests")
  }

  /// The router: who calls is found out, and whether they may, and whether the parameters are right, before a route runs.
  func router(_ gate: Gate, _ watch: RequestWatch) -> Router<ServerContext> {
    let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: ProblemMiddleware())
    for (route, pattern) in routes.flatMap({ route in route.patterns.map { (route, $0) } }) {
      router.on(pattern, method: route.method) { request, context in
        try await watch.note(request, route) {
          var context = context
          context.identity = try await gate.admit(request, route.role)
          if let role = route.role { try context.require(role) }
          if route.checksParameters { context.values = try Parameter.values(route.parameters, request) }
          context.standards = Self.standards(route.parameters)
          if route.isQuick { return try await route.handle(request, context) }
          return try await offLoop { try await route.handle(request, context) }
        }
      }
    }
    refuseOthers(router)
    return router
  }

  private static let methods = (["GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"] as [String]).compactMap {
    HTTPRequest.Method($0)
  }

  /// A path that is there answers to other methods with those that it takes.
  private func refuseOthers(_ router: Router<ServerContext>) {
    for (path, own) in Dictionary(grouping: routes, by: \.path) {
      let known = own.map(\.method)
      let allowed = Self.methods.filter(known.contains).map(\.rawValue).joined(separator: ", ")
      for (method, pattern) in Self.methods.filter({ !known.contains($0) }).flatMap({ method in own[0].patterns.map { (method, $0) } }) {
        router.on(pattern, method: method) { request, context in
          var response = try Problem(405, "METHOD_NOT_ALLOWED", "\(path) takes \(allowed)").response(from: request, context: context)
          response.headers[.allow] = allowed
          return response
        }
      }
    }
  }

  private static func standards(_ parameters: [Parameter]) -> [String: Int] {
    parameters.reduce(into: [:]) { standards, parameter in
      if case .integer(_, let standard) = parameter.kind { standards[parameter.name] = standard }
    }
  }
}
