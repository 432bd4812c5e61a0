#if Avro
internal import Avro
internal import Dataflow
internal import Glibc

/// Rows as Avro records. The schema is turned into steps once; a row costs a few instructions a field.
struct AvroEncoder: TopicEncoder {
  private enum Kind {
    /// The field has no column: its default is written.
    case constant
    case long
    case int
    case time
    /// The record's event time, whatever columns there are.
    case eventTime
    case double
    case float
    case bool
    case bytes
    /// Bytes that must be UTF-8.
    case string
    case symbol
    case fixed
    case floats
    /// JSON text in the column, in the shape that the type says.
    case json
  }

  private struct Step {
    var kind: Kind
    var field: Field
    /// What goes before the value: the union's branch.
    var branch: Int64 = -1
    var nullBranch: Int64 = -1
    /// Nanoseconds of one unit, bytes of a fixed value, or the index into `constants`, `symbols` or `types`.
    var number: Int64 = 0
  }

  private var steps: [Step] = []
  private var constants: [[UInt8]] = []
  private var symbols: [[[UInt8]]] = []
  private var types: [AvroType] = []
  private let names: [String]
  private let head: [UInt8]
  private let text: AvroText

  /// The object is what keeps an encoder from being shared: it is made once for each subtask.
  private final class AvroText {
    let json = OTLPText()
  }

  /// - Parameters:
  ///   - framed: whether each value begins with the schema's fingerprint (Avro's single-object encoding).
  ///   - eventTime: the schema's field that takes the record's event time.
  /// - Throws: `AvroSchemaProblem` when the records lack something that the schema needs.
  init(_ schema: AvroSchema, _ columns: Schema, framed: Bool, eventTime: String? = nil) throws {
    head = framed ? AvroFraming.head(schema.fingerprint) : []
    names = schema.fields.map(\.name)
    text = AvroText()
    if let eventTime, !names.contains(eventTime) { throw AvroSchemaProblem(message: "it has no field \"\(eventTime)\" for the event time") }
    for field in schema.fields { steps.append(field.name == eventTime ? try timeStep(field) : try step(field, columns)) }
  }

  private func timeStep(_ field: AvroSchema.Field) throws -> Step {
    guard let content = field.content, content.type == .long, let unit = field.timeUnit else {
      throw AvroSchemaProblem(message: "its field \"\(field.name)\" is no time: it needs a logicalType timestamp-millis, -micros or -nanos")
    }
    return Step(
      kind: .eventTime, field: Field(name: field.name, type: .time, column: 0), branch: Int64(content.branch ?? -1),
      nullBranch: Int64(content.nullBranch ?? -1), number: unit)
  }

  private mutating func step(_ field: AvroSchema.Field, _ columns: Schema) throws -> Step {
    guard let column = columns.field(field.name) else { return try constant(field) }
    guard let content = field.content else {
      guard column.type == .bytes else { throw mismatch(field, column) }
      types.append(field.type)
      return Step(kind: .json, field: column, number: Int64(types.count - 1))
    }
    var step = Step(kind: .bytes, field: column, branch: Int64(content.branch ?? -1), nullBranch: Int64(content.nullBranch ?? -1))
    switch (content.type, column.type) {
    case (.long, .int64):
      guard field.timeUnit == nil else {
        throw AvroSchemaProblem(
          message:
            "its field \"\(field.name)\" is a time, and the records have a number there: if it is the event time, say eventTime: \(field.name)"
        )
      }
      step.kind = .long
    case (.int, .int64): step.kind = .int
    case (.long, .time):
      guard let unit = field.timeUnit else {
        throw AvroSchemaProblem(
          message: "its field \"\(field.name)\" is a time here: give it the logicalType timestamp-millis, -micros or -nanos")
      }
      (step.kind, step.number) = (.time, unit)
    case (.double, .double): step.kind = .double
    case (.float, .double): step.kind = .float
    case (.boolean, .bool): step.kind = .bool
    case (.bytes, .bytes): step.kind = .bytes
    case (.string, .bytes): step.kind = .string
    case (.enumeration(_, let names), .bytes):
      symbols.append(names.map { Array($0.utf8) })
      (step.kind, step.number) = (.symbol, Int64(symbols.count - 1))
    case (.fixed(_, let size), .bytes): (step.kind, step.number) = (.fixed, Int64(size))
    case (.array(.float), .vector): step.kind = .floats
    case (.array, .bytes), (.map, .bytes), (.record, .bytes):
      types.append(content.type)
      (step.kind, step.number) = (.json, Int64(types.count - 1))
    default: throw mismatch(field, column)
    }
    return step
  }

  /// What is written for a field that the records do not have.
  private mutating func constant(_ field: AvroSchema.Field) throws -> Step {
    var bytes: [UInt8] = []
    if let json = field.defaultJSON {
      guard AvroDefault.append(json, field.type, to: &bytes) else {
        throw AvroSchemaProblem(message: "the default of its field \"\(field.name)\" does not fit the field")
      }
    } else if let null = field.content?.nullBranch {
      bytes.append(avro: Int64(null))
    } else {
      throw AvroSchemaProblem(message: "it needs a field \"\(field.name)\", which the records do not have")
    }
    constants.append(bytes)
    // Any column: it is not looked at.
    return Step(kind: .constant, field: Field(name: field.name, type: .bytes, column: 0), number: Int64(constants.count - 1))
  }

  private func mismatch(_ field: AvroSchema.Field, _ column: Field) -> AvroSchemaProblem {
    AvroSchemaProblem(message: "its field \"\(field.name)\" cannot hold what the records have there (\(column.type))")
  }

  // MARK: Rows

