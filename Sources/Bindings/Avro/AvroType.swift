#if Avro
/// What an Avro schema says about a value. Names are resolved: nothing refers to anything else.
public indirect enum AvroType: Sendable, Equatable {
  case null
  case boolean
  case int
  case long
  case float
  case double
  case bytes
  case string
  case array(AvroType)
  case map(AvroType)
  case union([AvroType])
  case record(AvroRecord)
  case enumeration(name: String, symbols: [String])
  case fixed(name: String, size: Int)
}

/// A record's name and fields.
public struct AvroRecord: Sendable, Equatable {
  /// One field.
  public struct Field: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// What it holds.
    public let type: AvroType
  }
  /// With its namespace.
  public let name: String
  /// In the order in which they are written.
  public let fields: [Field]
}

extension AvroType {
  /// The schema's parsing canonical form, as the Avro specification has it: equal for schemas that write the same bytes.
  public var canonicalForm: String {
    var seen: Set<String> = []
    return canonicalForm(&seen)
  }

  /// The fingerprint CRC-64-AVRO of the canonical form. Two schemas with one fingerprint are taken for one.
  public var fingerprint: UInt64 {
    // Bit by bit: it is made once for a schema.
    let empty: UInt64 = 0xC15D_213A_A4D7_A795
    var result = empty
    for byte in canonicalForm.utf8 {
      var entry = (result ^ UInt64(byte)) & 0xFF
      for _ in 0..<8 { entry = (entry >> 1) ^ (entry & 1 == 1 ? empty : 0) }
      result = (result >> 8) ^ entry
    }
    return result
  }

  private func canonicalForm(_ seen: inout Set<String>) -> String {
    switch self {
    case .null: return "\"null\""
    case .boolean: return "\"boolean\""
    case .int: return "\"int\""
    case .long: return "\"long\""
    case .float: return "\"float\""
    case .double: return "\"double\""
    case .bytes: return "\"bytes\""
    case .string: return "\"string\""
    case .array(let items): return "{\"type\":\"array\",\"items\":\(items.canonicalForm(&seen))}"
    case .map(let values): return "{\"type\":\"map\",\"values\":\(values.canonicalForm(&seen))}"
    case .union(let branches): return "[" + branches.map { $0.canonicalForm(&seen) }.joined(separator: ",") + "]"
    case .enumeration(let name, let symbols):
      guard seen.insert(name).inserted else { return "\"\(name)\"" }
      return "{\"name\":\"\(name)\",\"type\":\"enum\",\"symbols\":[\(symbols.map { "\"\($0)\"" }.joined(separator: ","))]}"
    case .fixed(let name, let size):
      guard seen.insert(name).inserted else { return "\"\(name)\"" }
      return "{\"name\":\"\(name)\",\"type\":\"fixed\",\"size\":\(size)}"
    case .record(let record):
      guard seen.insert(record.name).inserted else { return "\"\(record.name)\"" }
      let fields = record.fields.map { "{\"name\":\"\($0.name)\",\"type\":\($0.type.canonicalForm(&seen))}" }
      return "{\"name\":\"\(record.name)\",\"type\":\"record\",\"fields\":[\(fields.joined(separator: ","))]}"
    }
  }
}
#endif
