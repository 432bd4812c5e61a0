/// A collection of Milvus: its name and the fields of its rows, one of them the key.
///
/// - Source: `schema.proto` of milvus-proto, whose numbers of fields and types stand here.
package struct MilvusCollection: Sendable, Equatable {
  /// What a field holds.
  package enum Kind: Sendable, Equatable {
    /// UTF-8 of at most `longestText` bytes.
    case text
    /// 64 bits with a sign.
    case number
    /// So many floats.
    case vector(Int)
    /// Something that we do not write.
    case other(Int)

    /// The number of `schema.DataType`.
    var code: Int {
      switch self {
      case .text: 21
      case .number: 5
      case .vector: 101
      case .other(let code): code
      }
    }
  }

  /// A field of every row.
  package struct Field: Sendable, Equatable {
    package var name: String
    package var kind: Kind
    /// Whether it says which rows are the same.
    package var isKey = false

    package init(_ name: String, _ kind: Kind, isKey: Bool = false) { (self.name, self.kind, self.isKey) = (name, kind, isKey) }
  }

  /// The longest text that a field of Milvus holds, in bytes.
  static let longestText = 65_535
  /// Of rows that are the same: longer ones would be slow, and none of ours are.
  static let longestKey = 1024

  package var name: String
  package var fields: [Field]

  package init(_ name: String, _ fields: [Field]) { (self.name, self.fields) = (name, fields) }

  /// The field of that name.
  func field(_ name: String) -> Field? { fields.first { $0.name == name } }

  /// `CollectionSchema` on the wire.
  var schema: [UInt8] {
    var schema = WireWriter()
    schema.append(1, name)
    for field in fields {
      schema.append(4) { wire in
        wire.append(2, field.name)
        if field.isKey { wire.append(3, varint: 1) }
        wire.append(5, varint: UInt64(field.kind.code))
        switch field.kind {
        case .text: wire.append(6) { $0.appendPair("max_length", "\(field.isKey ? Self.longestKey : Self.longestText)") }
        case .vector(let dimensions): wire.append(6) { $0.appendPair("dim", "\(dimensions)") }
        case .number, .other: break
        }
      }
    }
    return schema.bytes
  }

  /// What `DescribeCollection` answered about a collection.
  init(_ name: String, described schema: WireFields) throws(MalformedProtobuf) {
    var fields: [Field] = []
    for field in try schema.messages(4) {
      let code = Int(truncatingIfNeeded: field.number(5))
      let kind: Kind
      switch code {
      case 21: kind = .text
      case 5: kind = .number
      case 101: kind = .vector(try field.messages(6).first { $0.text(1) == "dim" }.flatMap { Int($0.text(2)) } ?? 0)
      default: kind = .other(code)
      }
      fields.append(Field(field.text(2), kind, isKey: field.number(3) != 0))
    }
    self.init(name, fields)
  }
}

extension WireWriter {
  /// A `common.KeyValuePair`.
  mutating func appendPair(_ key: String, _ value: String) {
    append(1, key)
    append(2, value)
  }
}

/// The values of one field of several rows.
package enum MilvusColumn {
  case texts([String])
  case numbers([Int64])
  /// Floats, little-endian, one row's after the other's.
  case vectors([UInt8], dimensions: Int)

  /// `FieldData` on the wire.
  func write(_ name: String, to wire: inout WireWriter) {
    switch self {
    case .texts(let texts):
      wire.append(1, varint: 21)
      wire.append(2, name)
      wire.append(3) { scalars in scalars.append(6) { list in for text in texts { list.append(1, text) } } }
    case .numbers(let numbers):
      wire.append(1, varint: 5)
      wire.append(2, name)
      wire.append(3) { scalars in scalars.append(3) { $0.append(1, packed: numbers.map { UInt64(bitPattern: $0) }) } }
    case .vectors(let floats, let dimensions):
      wire.append(1, varint: 101)
      wire.append(2, name)
      wire.append(4) { vectors in
        vectors.append(1, varint: UInt64(dimensions))
        vectors.append(2) { $0.append(1, floats) }
      }
    }
  }
}
