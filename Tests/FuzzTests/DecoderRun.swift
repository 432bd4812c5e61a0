import Connectors
import Dataflow

/// A source's decoder, fed one record at a time; looks at every value that it hands on, and at its books.
final class DecoderRun: Output {
  /// What a receiver's spool gives: the decoder reads the value.
  static let value = TopicColumns.schema.fields[1]
  private let decoder: any Operator
  private let schema: Schema
  /// Rows and errors so far, and a number made of every byte of the rows.
  private(set) var rows = 0
  private(set) var errors = 0
  private(set) var digest: UInt64 = 0

  init(_ planned: PlannedOperator) throws {
    decoder = try planned.make()
    schema = planned.schema
    super.init(operatorID: "decoder", onError: .route)
  }

  /// Rows, errors and digest of one record alone.
  func feed(_ record: [UInt8]) throws -> (rows: Int, errors: Int, digest: UInt64) {
    (rows, errors, digest) = (0, 0, 0)
    let batch = RecordBatch(schema: TopicColumns.schema)
    let row = batch.appendRow()
    let view = record.withUnsafeBufferPointer { batch.copy($0) }
    batch.bytes(Self.value)[row] = view
    batch.raws[row] = view
    counters.received += 1
    try decoder.process(batch, self)
    try flushErrors()
    guard counters.imbalance == 0 else { throw FuzzFailure("the books are not balanced: \(counters)") }
    return (rows, errors, digest)
  }

  override func deliver(_ batch: RecordBatch) {
    rows += batch.selectedCount
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      for field in schema.fields where !batch.isNull(field, row) {
        switch field.type {
        case .bytes, .vector: for byte in batch.bytes(field)[row].buffer { digest = digest &* 31 &+ UInt64(byte) }
        case .bool: digest = digest &* 31 &+ (batch.bools(field)[row] ? 1 : 2)
        case .double: digest = digest &* 31 &+ batch.doubles(field)[row].bitPattern
        case .int64, .time: digest = digest &* 31 &+ UInt64(bitPattern: batch.int64s(field)[row])
        }
      }
    }
  }

  override func deliver(_ batch: RecordBatch, to side: SideOutput) { errors += batch.selectedCount }
}
