#if Avro
internal import Avro
internal import Dataflow

/// Avro records as rows: what one schema wrote, read as another asks. The two are compared once and turned into steps.
///
/// Fields that only the writer has are passed over; of those that only the reader has the default is taken. Numbers widen as Avro says.
struct AvroDecoder {
  private enum Kind {
    case skip
    case long
    case time
    case double
    case float
    /// A whole number where the reader wants a fraction.
    case number
    case bool
    case bytes
    case symbol
    case fixed
    case json
  }

  private struct Step {
    var kind: Kind
    var field: Field
    var nullBranch: Int64 = -1
    /// How many branches the writer's union has; 0 when it is none.
    var branches: Int64 = 0
    /// Nanoseconds of one unit, bytes of a fixed value, or the index into `types` or `symbols`.
    var number: Int64 = 0
  }

  /// The schema whose bytes this reads.
  let fingerprint: UInt64
  private var steps: [Step] = []
  private var types: [AvroType] = []
  private var symbols: [[ByteView]] = []
  private let block = MemoryBlock(minimum: 1 << 12)
  private var used = 0
  /// The columns of fields that the writer does not have.
  private var missing: [(field: Field, value: Constant)] = []

  private enum Constant {
    case null
    case long(Int64)
    case double(Double)
    case bool(Bool)
    case bytes(ByteView)
  }

  /// - Throws: `AvroSchemaProblem` when the one cannot be read as the other.
  init(writer: AvroSchema, reader: AvroSchema, _ columns: Schema) throws {
    fingerprint = writer.fingerprint
    guard writer.name.split(separator: ".").last == reader.name.split(separator: ".").last else {
      throw AvroSchemaProblem(message: "\(writer.name) is another record than \(reader.name)")
    }
    for field in writer.fields {
      guard let wanted = reader.fields.first(where: { $0.name == field.name }), let column = columns.field(field.name) else {
        types.append(field.type)
        steps.append(Step(kind: .skip, field: Field(name: field.name, type: .bytes, column: 0), number: Int64(types.count - 1)))
        continue
      }
      steps.append(try step(field, as: wanted, column))
    }
    for field in reader.fields where !writer.fields.contains(where: { $0.name == field.name }) {
      guard let column = columns.field(field.name) else { continue }
      missing.append((column, try constant(field, column)))
    }
  }

  /// The columns that records of a schema become.
  static func columns(_ schema: AvroSchema) -> [(name: String, type: ColumnType)] {
    schema.fields.map { field in
      let type: ColumnType =
        switch field.content?.type {
        case .int?, .long?: field.timeUnit == nil ? .int64 : .time
        case .float?, .double?: .double
        case .boolean?: .bool
        default: .bytes
        }
      return (field.name, type)
    }
  }

  private mutating func step(_ field: AvroSchema.Field, as reader: AvroSchema.Field, _ column: Field) throws -> Step {
    var step = Step(kind: .json, field: column)
    guard let content = field.content, let wanted = reader.content else {
      guard field.type == reader.type else { throw mismatch(field) }
      types.append(field.type)
      step.number = Int64(types.count - 1)
      return step
    }
    step.nullBranch = Int64(content.nullBranch ?? -1)
    step.branches = content.branch == nil ? 0 : 2
    if content.nullBranch != nil && wanted.nullBranch == nil {
      throw AvroSchemaProblem(message: "its field \"\(field.name)\" may be null, which the reader's schema does not allow")
    }
    switch (content.type, wanted.type) {
    case (.int, .int), (.int, .long), (.long, .long):
      (step.kind, step.number) = reader.timeUnit.map { (.time, $0) } ?? (.long, 0)
      guard field.timeUnit == reader.timeUnit || field.timeUnit == nil else { throw mismatch(field) }
    case (.int, .float), (.int, .double), (.long, .float), (.long, .double): step.kind = .number
    case (.float, .float), (.float, .double): step.kind = .float
    case (.double, .double): step.kind = .double
    case (.boolean, .boolean): step.kind = .bool
    case (.string, .string), (.string, .bytes), (.bytes, .string), (.bytes, .bytes): step.kind = .bytes
    case (.enumeration(_, let written), .enumeration):
      // A symbol that the reader's schema does not know yet is text as well.
      symbols.append(written.map { keep(Array($0.utf8)) })
      (step.kind, step.number) = (.symbol, Int64(symbols.count - 1))
    case (.fixed(_, let size), .fixed(_, let other)) where size == other: (step.kind, step.number) = (.fixed, Int64(size))
    case (.array, .array), (.map, .map), (.record, .record):
      types.append(content.type)
      step.number = Int64(types.count - 1)
    case (.null, _): step.kind = .skip
    default: throw mismatch(field)
    }
    if step.kind == .skip {
      types.append(field.type)
      step.number = Int64(types.count - 1)
    }
    return step
  }

  private func mismatch(_ field: AvroSchema.Field) -> AvroSchemaProblem {
    AvroSchemaProblem(message: "its field \"\(field.name)\" has a type that the reader's schema does not take")
  }

