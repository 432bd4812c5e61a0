import Dataflow
import DataflowTesting
import Operators
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

  @Test("summaries of records that were combined are taken in or refused, and windows with them can be written")
  func summaries() throws {
    let schema = Schema([("key", .bytes), ("name", .bytes), ("value", .double)])
    func aggregate(_ type: String, _ field: String? = nil) -> Config.Value {
      var values: [String: Config.Value] = ["type": .string(type), "fields": .list([.string("name")])]
      if let field { values["field"] = .string(field) }
      return .object(Config(values))
    }
    let aggregates: [(key: String, value: Config.Value)] = [
      ("count", aggregate("count")), ("sum", aggregate("sum", "value")), ("low", aggregate("min", "value")),
      ("first", aggregate("first", "name")), ("names", aggregate("distribution", "name")), ("top", aggregate("top-k", "name")),
      ("samples", aggregate("reservoir")),
    ]
    let planned = try TumblingWindow.type.plan(
      Config(["size": .duration(10), "keyBy": .list([.string("key")]), "aggregate": .map(aggregates)]), schema)
    var wide = schema
    let summary = wide.append("summary", .bytes)
    guard let combining = planned.combining, let key = planned.keyFields else { throw FuzzFailure("windows that do not combine") }
    var receiving = planned
    receiving.make = { try combining.makeOperator(summary) }
    let seeds = try (1..<4).map { rows in
      let combiner = combining.makeCombiner(wide, summary)
      let batch = TestRow.batch((0..<rows).map { TestRow(3, [.text("k"), .text("name \($0)"), .double(Double($0)), .null]) }, wide)
      Exchange.hashKeys(of: batch, key)
      combiner.combine(batch, clock: .min)
      var bytes: [UInt8] = []
      combiner.flush { bytes = [UInt8]($0.bytes(summary)[0].buffer) }
      guard !bytes.isEmpty else { throw FuzzFailure("nothing was combined") }
      return bytes
    }
    try Fuzz("summaries", seeds: seeds, tokens: ["name 1", "name 2"]).run { input, _ in
      let windows = try OperatorDriver(receiving, input: wide)
      let batch = RecordBatch(schema: wide)
      let row = batch.appendRow()
      batch.times[row] = 0
      batch.bytes(summary)[row] = input.withUnsafeBufferPointer { batch.copy($0) }
      do { try windows.send(batch) } catch is StateFormatError { return }
      try windows.endOfInput()
      guard windows.rows.count == 1 else { throw FuzzFailure("\(windows.rows.count) windows of one key") }
    }
  }
}
