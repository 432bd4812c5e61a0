import Dataflow
import DataflowTesting
import Testing

@Suite("records that are combined before they cross to a window")
struct WindowCombinerTests {
  private static func edge(_ planned: PlannedOperator) throws -> StageCut.Edge {
    let source = SourceNode(
      id: "input", type: "list",
      planned: PlannedSource(schema: WindowTests.input, isReplayable: true, isBounded: true) { throw SourceError("not to be run") })
    let windows = OperatorNode(id: "windows", type: "window", inputs: [NodeInput("input")], planned: planned)
    return try #require(StageCut(JobGraph(name: "j", sources: [source], operators: [windows])).edges.first)
  }

  /// A shard that sends to the windows.
  private struct Sender {
    let edge: StageCut.Edge
    let combiner: any Combiner
    var watermark = Int64.min
    /// What crosses as it is with the next barrier.
    var passing: [RecordBatch] = []
    /// All that came since the last one.
    var rows: [TestRow] = []

    init(_ planned: PlannedOperator) throws {
      edge = try WindowCombinerTests.edge(planned)
      let combining = try #require(edge.combining)
      combiner = combining.makeCombiner(edge.schema, try #require(edge.summary))
    }

    mutating func take(_ rows: [TestRow], clock: Int64) throws {
      self.rows += rows
      let batch = TestRow.batch(rows.map { TestRow($0.time, $0.values + [.null]) }, edge.schema)
      Exchange.hashKeys(of: batch, try #require(edge.key))
      combiner.combine(batch, clock: clock)
      if batch.selectedCount > 0 { passing.append(batch) }
    }

    /// Sends everything as it crosses at a barrier; answers with the rows that were combined.
    mutating func flush(to windows: OperatorDriver) throws -> Int {
      var combined = 0
      for batch in passing { try windows.send(batch) }
      try combiner.flush { batch in
        combined += batch.selectedCount
        try windows.send(batch)
      }
      (passing, rows) = ([], [])
      return combined
    }
  }

  /// The windows as they are made behind an exchange that combines.
  private static func receiver(_ planned: PlannedOperator) throws -> OperatorDriver {
    let edge = try edge(planned)
    var receiving = planned
    receiving.make = { try #require(edge.combining).makeOperator(try #require(edge.summary)) }
    return try OperatorDriver(receiving, input: edge.schema)
  }

  @Test("the windows are those of the records themselves, late ones included, from wherever they come", arguments: 0..<60)
  func equal(seed: Int) throws {
    var random = SeededRandom(UInt64(seed) &+ 7000)
    let slide = Int64(random.int(1...12))
    let size = slide * Int64(random.int(1...4)) + (random.chance(0.5) ? 0 : slide / 2)
    let planned = try WindowTests.plan(
      size: size, slide: slide, lateness: random.chance(0.5) ? 0 : Int64(random.int(1...15)), every: random.chance(0.4) ? 1 : nil)
    let direct = try OperatorDriver(planned, input: WindowTests.input)
    let combined = try Self.receiver(planned)
    var senders = try (0..<random.int(1...3)).map { _ in try Sender(planned) }
    var heard = senders.map { _ in Int64.min }
    var (time, clock, crossed): (Int64, Int64, Int) = (0, 0, 0)
    for _ in 0..<120 {
      time += Int64(random.int(0...4))
      let index = random.int(0...senders.count - 1)
      let rows = (0..<random.int(0...40)).map { _ in
        var row = WindowTests.row(time - Int64(random.int(0...30)), &random)
        if random.chance(0.01) { row.values[3] = .text(String(repeating: "long ", count: 1000)) }
        return row
      }
      try senders[index].take(rows, clock: senders[index].watermark)
      if random.chance(0.5) { senders[index].watermark = max(senders[index].watermark, time - Int64(random.int(0...15))) }
      clock += 1
      if random.chance(0.3) {
        try direct.tick(clock)
        try combined.tick(clock)
      }
      guard random.chance(0.2) else { continue }
      try direct.send(senders[index].rows)
      crossed += try senders[index].flush(to: combined)
      heard[index] = senders[index].watermark
      let watermark = heard.min() ?? .min
      guard watermark != .min else { continue }
      try direct.watermark(watermark)
      try combined.watermark(watermark)
      if random.chance(0.2) {
        try combined.checkpoint()
        try combined.restart(subtasks: 1)
      }
    }
    for index in senders.indices {
      try direct.send(senders[index].rows)
      crossed += try senders[index].flush(to: combined)
    }
    try direct.endOfInput()
    try combined.endOfInput()
    #expect(WindowTests.newest(combined.rows).sorted() == WindowTests.newest(direct.rows).sorted(), "seed \(seed)")
    #expect(combined.counters.late == direct.counters.late, "seed \(seed)")
    #expect(combined.counters.imbalance == 0 && crossed > 0)
    #expect(!combined.rows(of: .late).contains { $0.contains("combined") }, "seed \(seed)")
  }

  @Test("what is late by the clock is left as it is")
  func late() throws {
    var sender = try Sender(try WindowTests.plan(size: 10, slide: 10, lateness: 5, lots: false))
    try sender.take([3, 13].map { TestRow($0, [.text("k"), .null, .null, .null, .null]) }, clock: 14)
    #expect(sender.passing.map(\.selectedCount) == [1])
    #expect(sender.passing.first.map { $0.times[Int($0.selection[0])] } == 3)
  }

  @Test("rows whose keys repeat too little pass for a while")
  func resting() throws {
    let planned = try WindowTests.plan(size: 10, slide: 10, lateness: 0, lots: false)
    var sender = try Sender(planned)
    let windows = try Self.receiver(planned)
    func rows(_ count: Int) -> [TestRow] { (0..<count).map { TestRow(3, [.text("k\($0)"), .null, .null, .null, .null]) } }
    try sender.take(rows(100), clock: .min)
    #expect(sender.passing.isEmpty)
    #expect(try sender.flush(to: windows) == 100)
    for _ in 0..<16 { try sender.take(rows(100), clock: .min) }
    #expect(sender.passing.count == 16)
    try sender.take(rows(1), clock: .min)
    #expect(sender.passing.count == 16)
  }

  @Test("combined records of a window that is over are late, and it is said how many they were")
  func lateSummary() throws {
    let planned = try WindowTests.plan(size: 10, slide: 10, lateness: 0, lots: false)
    var sender = try Sender(planned)
    let windows = try Self.receiver(planned)
    try windows.watermark(20)
    try sender.take((0..<3).map { _ in TestRow(3, [.text("k"), .null, .null, .null, .null]) }, clock: .min)
    #expect(try sender.flush(to: windows) == 1)
    #expect(windows.counters.late == 1)
    #expect(windows.rows(of: .late).first?.contains("3 records that were combined before they crossed") == true)
  }

  @Test("a summary that is cut off is refused")
  func damage() throws {
    let planned = try WindowTests.plan(size: 10, slide: 10, lateness: 0)
    let edge = try Self.edge(planned)
    let summary = try #require(edge.summary)
    var whole: [UInt8] = []
    let combiner = try #require(edge.combining).makeCombiner(edge.schema, summary)
    let batch = TestRow.batch(
      (0..<20).map { TestRow(3, [.text("k"), .double(1), .int(2), .text("name \($0 % 3)"), .text("id \($0)"), .null]) }, edge.schema)
    Exchange.hashKeys(of: batch, try #require(edge.key))
    combiner.combine(batch, clock: .min)
    combiner.flush { whole = [UInt8]($0.bytes(summary)[0].buffer) }
    for count in 0..<whole.count {
      let damaged = RecordBatch(schema: edge.schema)
      let row = damaged.appendRow()
      damaged.times[row] = 0
      damaged.bytes(summary)[row] = whole.withUnsafeBufferPointer { damaged.copy(UnsafeBufferPointer(rebasing: $0[..<count])) }
      #expect(throws: StateFormatError.self) { try Self.receiver(planned).send(damaged) }
    }
  }
}
