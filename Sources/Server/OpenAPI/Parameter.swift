internal import HTTPTypes
internal import Hummingbird

/// A parameter of a query, or a header. What is wrong is refused before the route sees it.
struct Parameter: Sendable {
  enum Kind: Sendable {
    /// Whole numbers, and the one that stands when none is given; nil where none has a meaning of its own.
    case integer(ClosedRange<Int>, standard: Int?)
    case number(ClosedRange<Double>)
    case choice([String])
    /// Up to so many characters, none of them a control character.
    case text(Int)
    /// Visible ASCII, as headers have it.
    case tag
  }

  var name: String
  var isHeader = false
  var isRequired = false
  var kind: Kind
  var summary: String

  static func limit(_ range: ClosedRange<Int>, standard: Int) -> Parameter {
    Parameter(name: "limit", kind: .integer(range, standard: standard), summary: "at most so many")
  }

  static let offset = Parameter(name: "offset", kind: .integer(0...1_000_000, standard: 0), summary: "so many are skipped")
  static let ifMatch = Parameter(
    name: "If-Match", isHeader: true, kind: .tag, summary: "the ETag of what the caller has seen: 412 when it was changed meanwhile")
  static let ifNoneMatch = Parameter(name: "If-None-Match", isHeader: true, kind: .tag, summary: "* when there must be none yet")
  static let idempotencyKey = Parameter(
    name: "Idempotency-Key", isHeader: true, kind: .tag, summary: "a repeat with the same key is the same request")

  var schema: Schema {
    switch kind {
    case .integer(let range, let standard): .integer(range, standard: standard)
    case .number(let range): .number(range)
    case .choice(let values): .choice(values)
    case .text(let length): .string(pattern: Self.plainPattern, 1...length)
    case .tag: .string(pattern: "^[!-~]([ -~]*[!-~])?$", 1...255)
    }
  }

  /// No control characters: neither Postgres nor a terminal takes them well.
  static let plainPattern = #"^[^\u0000-\u001f\u007f-\u009f]*$"#

  /// Whether a text has up to so many characters, and none of them is a control character.
  static func isPlain(_ text: String, _ length: ClosedRange<Int>) -> Bool {
    length.contains(text.unicodeScalars.count) && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }

  func accepts(_ text: String) -> Bool {
    switch kind {
    case .integer(let range, _): Int(text).map(range.contains) ?? false
    case .number(let range): Double(text).map(range.contains) ?? false
    case .choice(let values): values.contains(text)
    case .text(let length): Self.isPlain(text, 1...length)
    case .tag: (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
  }

  /// Reads the parameters of a request. Throws `Problem` 422 that names the one that is wrong.
  static func values(_ parameters: [Parameter], _ request: Request) throws -> [String: String] {
    var values: [String: String] = [:]
    let query = parameters.filter { !$0.isHeader }
    for (name, value) in request.uri.queryParameters where !name.isEmpty {
      guard let parameter = query.first(where: { $0.name == name }) else {
        throw refusal(
          String(name), "there is no such parameter",
          query.isEmpty ? "this takes none" : "it takes \(query.map(\.name).joined(separator: ", "))")
      }
      let text = String(value)
      guard values[parameter.name] == nil, parameter.accepts(text) else {
        throw refusal(parameter.name, "the value does not fit, or is there twice", parameter.summary)
      }
      values[parameter.name] = text
    }
    for parameter in parameters where parameter.isHeader {
      guard let name = HTTPField.Name(parameter.name), let text = request.headers[name] else { continue }
      guard parameter.accepts(text) else { throw refusal(parameter.name, "the value does not fit", "1 to 255 visible characters") }
      values[parameter.name] = text
    }
    if let missing = parameters.first(where: { $0.isRequired && values[$0.name] == nil }) {
      throw refusal(missing.name, "it is needed", missing.summary)
    }
    return values
  }

  private static func refusal(_ name: String, _ detail: String, _ hint: String) -> Problem {
    Problem(422, "PARAMETER_INVALID", "the parameter \"\(name.prefix(64))\" is not taken", detail, hint: hint)
  }
}
