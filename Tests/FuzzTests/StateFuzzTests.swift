import Dataflow
import DataflowTesting
import Testing

/// What checkpoints hold, damaged behind their checksums.
@Suite("damaged state")
struct StateFuzzTests {
  @Test("rows of a checkpoint give batches that can be written and read again, or are refused")
  func rows() throws {
    let schema = Schema([("text", .bytes), ("number", .int64), ("share", .double), ("flag", .bool), ("at", .time), ("vector", .vector(2))])
    let others = Schema([("flag", .bool), ("text", .bytes), ("new", .time)])
    let seeds = (0..<4).map { rows in
      let (batch, splits) = (RecordBatch(schema: schema), SplitTable())
      for number in 0..<rows {
        let row = batch.appendRow()
        batch.splits[row] = splits.register("file \(number % 2)")
        (batch.times[row], batch.offsets[row], batch.ordinals[row]) = (Int64(number), 7, 1)
        batch.raws[row] = batch.copy("raw")
        batch.bytes(schema.fields[0])[row] = batch.copy("text \(number)")
        batch.bytes(schema.fields[5])[row] = batch.copy("12345678")
        batch.int64s(schema.fields[1])[row] = -1
        batch.nulls(schema.fields[1])[row] = 0
        batch.bools(schema.fields[3])[row] = true
        batch.nulls(schema.fields[3])[row] = 0
      }
      var bytes: [UInt8] = []
      batch.encodeRows(schema, splits: splits, into: &bytes)
      return bytes
    }
    try Fuzz("rows", seeds: seeds, tokens: ["text", "number", "vector", "file 0"]).run { input, _ in
      for wanted in [schema, others] {
        let splits = SplitTable()
        guard let batches = try? Self.decoded(input, wanted, splits) else { continue }
        var again: [UInt8] = []
        for batch in batches { batch.encodeRows(wanted, splits: splits, into: &again) }
        let back = try Self.decoded(again, wanted, splits)
        var third: [UInt8] = []
        for batch in back { batch.encodeRows(wanted, splits: splits, into: &third) }
        guard third == again else { throw FuzzFailure("rows are others when they are written again") }
      }
    }
  }

  private static func decoded(_ bytes: [UInt8], _ schema: Schema, _ splits: SplitTable) throws -> [RecordBatch] {
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      var batches: [RecordBatch] = []
      while !reader.isAtEnd { batches.append(try RecordBatch(decoding: &reader, schema, splits: splits)) }
      return batches
    }
  }
}
