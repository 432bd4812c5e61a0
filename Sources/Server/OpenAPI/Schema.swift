internal import SLO

/// A JSON Schema (2020-12, as OpenAPI 3.1 has it): what a value of the API looks like.
struct Schema: Sendable, Equatable {
  var value: StructuredValue

  static let any = Schema(value: [:])
  static let boolean = Schema(value: ["type": "boolean"])
  static let integer = Schema(value: ["type": "integer"])
  static let number = Schema(value: ["type": "number"])
  static let string = Schema(value: ["type": "string"])
  /// An object whose members are described elsewhere.
  static let object = Schema(value: ["type": "object"])

  static func integer(_ range: ClosedRange<Int>) -> Schema {
    Schema(value: ["type": "integer", "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)])
  }

  static func integer(_ range: ClosedRange<Int>, standard: Int?) -> Schema {
    var schema = integer(range)
    if let standard { schema.value.append("default", .int(standard)) }
    return schema
  }

  static func number(_ range: ClosedRange<Double>) -> Schema {
    Schema(value: ["type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)])
  }

  static func string(pattern: String, _ length: ClosedRange<Int>) -> Schema {
    Schema(value: [
      "type": "string", "pattern": .text(pattern), "minLength": .int(length.lowerBound), "maxLength": .int(length.upperBound),
    ])
  }

  /// An object with these members; those that are not required may be absent.
  static func members(_ members: [(name: String, schema: Schema)], required: [String] = []) -> Schema {
    var value = object.value
    value.append("properties", .map(members.map { .init($0.name, $0.schema.value) }))
    if !required.isEmpty { value.append("required", .texts(required)) }
    return Schema(value: value)
  }

  static func choice(_ values: some Sequence<String>) -> Schema { Schema(value: ["type": "string", "enum": .texts(values)]) }
  static func list(_ item: Schema) -> Schema { Schema(value: ["type": "array", "items": item.value]) }
  static func map(_ item: Schema) -> Schema { Schema(value: ["type": "object", "additionalProperties": item.value]) }
  /// One of the document's components.
  static func reference(_ name: String) -> Schema { Schema(value: ["$ref": .text("#/components/schemas/\(name)")]) }

  /// The same, or nothing: how requests may write what they leave out.
  var orNull: Schema { Schema(value: ["anyOf": [value, ["type": "null"]]]) }

  /// With a sentence for readers.
  func saying(_ text: String) -> Schema {
    var schema = self
    schema.value.append("description", .text(text))
    return schema
  }
}
