import Connectors
import Testing

/// Takes a request as a receiver does, and decodes what is kept as the source does.
struct PushedLogs {
  let answer: HTTPAnswer
  let rows: [[String: String]]
  let errors: [String]

  var body: String { String(decoding: answer.body, as: UTF8.self) }

  static let received: Int64 = 1_767_323_045_000_000_000  // 2026-01-02T03:04:05Z

  init(
    _ spoken: any PushProtocol, _ body: [UInt8], type: String? = "application/json", compression: String? = nil,
    limits: BodyLimits = BodyLimits()
  ) throws {
    var request = PushRequest(path: spoken.paths[0], contentType: type, compression: compression, body: body, limits: limits)
    request.received = Self.received
    let accepted = try spoken.take(request)
    answer = accepted.answer
    let run = OTLPRun()
    if let kept = accepted.kept { try run.feed(String(decoding: kept, as: UTF8.self)) }
    rows = run.rows
    errors = run.errors
  }

  init(_ spoken: any PushProtocol, _ text: String, type: String? = "application/json") throws {
    try self.init(spoken, Array(text.utf8), type: type)
  }

  /// Why a request is refused as a whole; nil when it is not.
  static func rejection(_ spoken: any PushProtocol, _ body: [UInt8], type: String? = "application/json", compression: String? = nil)
    -> PushRejection?
  {
    do {
      _ = try PushedLogs(spoken, body, type: type, compression: compression)
      return nil
    } catch { return error as? PushRejection }
  }
}
