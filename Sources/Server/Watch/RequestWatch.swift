internal import Foundation
internal import HTTPTypes
internal import Hummingbird

/// Watches the server's own requests: numbers of all, and spans where somebody wants them.
struct RequestWatch: Sendable {
  let meter: RequestMeter
  var tracer: RequestTracer?

  /// Answers a request, and notes how that went. What is thrown is thrown on.
  func note(_ request: Request, _ route: Route, _ answer: () async throws -> Response) async throws -> Response {
    let begin = ContinuousClock.now
    let start = tracer == nil ? 0 : Int64(Date().timeIntervalSince1970 * 1e9)
    let result: Result<Response, any Error>
    do { result = .success(try await answer()) } catch { result = .failure(error) }
    let status =
      switch result {
      case .success(let response): response.status.code
      case .failure(let error): Problem.of(error).statusCode
      }
    let elapsed = begin.duration(to: .now).components
    let nanoseconds = elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000
    meter.note(route.method.rawValue, route.template, status, nanoseconds: nanoseconds)
    if let tracer {
      let parent = RequestSpan.Parent(HTTPField.Name("traceparent").flatMap { request.headers[$0] })
      tracer.add(
        RequestSpan(
          method: route.method.rawValue, route: route.template, status: status, start: start, end: start + nanoseconds, parent: parent,
          trace: parent?.trace ?? Self.id(2), id: Self.id(1)))
    }
    return try result.get()
  }

  /// Random hex digits, 16 a word.
  private static func id(_ words: Int) -> String {
    (0..<words).map { _ in
      let digits = String(UInt64.random(in: 1 ... .max), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
