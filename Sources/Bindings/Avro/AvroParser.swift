#if Avro
internal import CAvro

/// Reads Avro schemas with the Avro project's C library: it decides what a schema is, and resolves the names in it.
public enum AvroParser {
  /// Deeper schemas are refused, so that hostile ones cannot exhaust the stack.
  private static let maxDepth = 32

  /// The type that a schema in JSON describes.
  ///
  /// - Throws: `AvroError` for what is no schema, and for one that contains itself.
  public static func parse(_ json: [UInt8]) throws(AvroError) -> AvroType {
    var schema: avro_schema_t?
    let status = json.withUnsafeBytes { bytes in
      avro_schema_from_json_length(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &schema)
    }
    guard status == 0, let schema else { throw AvroError(String(cString: avro_strerror())) }
    defer { avro_schema_decref(schema) }
    return try type(of: schema, inside: [], depth: 0)
  }

  private static func type(of schema: avro_schema_t, inside names: Set<String>, depth: Int) throws(AvroError) -> AvroType {
    guard depth < maxDepth else { throw AvroError("the schema is nested more than \(maxDepth) deep") }
    switch schema.pointee.type {
    case AVRO_NULL: return .null
    case AVRO_BOOLEAN: return .boolean
    case AVRO_INT32: return .int
    case AVRO_INT64: return .long
    case AVRO_FLOAT: return .float
    case AVRO_DOUBLE: return .double
    case AVRO_BYTES: return .bytes
    case AVRO_STRING: return .string
    case AVRO_ARRAY: return .array(try child(avro_schema_array_items(schema), names, depth))
    case AVRO_MAP: return .map(try child(avro_schema_map_values(schema), names, depth))
    case AVRO_LINK: return try child(avro_schema_link_target(schema), names, depth)
    case AVRO_FIXED: return .fixed(name: fullName(schema), size: Int(avro_schema_fixed_size(schema)))
    case AVRO_ENUM:
      let symbols = (0..<avro_schema_enum_number_of_symbols(schema)).map { String(cString: avro_schema_enum_get(schema, $0)) }
      return .enumeration(name: fullName(schema), symbols: symbols)
    case AVRO_UNION:
      var branches: [AvroType] = []
      for index in 0..<avro_schema_union_size(schema) {
        branches.append(try child(avro_schema_union_branch(schema, Int32(index)), names, depth))
      }
      return .union(branches)
    case AVRO_RECORD:
      let name = fullName(schema)
      guard !names.contains(name) else { throw AvroError("the record \(name) contains itself, which a table cannot") }
      var fields: [AvroRecord.Field] = []
      for index in 0..<Int32(avro_schema_record_size(schema)) {
        let type = try child(avro_schema_record_field_get_by_index(schema, index), names.union([name]), depth)
        fields.append(.init(name: String(cString: avro_schema_record_field_name(schema, index)), type: type))
      }
      return .record(AvroRecord(name: name, fields: fields))
    default: throw AvroError("the schema holds a type that is not known")
    }
  }

  /// The parts of a schema belong to it: nothing is released here.
  private static func child(_ schema: avro_schema_t?, _ names: Set<String>, _ depth: Int) throws(AvroError) -> AvroType {
    guard let schema else { throw AvroError(String(cString: avro_strerror())) }
    return try type(of: schema, inside: names, depth: depth + 1)
  }

  private static func fullName(_ schema: avro_schema_t) -> String {
    let name = String(cString: avro_schema_name(schema))
    guard let space = avro_schema_namespace(schema), space.pointee != 0 else { return name }
    return "\(String(cString: space)).\(name)"
  }
}
#endif
