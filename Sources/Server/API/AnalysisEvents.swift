internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Synchronization

/// How analyses get on, told to those who watch. The database is asked: it knows of analyses whoever carries them out.
final class AnalysisEvents: Sendable {
  private let watchers = Mutex(0)
  /// Each asks the database twice a second.
  private static let limit = 16
  private static let interval: UInt64 = 500_000_000

  /// An answer that goes on until the analysis is over, the time is, or nobody reads it. Throws `Problem` 429 when as many watch as may.
  ///
  /// - Parameter find: reads the analysis again; nil when it is no more.
  func response(_ first: StoredAnalysis, seconds: Int, find: @escaping @Sendable () async throws -> StoredAnalysis?) throws -> Response {
    let isIn = watchers.withLock { count in
      guard count < Self.limit else { return false }
      count += 1
      return true
    }
    guard isIn else { throw Problem(429, "TOO_MANY_WATCHERS", "\(Self.limit) watch analyses already") }
    let seat = Seat(self)
    var response = Response(
      status: .ok,
      body: ResponseBody { writer in
        try await Self.write(first, seconds, &writer, find)
        // The seat is free when the answer is no more, however that comes about.
        withExtendedLifetime(seat) {}
        try await writer.finish(nil)
      })
    response.headers[.contentType] = "text/event-stream"
    response.headers[.cacheControl] = "no-store"
    return response
  }

  private static func write(
    _ first: StoredAnalysis, _ seconds: Int, _ writer: inout any ResponseBodyWriter, _ find: @Sendable () async throws -> StoredAnalysis?
  ) async throws {
    var shown = try event(first)
    try await writer.write(ByteBuffer(string: shown))
    var analysis = first
    let end = ContinuousClock.now + .seconds(seconds)
    while !analysis.status.isOver, ContinuousClock.now < end {
      try await Task.sleep(nanoseconds: interval)
      // A database that is away for a moment changes nothing.
      if let next = try? await find() { analysis = next }
      let text = try event(analysis)
      // A comment finds out who has gone.
      try await writer.write(ByteBuffer(string: text == shown ? ": it goes on\n\n" : text))
      shown = text
    }
  }

  private static func event(_ analysis: StoredAnalysis) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return "data: \(String(decoding: try encoder.encode(AnalysisView(analysis)), as: UTF8.self))\n\n"
  }

  /// One watcher's place, for as long as somebody holds it.
  private final class Seat: Sendable {
    private let events: AnalysisEvents

    init(_ events: AnalysisEvents) { self.events = events }

    deinit { events.watchers.withLock { $0 -= 1 } }
  }
}
