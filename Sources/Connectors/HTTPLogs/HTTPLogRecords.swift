internal import Dataflow

/// Writes log records in JSON as applications and agents make them as OTLP/JSON, each by itself: what one lacks is no fault of the others.
struct HTTPLogRecords {
  /// Why a record is not taken.
  struct Fault: Equatable {
    var reason: ErrorReason
    var detail: String
  }

  /// What a member means, besides being an attribute.
  private enum Role: Int, CaseIterable {
    case time, message, severity, service, environment, trace, span, identifier

    var names: [StaticString] {
      switch self {
      case .time: OTLPLogNames.time
      case .message: OTLPLogNames.message
      case .severity: OTLPLogNames.severity
      case .service: OTLPLogNames.service
      case .environment: OTLPLogNames.environment
      case .trace: OTLPLogNames.trace
      case .span: OTLPLogNames.span
      case .identifier: OTLPLogNames.identifier
      }
    }
  }

  /// The member that was chosen for each role: its value, and the rank of its name.
  private struct Chosen {
    private var values = [Int?](repeating: nil, count: Role.allCases.count)
    private var ranks = [Int](repeating: .max, count: Role.allCases.count)

    subscript(role: Role) -> Int? { values[role.rawValue] }

    mutating func note(_ role: Role, _ rank: Int, _ value: Int) {
      guard rank < ranks[role.rawValue] else { return }
      ranks[role.rawValue] = rank
      values[role.rawValue] = value
    }

    mutating func drop(_ role: Role) { values[role.rawValue] = nil }
    func contains(_ value: Int) -> Bool { values.contains(value) }
  }

  private let observed: Int64
  private var request = OTLPLogRequest()
  private var resource = OTLPLogRequest.Attributes()
  private var attributes = OTLPLogRequest.Attributes()
  /// The resource of the record before, so that records of one service stand together.
  private var open: [UInt8]?

  /// - Parameter observed: when the records were received, the time of those that say none. Nanoseconds since 1970.
  init(observed: Int64) { self.observed = observed }

  /// Records that were taken.
  var count: Int { request.count }

  /// What the spool keeps; nil when nothing was taken.
  mutating func end() -> [UInt8]? { request.end() }

  /// Takes the value at an index of the text. Answers why not, if so.
  mutating func take(_ record: Int, _ text: OTLPText) -> Fault? {
    guard var chosen = choose(record, text) else { return Fault(reason: "wrong-type", detail: "a record is not an object") }
    guard let message = chosen[.message] else {
      return Fault(reason: "missing-field", detail: "there is no message: message, msg, log, body or text")
    }
    var time: Int64?
    if let value = chosen[.time] {
      guard let nanoseconds = OTLPLogTime.nanoseconds(value, text) else {
        return Fault(
          reason: "wrong-type", detail: "the time cannot be read: \(String(decoding: text.raw(value).prefix(60), as: UTF8.self))")
      }
      guard TimePolicy.defaultPlausible.contains(nanoseconds) else {
        return Fault(reason: "impossible-time", detail: "the time is \(RFC3339.format(nanoseconds)), not between 1990 and 2100")
      }
      time = nanoseconds
    }
    // Ids that are none are attributes like any other.
    for (role, digits) in [(Role.trace, 32), (.span, 16)] {
      if let value = chosen[role], text.withString(value, { OTLPLogRequest.isHex($0, digits: digits) }) != true { chosen.drop(role) }
    }
    collectAttributes(record, chosen, text)
    beginResource(chosen, text)
    request.beginRecord(time: time, observed: observed)
    writeSeverity(chosen, text)
    if text.content(message) != nil {
      request.body(rawString: text.raw(message))
    } else {
      request.body(text.raw(message))
    }
    if let trace = chosen[.trace] { _ = text.withString(trace) { request.ids(trace: $0, span: nil) } }
    if let span = chosen[.span] { _ = text.withString(span) { request.ids(trace: nil, span: $0) } }
    request.endRecord(attributes)
    return nil
  }

  /// Finds the members with a meaning; nil when the record is no object.
  private func choose(_ record: Int, _ text: OTLPText) -> Chosen? {
    guard var index = text.object(record) else { return nil }
    var chosen = Chosen()
    while let member = text.next(&index) {
      for role in Role.allCases {
        guard let rank = OTLPLogNames.rank(member.key, in: role.names) else { continue }
        if let value = value(member.value, of: role, member, text) { chosen.note(role, rank, value) }
        break
      }
      index = text.end(of: member.value)
    }
    return chosen
  }

  /// What stands for the role; nil when the member is of a type that cannot.
  private func value(_ value: Int, of role: Role, _ member: OTLPText.Member, _ text: OTLPText) -> Int? {
    let first = text.first(value)
    switch role {
    case .time, .severity: return first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || first == UInt8(ascii: "n") ? nil : value
    case .message:
      if first == UInt8(ascii: "\"") { return value }
      // Elsewhere `log` and `text` are objects with other things in them.
      return first == UInt8(ascii: "n") || member.is("log") || member.is("text") ? nil : value
    case .service:
      // {"service": {"name": "x"}}
      let name = first == UInt8(ascii: "{") ? text.find("name", in: value) : value
      return name.flatMap { text.content($0)?.bytes.isEmpty == false ? $0 : nil }
    case .environment, .identifier: return text.content(value)?.bytes.isEmpty == false ? value : nil
    case .trace, .span: return text.content(value) == nil ? nil : value
    }
  }

  private mutating func collectAttributes(_ record: Int, _ chosen: Chosen, _ text: OTLPText) {
    attributes.removeAll()
    if let identifier = chosen[.identifier] { _ = text.withString(identifier) { attributes.append("event.id", $0) } }
    guard var index = text.object(record) else { return }
    while let member = text.next(&index) {
      if member.is("attributes"), var inner = text.object(member.value) {
        while let attribute = text.next(&inner) {
          append(attribute, text)
          inner = text.end(of: attribute.value)
        }
      } else if !chosen.contains(member.value) {
        append(member, text)
      }
      index = text.end(of: member.value)
    }
  }

  private mutating func append(_ member: OTLPText.Member, _ text: OTLPText) {
    attributes.append(rawKey: member.rawKey) { text.appendWrapped(member.value, to: &$0) }
  }

  private mutating func beginResource(_ chosen: Chosen, _ text: OTLPText) {
    resource.removeAll()
    if let service = chosen[.service] { _ = text.withString(service) { resource.append("service.name", $0) } }
    if let environment = chosen[.environment] { _ = text.withString(environment) { resource.append("deployment.environment.name", $0) } }
    if open == nil || open != resource.json { request.begin(resource) }
    open = resource.json
  }

  /// A text in any spelling; a number as loggers for JavaScript write it: 10 trace, 20 debug, … 60 fatal.
  private mutating func writeSeverity(_ chosen: Chosen, _ text: OTLPText) {
    guard let value = chosen[.severity] else { return }
    if text.withString(value, { request.severity($0) }) != nil { return }
    guard let level = text.integer(value), (10...69).contains(level) else { return }
    request.severity(number: (level / 10 - 1) * 4 + 1)
  }
}
