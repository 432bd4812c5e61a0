import Dataflow
import DataflowTesting
import Jobs

/// What `assemble-traces` gives for spans, as the rows that `trace-metrics` reads.
enum AssembledRows {
  static let schema = Schema([("environment", .bytes), ("revision", .int64), ("spans", .bytes)])

  /// The rows of spans that come one after the other, then watermarks, then the end.
  static func of(_ spans: [TestRow], _ watermarks: [Int64] = []) throws -> [TestRow] {
    let collected = Collected()
    let plan = try AssembleTraces.type.plan(Config(), SpanRows.schema)
    let operation = try plan.make()
    let output = Collector(collected, plan.schema)
    for span in spans {
      let batch = TestRow.batch([span], SpanRows.schema)
      batch.keys[0] = key(of: span)
      try operation.process(batch, output)
    }
    for watermark in watermarks { try operation.onWatermark(watermark, output) }
    try operation.onEndOfInput(output)
    return collected.rows
  }

  private static func key(of span: TestRow) -> KeyHash {
    guard case .text(let id)? = span.values.first else { return KeyHash(high: 0, low: 0) }
    var hasher = KeyHasher()
    for byte in id.utf8 { hasher.combine(UInt64(byte)) }
    return hasher.finish()
  }

  private final class Collected { var rows: [TestRow] = [] }

  private final class Collector: Output {
    private let collected: Collected
    private let schema: Schema

    init(_ collected: Collected, _ schema: Schema) {
      (self.collected, self.schema) = (collected, schema)
      super.init(operatorID: "assembled", onError: .drop)
    }

    override func deliver(_ batch: RecordBatch) throws {
      guard let environment = schema.field("environment"), let revision = schema.field("revision"), let spans = schema.field("spans") else {
        return
      }
      for index in 0..<batch.selectedCount {
        let row = Int(batch.selection[index])
        let name = batch.bytes(environment)[row]
        collected.rows.append(
          TestRow(
            batch.times[row],
            [
              name.isNull ? .null : .text(name.string), .int(batch.int64s(revision)[row]), .bytes(Array(batch.bytes(spans)[row].buffer)),
            ]))
      }
    }
  }
}
