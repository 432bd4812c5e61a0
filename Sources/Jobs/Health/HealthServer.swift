package import Connectors
internal import Dataflow

/// Answers over HTTP whether the process is well: `GET /health/live`, `/health/ready` and `/metrics`.
package final class HealthServer: Sendable {
  private let listener: HTTPListener

  /// - Parameters:
  ///   - address: where to listen; keep it to a network that may know the numbers.
  ///   - report: asked at every request.
  package init(_ address: ListenAddress, report: @escaping @Sendable () async -> HealthReport) {
    var limits = ListenerLimits()
    limits.bodyBytes = 1024
    limits.idleSeconds = 30
    limits.connections = 100
    listener = HTTPListener(address, name: "questions about health", limits: limits) { call in
      guard ["GET", "HEAD"].contains(call.method) else {
        var answer = HTTPAnswer.text(405, "\(call.path) takes GET")
        answer.headers["Allow"] = "GET"
        return answer
      }
      switch call.path {
      case "/health/live": return .text(200, "live")
      case "/health/ready":
        let report = await report()
        let reasons = report.reasons
        return .text(reasons.isEmpty ? 200 : 503, ((reasons.isEmpty ? ["ready"] : reasons) + report.details).joined(separator: "\n"))
      case "/metrics": return HTTPAnswer(200, "text/plain; version=0.0.4; charset=utf-8", Array(await report().metrics.utf8))
      default: return .text(404, "there is nothing at \(call.path): /health/live, /health/ready, /metrics")
      }
    }
  }

  /// What the server is doing.
  package var state: ListenerState { listener.state }

  /// Begins to listen. Returns at once.
  package func start() { listener.start() }

  /// Ends, when the last answer is out.
  package func stop() async { await listener.stop() }

  /// Memory of this process that is in use, in bytes; nil where the system does not say.
  package static var residentBytes: Int? { ProcessMemory.resident }
}
