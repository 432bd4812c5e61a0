internal import Hummingbird

/// Turns whatever is thrown into a problem document. Outermost.
struct ProblemMiddleware: RouterMiddleware {
  func handle(_ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response) async throws -> Response
  {
    do { return try await next(request, context) } catch {
      return try Problem.of(error).response(from: request, context: context)
    }
  }
}
