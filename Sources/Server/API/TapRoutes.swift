internal import HTTPTypes
internal import Hummingbird
internal import Jobs
internal import NIOCore

/// `/api/v1/jobs/{name}/tap`: what passes on an edge of a running job, as server-sent events.
struct TapRoutes: Sendable {
  let supervisor: JobSupervisor

  var routes: [Route] {
    [
      Route(
        .get, "/api/v1/jobs/{name}/tap", "tapJob",
        "Some of the records that a step hands on, here or in workers, without personal data, as server-sent events: {\"passed\": records since the last, \"record\": …}.",
        role: .operate,
        parameters: [
          Parameter(name: "edge", isRequired: true, kind: .text(200), summary: "a step, or step.errors, or step.late"),
          Parameter(name: "rate", kind: .integer(1...50, standard: 10), summary: "records a second at most"),
          Parameter(name: "seconds", kind: .integer(1...600, standard: 60), summary: "then it ends"),
        ],
        answers: [
          .text("text/event-stream", "the events"), .problem(404, "JOB_NOT_FOUND", "EDGE_NOT_FOUND"), .problem(409, "JOB_NOT_RUNNING"),
          .problem(429, "TOO_MANY_TAPS"),
        ]
      ) { _, context in
        let seconds = context.integer("seconds")
        let tap = try await supervisor.tap(
          try context.jobName(), context.values["edge"] ?? "", rate: context.integer("rate"), seconds: seconds)
        var response = Response(
          status: .ok,
          body: ResponseBody { writer in
            do { try await Self.write(tap.events, seconds, &writer) } catch {
              await tap.close()
              throw error
            }
            await tap.close()
            try await writer.finish(nil)
          })
        response.headers[.contentType] = "text/event-stream"
        response.headers[.cacheControl] = "no-store"
        return response
      }
    ]
  }

  /// Writes events until the feed or the time ends. A comment every second finds out who has gone.
  private static func write(_ events: AsyncStream<EdgeFeed.Event>, _ seconds: Int, _ writer: inout any ResponseBodyWriter) async throws {
    let (lines, out) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(200))
    // Both end with this function: the one that is cancelled, or whose feed is closed, finishes the lines.
    let reading = Task {
      for await event in events { out.yield("data: {\"passed\":\(event.passed),\"record\":\(event.json)}\n\n") }
      out.finish()
    }
    let beating = Task {
      for _ in 0..<seconds {
        out.yield(": it goes on\n\n")
        do { try await Task.sleep(nanoseconds: 1_000_000_000) } catch { return }
      }
      out.finish()
    }
    defer {
      reading.cancel()
      beating.cancel()
    }
    for await line in lines { try await writer.write(ByteBuffer(string: line)) }
  }
}
