import Dataflow
import DataflowTesting
import Testing

@Suite("rows in checkpoints")
struct RowCodingTests {
  /// A field of each kind, in an order of chance, some left out.
  private func schema(_ random: inout SeededRandom) -> Schema {
    let all: [(String, ColumnType)] = [
      ("text", .bytes), ("number", .int64), ("share", .double), ("flag", .bool), ("at", .time), ("vector", .vector(2)), ("zürich", .bytes),
    ]
    return Schema(all.shuffled(using: &random).filter { _ in random.chance(0.8) })
  }

  private func batch(_ schema: Schema, _ splits: SplitTable, _ random: inout SeededRandom, rows: Int) -> RecordBatch {
    let batch = RecordBatch(schema: schema)
    for _ in 0..<rows {
      let row = batch.appendRow()
      batch.times[row] = random.chance(0.1) ? RecordBatch.noTime : Int64(truncatingIfNeeded: random.next())
      batch.offsets[row] = Int64(truncatingIfNeeded: random.next())
      batch.ordinals[row] = Int32(truncatingIfNeeded: random.next())
      batch.splits[row] = splits.register("file \(random.int(0...3))")
      batch.keys[row] = KeyHash(high: random.next(), low: random.next())
      batch.raws[row] = random.chance(0.3) ? .null : batch.copy(text(&random))
      for field in schema.fields where random.chance(0.8) { fill(batch, field, row, &random) }
    }
    // Some have gone on their way.
    let kept = (0..<rows).filter { _ in random.chance(0.9) }
    batch.filterSelection { kept.contains($0) }
    return batch
  }

  private func text(_ random: inout SeededRandom) -> String { random.chance(0.1) ? "" : "text \(random.next()) zürich\u{0}" }

  private func fill(_ batch: RecordBatch, _ field: Field, _ row: Int, _ random: inout SeededRandom) {
    switch field.type {
    case .bytes: batch.bytes(field)[row] = batch.copy(text(&random))
    case .vector: batch.bytes(field)[row] = batch.copy("12345678")
    case .int64, .time: batch.int64s(field)[row] = Int64(truncatingIfNeeded: random.next())
    case .double: batch.doubles(field)[row] = random.chance(0.2) ? -.infinity : Double(random.next())
    case .bool: batch.bools(field)[row] = random.chance(0.5)
    }
    switch field.type {
    case .bytes, .vector: break
    case .int64, .time, .double, .bool: batch.nulls(field)[row] = 0
    }
  }

  /// Everything of the alive rows, fields by name; `null` for those that the schema has not.
  private func described(_ batch: RecordBatch, _ schema: Schema, _ splits: SplitTable, as wanted: Schema) -> [String] {
    (0..<batch.selectedCount).map { index in
      let row = Int(batch.selection[index])
      let values = wanted.fields.map { field in
        let own = schema.field(field.name).flatMap { $0.type == field.type ? $0 : nil }
        return "\(field.name)=\(own.map { RowText.of(batch, $0, row) } ?? "null")"
      }
      let raw = batch.raws[row].isNull ? "null" : "\(Array(batch.raws[row].buffer))"
      let origin = "\(splits.name(batch.splits[row])) \(batch.offsets[row]) \(batch.ordinals[row])"
      return "\(batch.times[row]) \(origin) \(batch.keys[row]) \(raw) \(values)"
    }
  }

  private func decoded(_ bytes: [UInt8], _ schema: Schema, _ splits: SplitTable) throws -> [RecordBatch] {
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      var batches: [RecordBatch] = []
      while !reader.isAtEnd { batches.append(try RecordBatch(decoding: &reader, schema, splits: splits)) }
      return batches
    }
  }

  @Test("what is written comes back, whatever fields the reader's schema has, and however its splits are numbered", arguments: 0..<60)
  func comesBack(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    let (written, splits) = (schema(&random), SplitTable())
    let batches = (0..<random.int(1...3)).map { _ in batch(written, splits, &random, rows: random.int(0...40)) }
    var bytes: [UInt8] = []
    for batch in batches { batch.encodeRows(written, splits: splits, into: &bytes) }
    for wanted in [written, schema(&random)] {
      let others = SplitTable()
      _ = others.register("another file")
      let back = try decoded(bytes, wanted, others)
      #expect(back.map(\.selectedCount) == batches.map(\.selectedCount), "seed \(seed)")
      for (one, other) in zip(batches, back) {
        #expect(described(one, written, splits, as: wanted) == described(other, wanted, others, as: wanted), "seed \(seed)")
      }
    }
  }

  @Test("a full batch comes back, and one row more is refused")
  func full() throws {
    let (schema, splits) = (Schema([("n", .int64)]), SplitTable())
    var random = SeededRandom(3)
    let batch = batch(schema, splits, &random, rows: RecordBatch.capacity)
    var bytes: [UInt8] = []
    batch.encodeRows(schema, splits: splits, into: &bytes)
    #expect(try decoded(bytes, schema, splits).first?.selectedCount == batch.selectedCount)
    bytes.replaceSubrange(0..<4, with: [1, 4, 0, 0])
    #expect(throws: StateFormatError.self) { try decoded(bytes, schema, splits) }
  }

  @Test(
    "a field that has another type now is null, and the fields behind it are right", arguments: [ColumnType.bytes, .double, .vector(3)])
  func otherType(type: ColumnType) throws {
    let (written, splits) = (Schema([("a", .int64), ("b", .bytes)]), SplitTable())
    let batch = RecordBatch(schema: written)
    let row = batch.appendRow()
    batch.int64s(written.fields[0])[row] = 7
    batch.nulls(written.fields[0])[row] = 0
    batch.bytes(written.fields[1])[row] = batch.copy("x")
    var bytes: [UInt8] = []
    batch.encodeRows(written, splits: splits, into: &bytes)
    let wanted = Schema([("a", type), ("b", .bytes)])
    let back = try #require(try decoded(bytes, wanted, splits).first)
    #expect(RowText.of(back, wanted.fields[0], 0) == "null" && back.bytes(wanted.fields[1])[0].string == "x")
  }

  @Test("bytes that end early are refused, wherever they end")
  func cutOff() {
    let (schema, splits) = (Schema([("a", .int64), ("b", .bytes), ("v", .vector(2))]), SplitTable())
    var random = SeededRandom(9)
    let batch = batch(schema, splits, &random, rows: 5)
    var bytes: [UInt8] = []
    batch.encodeRows(schema, splits: splits, into: &bytes)
    for count in 1..<bytes.count { #expect(throws: StateFormatError.self) { try decoded(Array(bytes.prefix(count)), schema, splits) } }
  }
}
