/// A document as a value: what YAML and JSON have in common. Members keep their order, so that text made from it is the same on every run.
package indirect enum StructuredValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case int(Int)
  case number(Double)
  case text(String)
  case list([StructuredValue])
  case map([Member])

  /// A key and its value.
  package struct Member: Sendable, Equatable {
    package var key: String
    package var value: StructuredValue

    package init(_ key: String, _ value: StructuredValue) {
      self.key = key
      self.value = value
    }
  }

  /// The value of a member; nil when this is no map or has no such member.
  package subscript(_ key: String) -> StructuredValue? {
    guard case .map(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// The text; numbers and booleans are written out, as YAML readers differ in what they take for a number.
  package var string: String? {
    switch self {
    case .text(let text): text
    case .int(let value): "\(value)"
    case .number(let value): NumberText.decimal(value)
    case .bool(let value): value ? "true" : "false"
    case .null, .list, .map: nil
    }
  }

  /// The number; also a text that is one.
  package var double: Double? {
    switch self {
    case .int(let value): Double(value)
    case .number(let value): value
    case .text(let text): Double(text)
    case .null, .bool, .list, .map: nil
    }
  }

  /// The elements; none when this is no list.
  package var elements: [StructuredValue] { if case .list(let values) = self { values } else { [] } }
  /// The members; none when this is no map.
  package var members: [Member] { if case .map(let members) = self { members } else { [] } }

  /// Appends a member to a map. Does nothing to other values.
  package mutating func append(_ key: String, _ value: StructuredValue) {
    guard case .map(var members) = self else { return }
    members.append(Member(key, value))
    self = .map(members)
  }

  /// Texts as a list.
  package static func texts(_ values: some Sequence<String>) -> StructuredValue { .list(values.map { .text($0) }) }
  /// A map of texts in the order given.
  package static func labels(_ values: some Sequence<(String, String)>) -> StructuredValue {
    .map(values.map { Member($0.0, .text($0.1)) })
  }
}

extension StructuredValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .text(value) }
  package init(integerLiteral value: Int) { self = .int(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: StructuredValue...) { self = .list(elements) }
  package init(dictionaryLiteral elements: (String, StructuredValue)...) { self = .map(elements.map { Member($0.0, $0.1) }) }
}
