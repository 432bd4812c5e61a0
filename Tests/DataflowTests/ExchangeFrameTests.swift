import Dataflow
import DataflowTesting
import Testing
import Zstd

@Suite("frames of an exchange")
struct ExchangeFrameTests {
  private static let schema = Schema([
    ("text", .bytes), ("number", .int64), ("share", .double), ("flag", .bool), ("at", .time), ("vector", .vector(2)),
  ])

  private func batch(_ random: inout SeededRandom, rows: Int) -> RecordBatch {
    let rows = (0..<rows).map { row in
      TestRow(
        Int64(row) * 7,
        [
          random.chance(0.2) ? .null : .text(random.chance(0.1) ? "" : "text \(random.next() % 1_000)"),
          random.chance(0.2) ? .null : .int(Int64(truncatingIfNeeded: random.next())),
          random.chance(0.2) ? .null : .double(random.chance(0.1) ? .nan : 0.5),
          random.chance(0.2) ? .null : .bool(random.chance(0.5)), random.chance(0.2) ? .null : .int(Int64(row)),
        ])
    }
    let batch = TestRow.batch(rows, Self.schema)
    for row in 0..<batch.count {
      batch.splits[row] = UInt32(random.int(3...5))
      if random.chance(0.5) { batch.bytes(Self.schema.fields[5])[row] = batch.copy("12345678") }
    }
    // Texts as batches have them: a few that repeat, pieces of the raw bytes, or each its own.
    let (kind, text) = (random.int(0...2), batch.bytes(Self.schema.fields[0]))
    for row in 0..<batch.count where random.chance(0.9) {
      batch.raws[row] = random.chance(0.05) ? .null : batch.copy("record \(random.next())")
      if kind == 0 { text[row] = batch.copy("one of \(random.int(0...random.int(0...300)))") }
      if kind == 1 { text[row] = piece(of: batch.raws[row], &random) }
    }
    return batch
  }

  private func piece(of raw: ByteView, _ random: inout SeededRandom) -> ByteView {
    guard let base = raw.base else { return .null }
    let start = random.int(0...raw.count)
    return random.chance(0.1) ? .null : ByteView(base: base + start, count: random.int(0...raw.count - start))
  }

  private func texts(_ batch: RecordBatch, raws: Bool = true) -> [String] {
    (0..<batch.selectedCount).map { index in
      let row = Int(batch.selection[index])
      let values = Self.schema.fields.map { RowText.of(batch, $0, row) }.joined(separator: "|")
      let raw = batch.raws[row].isNull || !raws ? "null" : String(decoding: batch.raws[row].buffer, as: UTF8.self)
      return "\(batch.times[row]) \(batch.offsets[row]) \(batch.splits[row]) \(raw) \(values)"
    }
  }

