#if Avro
package import Avro
internal import Dataflow

/// A record schema as a topic's format uses it: the type, and what the library does not tell: defaults and logical types.
package struct AvroSchema: Sendable, Equatable {
  /// One field of the record.
  package struct Field: Sendable, Equatable {
    package var name: String
    package var type: AvroType
    /// The default as it is written in the schema.
    package var defaultJSON: [UInt8]?
    /// For whole numbers that are times: nanoseconds of one unit.
    package var timeUnit: Int64?

    /// The type when the value is not null, and which branch of a union it is.
    package var content: (type: AvroType, branch: Int?, nullBranch: Int?)? {
      guard case .union(let branches) = type else { return (type, nil, nil) }
      guard branches.count == 2, let null = branches.firstIndex(of: .null) else { return nil }
      return (branches[1 - null], 1 - null, null)
    }
  }

  package let type: AvroType
  package let name: String
  package let fields: [Field]
  package let fingerprint: UInt64

  /// Reads a schema. Throws `AvroError`, `AvroSchemaProblem` for one that is no record.
  package init(_ json: [UInt8]) throws {
    type = try AvroParser.parse(json)
    guard case .record(let record) = type else { throw AvroSchemaProblem(message: "it describes no record") }
    name = record.name
    fingerprint = type.fingerprint
    let attributes = Self.attributes(json)
    fields = record.fields.map { field in
      let known = attributes[field.name]
      return Field(name: field.name, type: field.type, defaultJSON: known?.defaultJSON, timeUnit: known?.timeUnit)
    }
  }

  package static func == (a: AvroSchema, b: AvroSchema) -> Bool { a.type == b.type && a.fields == b.fields }

  /// The default and the time unit of each field, from the text itself. The library has read it before: it is a schema.
  private static func attributes(_ json: [UInt8]) -> [String: (defaultJSON: [UInt8]?, timeUnit: Int64?)] {
    let block = MemoryBlock(minimum: json.count)
    json.withUnsafeBufferPointer { if let base = $0.baseAddress { block.base.update(from: base, count: json.count) } }
    let text = OTLPText()
    var found: [String: ([UInt8]?, Int64?)] = [:]
    guard text.load(UnsafeBufferPointer(start: block.base, count: json.count)) == nil, let list = text.find("fields", in: text.root),
      var index = text.array(list)
    else { return [:] }
    while let item = text.nextItem(&index) {
      if let name = text.find("name", in: item).flatMap(text.content) {
        let value = text.find("default", in: item).map { Array(text.raw($0)) }
        found[String(decoding: name.bytes, as: UTF8.self)] = (value, text.find("type", in: item).flatMap { timeUnit($0, text) })
      }
      index = text.end(of: item)
    }
    withExtendedLifetime(block) {}
    return found
  }

  /// The unit of `{"type": "long", "logicalType": "timestamp-…"}`, alone or in a union.
  private static func timeUnit(_ type: Int, _ text: OTLPText) -> Int64? {
    if var index = text.array(type) {
      while let branch = text.nextItem(&index) {
        if let unit = timeUnit(branch, text) { return unit }
        index = text.end(of: branch)
      }
      return nil
    }
    guard let name = text.find("logicalType", in: type).flatMap(text.content) else { return nil }
    return switch String(decoding: name.bytes, as: UTF8.self) {
    case "timestamp-millis": 1_000_000
    case "timestamp-micros": 1_000
    case "timestamp-nanos": 1
    default: nil
    }
  }
}

/// Why a schema cannot be used here.
package struct AvroSchemaProblem: Error, CustomStringConvertible {
  package let message: String
  package var description: String { message }
}
#endif