  mutating func append(_ batch: RecordBatch, _ row: Int, to output: inout [UInt8]) -> TopicRowFault? {
    output.append(contentsOf: head)
    for index in steps.indices {
      let step = steps[index]
      if step.kind == .constant {
        output.append(contentsOf: constants[Int(step.number)])
        continue
      }
      if isNull(step, batch, row) {
        guard step.nullBranch >= 0 else {
          return fault("null-value", "the field \"\(names[index])\" is null, which the schema does not allow")
        }
        output.append(avro: step.nullBranch)
        continue
      }
      if step.branch >= 0 { output.append(avro: step.branch) }
      guard append(step, batch, row, to: &output) else {
        return fault("wrong-type", "the field \"\(names[index])\" holds what the schema does not allow")
      }
    }
    return nil
  }

  @inline(__always)
  private func isNull(_ step: Step, _ batch: RecordBatch, _ row: Int) -> Bool {
    switch step.kind {
    // A union of many branches has null among them, or has not.
    case .json where step.nullBranch < 0 && step.branch < 0: false
    case .bytes, .string, .symbol, .fixed, .floats, .json: batch.bytes(step.field)[row].isNull
    case .eventTime: batch.times[row] == RecordBatch.noTime
    case .time: batch.nulls(step.field)[row] != 0 || batch.int64s(step.field)[row] == RecordBatch.noTime
    default: batch.nulls(step.field)[row] != 0
    }
  }

  @inline(__always)
  private func append(_ step: Step, _ batch: RecordBatch, _ row: Int, to output: inout [UInt8]) -> Bool {
    switch step.kind {
    case .constant: return false
    case .long: output.append(avro: batch.int64s(step.field)[row])
    case .int:
      guard let value = Int32(exactly: batch.int64s(step.field)[row]) else { return false }
      output.append(avro: Int64(value))
    case .time:
      output.append(avro: Self.units(batch.int64s(step.field)[row], step.number))
    case .eventTime: output.append(avro: Self.units(batch.times[row], step.number))
    case .double: output.append(integer: batch.doubles(step.field)[row].bitPattern)
    case .float: output.append(integer: Float(batch.doubles(step.field)[row]).bitPattern)
    case .bool: output.append(batch.bools(step.field)[row] ? 1 : 0)
    case .bytes: output.append(avro: batch.bytes(step.field)[row].buffer)
    case .string: output.append(avroText: batch.bytes(step.field)[row].buffer)
    case .symbol:
      let view = batch.bytes(step.field)[row]
      guard let base = view.base,
        let index = symbols[Int(step.number)].firstIndex(where: { $0.count == view.count && memcmp($0, base, view.count) == 0 })
      else { return false }
      output.append(avro: Int64(index))
    case .fixed:
      let view = batch.bytes(step.field)[row]
      guard view.count == Int(step.number) else { return false }
      output.append(contentsOf: view.buffer)
    case .floats:
      let view = batch.bytes(step.field)[row]
      if view.count >= 4 {
        output.append(avro: Int64(view.count / 4))
        output.append(contentsOf: view.buffer.prefix(view.count / 4 * 4))
      }
      output.append(0)
    case .json: return append(json: batch.bytes(step.field)[row], types[Int(step.number)], to: &output)
    }
    return true
  }

  /// Whole units, towards the past, so that a time never moves into the next one.
  private static func units(_ nanoseconds: Int64, _ unit: Int64) -> Int64 {
    let (quotient, rest) = nanoseconds.quotientAndRemainder(dividingBy: unit)
    return rest < 0 ? quotient - 1 : quotient
  }

  private func append(json view: ByteView, _ type: AvroType, to output: inout [UInt8]) -> Bool {
    if view.isNull {
      guard case .union(let branches) = type, let null = branches.firstIndex(of: .null) else { return false }
      output.append(avro: Int64(null))
      return true
    }
    guard text.json.load(view.buffer) == nil else { return false }
    return AvroJSON.append(json: text.json, text.json.root, as: type, to: &output)
  }

  private func fault(_ reason: ErrorReason, _ detail: String) -> TopicRowFault { TopicRowFault(reason: reason, detail: detail) }
}

/// A default of a schema in Avro's binary encoding.
enum AvroDefault {
  /// Appends it. False when the JSON does not fit. A union's default is for its first branch.
  static func append(_ json: [UInt8], _ type: AvroType, to output: inout [UInt8]) -> Bool {
    let block = MemoryBlock(minimum: json.count)
    json.withUnsafeBufferPointer { if let base = $0.baseAddress { block.base.update(from: base, count: json.count) } }
    let text = OTLPText()
    defer { withExtendedLifetime(block) {} }
    guard text.load(UnsafeBufferPointer(start: block.base, count: json.count)) == nil else { return false }
    guard case .union(let branches) = type else { return AvroJSON.append(json: text, text.root, as: type, to: &output) }
    guard let first = branches.first else { return false }
    output.append(avro: 0)
    return AvroJSON.append(json: text, text.root, as: first, to: &output)
  }
}

/// Avro's single-object encoding: two bytes, the fingerprint of the schema that wrote it, then the record.
enum AvroFraming {
  static let size = 10

  static func head(_ fingerprint: UInt64) -> [UInt8] {
    var bytes: [UInt8] = [0xC3, 0x01]
    bytes.append(integer: fingerprint)
    return bytes
  }

  /// The fingerprint, or nil for a value without one.
  static func fingerprint(_ value: ByteView) -> UInt64? {
    guard value.count >= size, let base = value.base, base[0] == 0xC3, base[1] == 0x01 else { return nil }
    return UInt64(littleEndian: UnsafeRawPointer(base + 2).loadUnaligned(as: UInt64.self))
  }
}
#endif
