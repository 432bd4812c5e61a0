import Connectors
import Dataflow
import SinkTesting
import Testing

@Suite("Postgres row encoder")
struct RowEncoderTests {
  static let connection = Config(["url": .string("postgresql://nowhere/db")])

  private func sink(_ schema: Schema, _ options: [String: Config.Value] = [:]) throws -> SinkHarness {
    try SinkHarness(PostgresSink.type, Config(options.merging(["table": .string("t")]) { $1 }), connection: Self.connection, schema)
  }

  @Test("the staged bytes of every type are these, byte for byte")
  func golden() throws {
    let schema = Schema([("n", .int64), ("x", .double), ("b", .bool), ("t", .time), ("s", .bytes), ("r", .bytes), ("v", .vector(2))])
    let sink = try sink(schema, ["types": .map([("r", .string("bytea"))])])
    let stage = try sink.stage([
      [258, .double(1), .bool(true), .int(946_684_800_000_001_999), "hé", .bytes([0, 255]), .floats([1, -2])],
      [.null, .null, .null, .null, .null, .null, .null],
      [-1, .double(-0.0), .bool(false), .int(-1), "", .bytes([]), .floats([])],
    ])
    #expect(stage.rows == 3)
    let signature =
      Array("sloscout-pg1".utf8) + [0, 7] + [1, 1, 0x6E] + [2, 1, 0x78] + [3, 1, 0x62] + [4, 1, 0x74] + [5, 1, 0x73] + [6, 1, 0x72] + [
        7, 1, 0x76,
      ]
    let first: [UInt8] =
      [0, 7] + [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 1, 2] + [0, 0, 0, 8, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 1, 1] + [
        0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1,
      ]
      + [0, 0, 0, 3, 0x68, 0xC3, 0xA9] + [0, 0, 0, 2, 0, 255]
      + [
        0, 0, 0, 36, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0xBC, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4, 0x3F, 0x80, 0, 0, 0, 0, 0, 4, 0xC0, 0, 0, 0,
      ]
    let second: [UInt8] = [0, 7] + Array(repeating: 0xFF, count: 28)
    let third: [UInt8] =
      [0, 7] + [0, 0, 0, 8] + Array(repeating: 0xFF, count: 8) + [0, 0, 0, 8, 0x80, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 1, 0]
      + [0, 0, 0, 8] + UInt64(bitPattern: -946_684_800_000_001).bigEndianBytes + [0, 0, 0, 0] + [0, 0, 0, 0]
      + [0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0xBC]
    #expect(stage.bytes == signature + first + second + third)
  }

  @Test("rows that an operator dropped are not written, and what is written counts as absorbed")
  func selection() throws {
    let schema = Schema([("n", .int64)])
    let writer = try sink(schema).makeWriter()
    let batch = TestRows.batches(schema, (0..<10).map { [.int($0)] })[0]
    batch.filterSelection { $0 % 3 == 0 }
    let output = Output(operatorID: "sink")
    try writer.process(batch, output)
    #expect(output.counters.absorbed == 4)
    let stage = writer.takeStage()
    #expect(stage.rows == 4)
    #expect(stage.bytes.suffix(14) == [0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 9])
    #expect(writer.takeStage().bytes.isEmpty && writer.takeStage().rows == 0)
  }

  @Test("taking the stage between any two batches only cuts the bytes, whatever the rows")
  func cuts() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(seed: seed)
    let schema = Schema([("n", .int64), ("s", .bytes), ("v", .vector(3))])
    let sink = try sink(schema)
    let rows: [[TestValue]] = (0..<5_000).map { _ in
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      return [
        .int(Int64.random(in: .min ... .max, using: &random)), Bool.random(using: &random) ? .bytes(bytes) : .null, .floats([1, 2, 3]),
      ]
    }
    let whole = try sink.stage(rows)
    let signature = whole.bytes.count - (try sink.stage([])).bytes.count - rowBytes(rows)
    let writer = try sink.makeWriter()
    var pieces = Array(whole.bytes[..<signature])
    var count = 0
    for batch in TestRows.batches(schema, rows) {
      try writer.process(batch, Output(operatorID: "sink"))
      if Bool.random(using: &random) {
        let stage = writer.takeStage()
        pieces += stage.bytes.dropFirst(signature)
        count += stage.rows
      }
    }
    let rest = writer.takeStage()
    #expect(pieces + rest.bytes.dropFirst(signature) == whole.bytes, "seed \(seed)")
    #expect(count + rest.rows == 5_000)
  }

  /// What the rows take by the format's rules, text repaired as Swift's own decoder does it.
  private func rowBytes(_ rows: [[TestValue]]) -> Int {
    rows.reduce(0) { sum, row in
      guard case .bytes(let bytes) = row[1] else { return sum + 2 + 12 + 4 + 4 + 20 + 24 }
      return sum + 2 + 12 + 4 + StorableTextTests.model(bytes).count + 4 + 20 + 24
    }
  }
}

extension UInt64 {
  fileprivate var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
