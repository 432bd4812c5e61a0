public import Dataflow

/// Gives fields a constant value, replacing what was there.
///
/// - Output: the input records; a new or replaced field for each entry. Text becomes bytes, numbers and booleans keep their type.
/// - Complexity: O(entries) per record; the constant's bytes are shared by all rows.
public enum SetFields {
  /// The catalog entry `set`.
  public static let type = OperatorType(
    Descriptor(
      type: "set",
      summary: "Gives fields a constant value, for example an environment that the records do not say.",
      fields: [
        ConfigField("fields", .map(.any), required: true, example: "{ environment: prod }", "A map from field names to constants.")
      ],
      example: "fields: { environment: prod }")
  ) { config, schema in
    var output = schema
    var constants: [(Field, Constant)] = []
    for (name, value) in config.map("fields") ?? [] {
      guard case .any(let written) = value else { continue }
      let constant = try Constant(written)
      constants.append((output.append(name, constant.type), constant))
    }
    guard !constants.isEmpty else {
      throw config.diagnostic("fields", code: "job.empty-list", "set names no field", hint: "write { field: value }")
    }
    let (planned, schema) = (constants, output)
    return PlannedOperator(schema: schema) { SetFieldsOperator(planned, schema) }
  }

  /// A constant of a job file as a column holds it.
  enum Constant: Sendable {
    case bytes(String)
    case int64(Int64)
    case double(Double)
    case bool(Bool)

    init(_ value: ConfigValue) throws {
      switch value.content {
      case .string(let text): self = .bytes(text)
      case .int(let number): self = .int64(number)
      case .double(let number): self = .double(number)
      case .bool(let flag): self = .bool(flag)
      case .null, .list, .map: throw value.diagnostic(.wrongType, "a constant is expected here, not \(value.word)")
      }
    }

    var type: ColumnType {
      switch self {
      case .bytes: .bytes
      case .int64: .int64
      case .double: .double
      case .bool: .bool
      }
    }
  }
}

final class SetFieldsOperator: Operator {
  private let schema: Schema
  private let constants: [(field: Field, constant: SetFields.Constant, text: ByteView)]
  private let pool: ConstantPool

  init(_ constants: [(Field, SetFields.Constant)], _ schema: Schema) {
    var texts: [String] = []
    for case (_, .bytes(let text)) in constants { texts.append(text) }
    let pool = ConstantPool(texts)
    var views = pool.views.makeIterator()
    self.schema = schema
    self.pool = pool
    self.constants = constants.map { field, constant in
      if case .bytes = constant { return (field, constant, views.next() ?? .null) }
      return (field, constant, .null)
    }
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    batch.extend(to: schema)
    batch.retain(pool.block)
    let rows = UnsafeBufferPointer(start: batch.selection, count: batch.selectedCount)
    for (field, constant, text) in constants {
      switch constant {
      case .bytes:
        let values = batch.bytes(field)
        for row in rows { values[Int(row)] = text }
      case .int64(let number): fill(batch.int64s(field), number, batch.nulls(field), rows)
      case .double(let number): fill(batch.doubles(field), number, batch.nulls(field), rows)
      case .bool(let flag): fill(batch.bools(field), flag, batch.nulls(field), rows)
      }
    }
    try output.emit(batch)
  }

  private func fill<T>(
    _ values: UnsafeMutablePointer<T>, _ value: T, _ nulls: UnsafeMutablePointer<UInt8>, _ rows: UnsafeBufferPointer<UInt16>
  ) {
    for row in rows {
      values[Int(row)] = value
      nulls[Int(row)] = 0
    }
  }
}
