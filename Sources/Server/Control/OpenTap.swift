internal import Dataflow
internal import Jobs

/// A look at records of a job that somebody has begun.
struct OpenTap: Sendable {
  /// Ends when the look does.
  let events: AsyncStream<EdgeFeed.Event>
  /// Ends the look. To be called once.
  let close: @Sendable () async -> Void

  /// Each look costs the job a little.
  static let limit = 4

  /// The job has as many looks as it bears.
  static var tooMany: Problem { Problem(429, "TOO_MANY_TAPS", "\(limit) look at this job already") }

  /// Throws `Problem` 404 when a job has no such edge.
  static func check(_ edge: String, in graph: JobGraph) throws {
    guard !graph.edgeNames.contains(edge) else { return }
    throw Problem(
      404, "EDGE_NOT_FOUND", "the job has no such edge",
      hint: "steps hand on: \(graph.handingSteps.joined(separator: ", ")); also .errors and .late")
  }
}
