internal import Foundation

/// The body of `POST /api/v1/analyze`, checked.
struct AnalysisRequest: Sendable, Equatable, Codable {
  private enum CodingKeys: String, CodingKey {
    case service = "service_name"
    case namespace, environment
    case hours = "lookback_hours"
  }

  var service: String
  /// What users of the original send; kept, and told back.
  var namespace: String
  /// Only this environment; nil takes all.
  var environment: String?
  /// 1 to 2,160: ninety days.
  var hours: Int

  /// The body as it comes: every member may be missing or of another type.
  private struct Body: Decodable {
    private enum CodingKeys: String, CodingKey {
      case service = "service_name"
      case namespace, environment
      case hours = "lookback_hours"
      case days = "analysis_window_days"
      case refresh = "force_refresh"
    }
    var service: String?
    var namespace: String?
    var environment: String?
    var hours: Int?
    var days: Int?
    /// What users of the original send. Every analysis reads its telemetry anew, so either value means the same.
    var refresh: Bool?
  }

  /// Reads a body. Throws `Problem` 422 that names the member.
  init(json: Data) throws {
    let body: Body
    do { body = try JSONDecoder().decode(Body.self, from: json) } catch let error as DecodingError {
      throw Self.invalid(Self.member(error), "the body is no JSON object of the expected members, or a member has another type")
    }
    guard let service = body.service, Parameter.isPlain(service, 1...253) else {
      throw Self.invalid("service_name", "service_name is needed, with 1 to 253 characters and no control characters")
    }
    for (name, value) in [("namespace", body.namespace), ("environment", body.environment)] {
      if let value, !Parameter.isPlain(value, 1...253) {
        throw Self.invalid(name, "\(name) has 1 to 253 characters and no control characters")
      }
    }
    var hours = body.hours ?? 24
    if let days = body.days {
      guard (1...90).contains(days) else { throw Self.invalid("analysis_window_days", "analysis_window_days is from 1 to 90") }
      if let given = body.hours, given != days * 24 {
        throw Self.invalid("analysis_window_days", "lookback_hours and analysis_window_days say different things: send one")
      }
      hours = days * 24
    }
    guard (1...2160).contains(hours) else { throw Self.invalid("lookback_hours", "lookback_hours is from 1 to 2160") }
    self.service = service
    self.hours = hours
    namespace = body.namespace ?? "default"
    environment = body.environment
  }

  /// The body, for the API's document.
  static func schema(_ book: inout SchemaBook) -> Schema {
    let text = Schema.string(pattern: Parameter.plainPattern, 1...253)
    return book.add(
      "AnalysisRequest",
      .members(
        [
          ("service_name", text), ("namespace", text.orNull), ("environment", text.orNull),
          ("lookback_hours", Schema.integer(1...2160).orNull.saying("24 when left out")),
          ("analysis_window_days", Schema.integer(1...90).orNull.saying("instead of lookback_hours")),
          ("force_refresh", Schema.boolean.orNull.saying("telemetry is read anew in any case")),
        ], required: ["service_name"]))
  }

  private static func invalid(_ member: String, _ detail: String) -> Problem {
    Problem(
      422, "REQUEST_INVALID", "the request cannot be carried out: \(member)", detail,
      hint: #"{"service_name": "checkout", "namespace": "production", "lookback_hours": 24}"#)
  }

  private static func member(_ error: DecodingError) -> String {
    switch error {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      context.codingPath.last?.stringValue ?? "body"
    case .keyNotFound(let key, _): key.stringValue
    @unknown default: "body"
    }
  }
}