  private func encoded(_ batch: RecordBatch, _ rows: Range<Int>, raws: Bool = true) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var packer = try RowPacker()
    packer.append(batch, rows, fields: Self.schema.fields, raws: raws, splitName: { "split \($0)" }, to: &bytes)
    return bytes
  }

  private func decoded(_ bytes: [UInt8], into batch: RecordBatch) throws {
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      var unpacker = try RowUnpacker()
      try unpacker.read(&reader, into: batch, fields: Self.schema.fields) { UInt32($0.dropFirst(6)) ?? 99 }
    }
  }

  @Test("rows come back as they were: every type, null, empty, with their times, places and raw bytes", arguments: 0..<40)
  func roundTrip(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    let batch = batch(&random, rows: random.int(0...RecordBatch.capacity))
    let raws = random.chance(0.7)
    let (cut, whole) = (random.int(0...batch.count), texts(batch, raws: raws))
    for (rows, part) in [(0..<cut, Array(whole[..<cut])), (cut..<batch.count, Array(whole[cut...]))] {
      let result = RecordBatch(schema: Self.schema)
      try decoded(encoded(batch, rows, raws: raws), into: result)
      #expect(texts(result) == part)
    }
  }

  @Test("bytes that were cut or changed are refused, or are rows: nothing is read beyond the end", arguments: 0..<60)
  func damage(seed: Int) throws {
    var random = SeededRandom(UInt64(seed) ^ 0xF0)
    let batch = batch(&random, rows: random.int(1...300))
    let whole = try encoded(batch, 0..<batch.count)
    // The columns as they are too: what reads them must not rely on what packs them to find damage.
    for packed in [whole, try plain(whole)] {
      var bytes = packed
      for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)) {
        #expect(throws: StateFormatError.self) { try decoded(Array(bytes[..<length]), into: RecordBatch(schema: Self.schema)) }
      }
      for _ in 0..<200 {
        let place = random.int(0...bytes.count - 1)
        let old = bytes[place]
        bytes[place] = UInt8(truncatingIfNeeded: random.next())
        let result = RecordBatch(schema: Self.schema)
        if (try? decoded(bytes, into: result)) != nil { _ = texts(result) }
        bytes[place] = old
      }
    }
  }

  /// The same rows, not compressed.
  private func plain(_ bytes: [UInt8]) throws -> [UInt8] {
    guard bytes[4] == 1 else { return bytes }
    var decompressor = try ZstdDecompressor()
    return try bytes[..<4] + [0] + decompressor.decompress(Array(bytes[5...]), limit: 1 << 24)
  }

  @Test("a head comes back as it was, and other bytes are no frame")
  func head() throws {
    var frame = ExchangeFrame(kind: .mark, shard: 7, incarnation: .max, sequence: 1 << 40)
    (frame.watermark, frame.isIdle, frame.isEnded) = (-5, true, true)
    var bytes: [UInt8] = []
    frame.append(to: &bytes)
    #expect(bytes.count == ExchangeFrame.headBytes)
    func read(_ bytes: [UInt8]) throws -> ExchangeFrame {
      try bytes.withUnsafeBytes {
        var reader = ByteReader($0)
        return try ExchangeFrame(&reader)
      }
    }
    #expect(try read(bytes) == frame)
    #expect(throws: StateFormatError.self) { _ = try read(Array(bytes.dropLast())) }
    bytes[3] = UInt8(ascii: "1")
    #expect(throws: StateFormatError.self) { _ = try read(bytes) }
  }
}

@Suite("the order of frames")
struct ExchangeOrderTests {
  private func frame(_ sequence: UInt64, shard: UInt32 = 0, incarnation: UInt64 = 1) -> ExchangeFrame {
    ExchangeFrame(kind: .rows, shard: shard, incarnation: incarnation, sequence: sequence)
  }

  @Test("whatever is sent again, left out for a moment or mixed with others, every frame is taken once and in order", arguments: 0..<50)
  func anyOrder(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    let senders = random.int(1...4)
    var order = ExchangeOrder(senders: senders)
    var taken = Array(repeating: [UInt64](), count: senders)
    for _ in 0..<2_000 {
      let shard = random.int(0...senders - 1)
      // Somewhere around what comes next: senders begin again from an earlier frame, and lose some on the way.
      let sequence = UInt64(max(1, Int(order.senders[shard].sequence) + random.int(-3...3)))
      switch try order.decide(frame(sequence, shard: UInt32(shard))) {
      case .take: taken[shard].append(sequence)
      case .duplicate: #expect(taken[shard].contains(sequence))
      case .gap(let expected): #expect(expected == UInt64(taken[shard].count) + 1 && sequence > expected)
      }
    }
    for taken in taken { #expect(taken == Array(1...UInt64(max(1, taken.count))).prefix(taken.count).map { $0 }) }
  }

  @Test("a sender that starts from nothing, or that is none of ours, is refused; what a checkpoint kept is known again")
  func strangers() throws {
    var order = ExchangeOrder(senders: 1)
    #expect(try order.decide(frame(1)) == .take)
    #expect(throws: ExchangeBroken.stateGone(0)) { _ = try order.decide(frame(1, incarnation: 2)) }
    #expect(throws: ExchangeBroken.unknownSender(1, of: 1)) { _ = try order.decide(frame(1, shard: 1)) }
    var mark = ExchangeFrame(kind: .mark, shard: 0, incarnation: 1, sequence: 2)
    (mark.watermark, mark.isIdle, mark.isEnded) = (40, true, true)
    #expect(try order.decide(mark) == .take && order.isEnded)
    var restored = ExchangeOrder(senders: 1)
    let bytes = order.encode(0)
    try bytes.withUnsafeBytes {
      var reader = ByteReader($0)
      try restored.restore(0, &reader)
    }
    #expect(restored.senders == order.senders)
    #expect(try restored.decide(mark) == .duplicate && restored.duplicates == 1)
  }
}