  private mutating func constant(_ field: AvroSchema.Field, _ column: Field) throws -> Constant {
    guard let json = field.defaultJSON else {
      guard field.content?.nullBranch != nil else {
        throw AvroSchemaProblem(message: "it lacks the field \"\(field.name)\", for which the reader's schema has no default")
      }
      return .null
    }
    var encoded: [UInt8] = []
    guard AvroDefault.append(json, field.type, to: &encoded) else {
      throw AvroSchemaProblem(message: "the default of the field \"\(field.name)\" does not fit the field")
    }
    // Read back by the rules of any other value.
    encoded.append(0)
    return try encoded.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return .null }
      var bytes = AvroBytes(base, count: buffer.count - 1)
      var type = field.type
      if case .union(let branches) = type { type = branches[try bytes.index(below: branches.count)] }
      switch type {
      case .null: return .null
      case .int, .long: return .long(try bytes.long() * (field.timeUnit ?? 1))
      case .float: return .double(Double(try bytes.float()))
      case .double: return .double(try bytes.double())
      case .boolean: return .bool(try bytes.bool())
      case .bytes, .string: return .bytes(keep(Array(try bytes.counted().buffer)))
      case .enumeration(_, let symbols): return .bytes(keep(Array(symbols[try bytes.index(below: symbols.count)].utf8)))
      case .fixed(_, let size): return .bytes(keep(Array(try bytes.fixed(size).buffer)))
      case .array, .map, .record, .union:
        var text: [UInt8] = []
        try AvroJSON.append(&bytes, type, to: &text)
        return .bytes(keep(text))
      }
    }
  }

  /// Constants live in a block of their own, which batches retain.
  private mutating func keep(_ bytes: [UInt8]) -> ByteView {
    precondition(used + bytes.count <= block.capacity, "the symbols and defaults of a schema are larger than \(block.capacity) bytes")
    let target = block.base + used
    bytes.withUnsafeBufferPointer { if let base = $0.baseAddress { target.update(from: base, count: bytes.count) } }
    used += bytes.count
    return ByteView(base: target, count: bytes.count)
  }

  // MARK: Rows

  /// Makes constants that rows may point to live as long as the batch.
  func prepare(_ batch: RecordBatch) {
    batch.retain(block)
  }

  /// Reads one record into the row. Text stays where it is: the value's memory is the batch's. What was read before a fault stays in the row.
  func read(_ value: ByteView, from start: Int, _ batch: RecordBatch, _ row: Int) throws(AvroFault) {
    guard let base = value.base else { throw AvroFault.short }
    var bytes = AvroBytes(base, count: value.count)
    _ = try bytes.fixed(start)
    for step in steps { try read(step, &bytes, batch, row) }
    guard bytes.at == bytes.count else { throw AvroFault.rest }
    for (field, constant) in missing { fill(field, constant, batch, row) }
  }

  @inline(__always)
  private func read(_ step: Step, _ bytes: inout AvroBytes, _ batch: RecordBatch, _ row: Int) throws(AvroFault) {
    let field = step.field
    if step.kind == .skip { return try bytes.skip(types[Int(step.number)]) }
    if step.branches > 0, Int64(try bytes.index(below: Int(step.branches))) == step.nullBranch { return fill(field, .null, batch, row) }
    switch step.kind {
    case .skip: return
    case .long: batch.int64s(field)[row] = try bytes.long()
    case .time:
      // A time beyond what nanoseconds can say is held at the border.
      let (time, isBeyond) = try bytes.long().multipliedReportingOverflow(by: step.number)
      batch.int64s(field)[row] = isBeyond ? (time < 0 ? .max : .min + 1) : time
    case .number: batch.doubles(field)[row] = Double(try bytes.long())
    case .float: batch.doubles(field)[row] = Double(try bytes.float())
    case .double: batch.doubles(field)[row] = try bytes.double()
    case .bool: batch.bools(field)[row] = try bytes.bool()
    case .bytes: batch.bytes(field)[row] = try bytes.counted()
    case .fixed: batch.bytes(field)[row] = try bytes.fixed(Int(step.number))
    case .symbol:
      let names = symbols[Int(step.number)]
      batch.bytes(field)[row] = names[try bytes.index(below: names.count)]
    case .json:
      var text: [UInt8] = []
      try AvroJSON.append(&bytes, types[Int(step.number)], to: &text)
      // Text is quoted, so this is null and nothing else.
      batch.bytes(field)[row] = text.elementsEqual("null".utf8) ? .null : text.withUnsafeBufferPointer { batch.copy($0) }
    }
    if field.type != .bytes { batch.nulls(field)[row] = 0 }
  }

  private func fill(_ field: Field, _ constant: Constant, _ batch: RecordBatch, _ row: Int) {
    switch constant {
    case .null:
      if field.type == .bytes { batch.bytes(field)[row] = .null } else { batch.nulls(field)[row] = 1 }
      return
    case .long(let value): batch.int64s(field)[row] = value
    case .double(let value): batch.doubles(field)[row] = value
    case .bool(let value): batch.bools(field)[row] = value
    case .bytes(let view): batch.bytes(field)[row] = view
    }
    if field.type != .bytes { batch.nulls(field)[row] = 0 }
  }
}
#endif
