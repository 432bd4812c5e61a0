import Connectors
import Dataflow
import DataflowTesting
import Testing

@Suite("exchange between shards")
struct ExchangeTests {
  private static let schema = Schema([("key", .int64), ("id", .bytes)])
  private static let receiver = "counts"

  /// `input → counts`, counted by key.
  private static func graph() -> JobGraph {
    let source = SourceNode(
      id: "input", type: "list",
      planned: PlannedSource(schema: schema, isReplayable: true, isBounded: true) { throw SourceError("not to be run") })
    let counts = OperatorNode(
      id: receiver, type: "counts", inputs: [NodeInput("input")],
      planned: PlannedOperator(schema: schema, keyFields: [schema.fields[0]]) { throw SourceError("not to be run") })
    return JobGraph(name: "j", sources: [source], operators: [counts])
  }

  /// A sending shard that can die and come back from its last checkpoint.
  private struct Sender {
    let shard: JobShard
    let sink: PlannedSink
    let runtime = TestRuntime()
    var writer: any SinkWriter
    var committer: any SinkCommitter
    var epochs: [StagedEpoch] = []
    var state: [UInt8]?

    init(_ topics: ExchangeTopics, _ edge: StageCut.Edge, _ index: Int) throws {
      shard = JobShard(job: "j", stage: 0, index: index, count: topics.layout.readers)
      sink = try topics.ends(of: shard).sink(edge)
      (writer, committer) = try Self.make(sink, shard, runtime, state: nil)
    }

    private static func make(
      _ sink: PlannedSink, _ shard: JobShard, _ runtime: TestRuntime, state: [UInt8]?
    ) throws -> (any SinkWriter, any SinkCommitter) {
      guard case .exactlyOnce(let make) = sink.delivery, let writer = try sink.make() as? any SinkWriter else {
        throw SourceError("an exchange that does not stage")
      }
      try writer.open(OperatorContext(job: shard.name, id: "x", runtime: runtime))
      if let state { try writer.restore(StateReader(subtasks: [["sequences": state]])) }
      let committer = try make()
      _ = try committer.open(SinkContext(job: shard.name, id: "x", isFresh: state == nil, runtime: runtime))
      return (writer, committer)
    }

    /// Takes a checkpoint: what was written is staged.
    mutating func cut() throws {
      var builder = SnapshotBuilder()
      try writer.snapshot(&builder)
      guard case .bytes(let bytes)? = builder.sections.first?.content else { throw SourceError("no state") }
      state = bytes
      let (stage, rows) = writer.takeStage()
      let number = UInt64(epochs.count) + 1
      epochs.append(
        StagedEpoch(
          epoch: number, chunks: [stage], rows: rows, digest: stage.withUnsafeBytes(checksum), manifest: "m-\(number)"))
    }

    /// What was staged since the last checkpoint is lost; what was staged with the last ones is sent again.
    mutating func die() throws {
      (writer, committer) = try Self.make(sink, shard, runtime, state: state)
      for epoch in epochs.suffix(3) { _ = try committer.apply(epoch) }
    }
  }

  /// A receiving shard that can die and come back.
  private struct Receiver {
    let source: PlannedSource
    let partition: Int
    let runtime = TestRuntime()
    var reader: any SourceReader
    var splits = SplitTable()
    var saved: [SplitPosition] = []
    var rows: [String] = []
    var savedRows: [String] = []
    var isDrained = false
    var isCut = false
    var marks: [UInt32: SplitMark] = [:]

    init(_ topics: ExchangeTopics, _ edge: StageCut.Edge, _ partition: Int) throws {
      self.partition = partition
      source = try topics.ends(of: JobShard(job: "j", stage: 1, index: partition, count: topics.layout.partitions)).source(edge)
      reader = try source.make()
      try open()
    }

    private mutating func open() throws {
      reader = try source.make()
      splits = SplitTable()
      try reader.open(SourceContext(job: "j", id: "x", splits: splits, runtime: runtime))
      if !saved.isEmpty { try reader.restore(saved) }
    }

    mutating func read() throws {
      runtime.advance(by: 1_000_000_000)
      while true {
        let batch = RecordBatch(schema: ExchangeTests.schema)
        let status = try reader.poll(batch)
        rows += RowText.rows(batch, ExchangeTests.schema)
        for mark in reader.takeMarks() { marks[mark.split] = mark }
        switch status {
        case .more: continue
        case .wait: return
        case .drained:
          isDrained = true
          return
        case .cut:
          isCut = true
          return
        }
      }
    }

    mutating func cut() { (saved, savedRows) = (reader.snapshot(), rows) }
    mutating func die() throws {
      rows = savedRows
      try open()
    }
  }

  @Test("whatever dies on either side, and whatever is sent again, every row arrives once, at the partition of its key", arguments: 0..<25)
  func exactlyOnce(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    let folder = TestFolder()
    var settings = LocalTopicSettings()
    settings.partitions = random.int(1...4)
    let topics = ExchangeTopics(
      LocalTopicClient(root: folder.path, settings: settings), job: "j",
      ShardLayout(readers: random.int(1...3), partitions: settings.partitions))
    let edge = StageCut(Self.graph()).edges[0]
    var senders = try (0..<topics.layout.readers).map { try Sender(topics, edge, $0) }
    var receivers = try (0..<topics.layout.partitions).map { try Receiver(topics, edge, $0) }
    var written: [[TestRow]] = Array(repeating: [], count: topics.layout.readers)
    var durable = 0
    var wanted: [String] = []
    for _ in 0..<60 {
      let index = random.int(0...senders.count - 1)
      switch random.int(0...5) {
      case 0, 1:
        let rows = (0..<random.int(1...300)).map { row in
          TestRow(Int64(row), [.int(Int64(random.int(0...50))), .text("row \(written[index].count + row) of \(index) \(random.next())")])
        }
        let output = Output(operatorID: "x")
        try senders[index].writer.process(TestRow.batch(rows, Self.schema), output)
        try senders[index].writer.onWatermark(Int64(written[index].count), output)
        written[index] += rows
      case 2:
        try senders[index].cut()
        wanted += RowText.texts(written[index], Self.schema)
        durable += written[index].count
        written[index] = []
        if let epoch = senders[index].epochs.last { _ = try senders[index].committer.apply(epoch) }
      case 3:
        try senders[index].die()
        written[index] = []
      case 4: for partition in receivers.indices { try receivers[partition].read() }
      default:
        let partition = random.int(0...receivers.count - 1)
        if random.chance(0.5) { receivers[partition].cut() } else { try receivers[partition].die() }
      }
    }
    for index in senders.indices {
      try senders[index].writer.onEndOfInput(Output(operatorID: "x"))
      try senders[index].cut()
      wanted += RowText.texts(written[index], Self.schema)
      if let epoch = senders[index].epochs.last { _ = try senders[index].committer.apply(epoch) }
    }
    for partition in receivers.indices { try receivers[partition].read() }
    #expect(receivers.allSatisfy { $0.isDrained })
    #expect(receivers.flatMap(\.rows).sorted() == wanted.sorted(), "seed \(seed)")
    var homes: [Substring: Set<Int>] = [:]
    for receiver in receivers {
      for row in receiver.rows { homes[row.split(separator: "|")[1], default: []].insert(receiver.partition) }
    }
    #expect(homes.values.allSatisfy { $0.count == 1 })
  }

  @Test("a sender that lost its state is refused, and says so")
  func lostState() throws {
    let folder = TestFolder()
    var settings = LocalTopicSettings()
    settings.partitions = 1
    let topics = ExchangeTopics(LocalTopicClient(root: folder.path, settings: settings), job: "j", ShardLayout(readers: 1, partitions: 1))
    let edge = StageCut(Self.graph()).edges[0]
    var receiver = try Receiver(topics, edge, 0)
    for incarnation in 0..<2 {
      var sender = try Sender(topics, edge, 0)
      let fresh = try #require(try sender.sink.make() as? any SinkWriter)
      try fresh.open(OperatorContext(job: "j.0.0", id: "x", runtime: RandomRuntime(UInt64(incarnation))))
      sender.writer = fresh
      try sender.writer.process(TestRow.batch([TestRow(0, [.int(1), .text("a")])], Self.schema), Output(operatorID: "x"))
      try sender.cut()
      _ = try sender.committer.apply(sender.epochs[0])
      if incarnation == 0 {
        try receiver.read()
        #expect(receiver.rows.count == 1)
      } else {
        #expect { try receiver.read() } throws: { "\($0)".contains("lost its state") }
      }
    }
  }

  /// Two readers that send to one partition.
  private func pair(_ folder: TestFolder) throws -> (senders: [Sender], receiver: Receiver) {
    var settings = LocalTopicSettings()
    settings.partitions = 1
    let topics = ExchangeTopics(LocalTopicClient(root: folder.path, settings: settings), job: "j", ShardLayout(readers: 2, partitions: 1))
    let edge = StageCut(Self.graph()).edges[0]
    return (try (0..<2).map { try Sender(topics, edge, $0) }, try Receiver(topics, edge, 0))
  }

  private func send(_ text: String, _ sender: inout Sender, isLast: Bool) throws {
    try sender.writer.process(TestRow.batch([TestRow(0, [.int(1), .text(text)])], Self.schema), Output(operatorID: "x"))
    if isLast { sender.writer.onDrain() }
    try sender.cut()
    // Sent twice, as after a crash.
    for epoch in sender.epochs + sender.epochs { _ = try sender.committer.apply(epoch) }
  }

  @Test("a partition is at a cut when the last frames of all senders have come")
  func cut() throws {
    let folder = TestFolder()
    var (senders, receiver) = try pair(folder)
    for index in 0..<2 {
      #expect(!receiver.isCut)
      try send("\(index)", &senders[index], isLast: true)
      try receiver.read()
      receiver.cut()
      try receiver.die()
    }
    receiver.isCut = false
    try receiver.read()
    #expect(receiver.isCut && !receiver.isDrained && receiver.rows.count == 2)
  }

  @Test("what a sender sends behind its last frame is refused")
  func behindTheLast() throws {
    let folder = TestFolder()
    var (senders, receiver) = try pair(folder)
    try send("last", &senders[0], isLast: true)
    try receiver.read()
    try send("behind", &senders[0], isLast: false)
    #expect { try receiver.read() } throws: { "\($0)".contains("after its last frame") }
  }

  @Test("a row that no record of the exchange can hold is an error of its own")
  func tooLarge() throws {
    let edge = StageCut(Self.graph()).edges[0]
    let topics = ExchangeTopics(SmallRecords(), job: "j", ShardLayout(readers: 1, partitions: 1))
    let shard = JobShard(job: "j", stage: 0, index: 0, count: 1)
    let writer = try #require(try topics.ends(of: shard).sink(edge).make() as? any SinkWriter)
    try writer.open(OperatorContext(job: shard.name, id: "x", runtime: TestRuntime()))
    let output = Output(operatorID: "x", onError: .drop)
    let rows = [TestRow(0, [.int(1), .text("short")]), TestRow(0, [.int(1), .text(String(repeating: "x", count: 5_000))])]
    try writer.process(TestRow.batch(rows, Self.schema), output)
    #expect(output.counters.errors == 1 && output.counters.absorbed == 1)
  }
}

/// Topics that take records of 8 kB at most, and nothing else of a topic.
private struct SmallRecords: TopicClient {
  var place: String { "nowhere" }
  var recordBytes: Int { 8_000 }
  func makeReader(_ topic: String) throws -> any TopicReader { throw SourceError("not to be read") }
  func makeCommitter(_ topic: String) throws -> any SinkCommitter { throw SourceError("not to be written") }
  func makeAppender(_ topic: String, _ runtime: any Runtime) throws -> any TopicAppender { throw SourceError("not to be written") }
  func remove(_ topic: String) throws { throw SourceError("not to be removed") }
}

/// A runtime whose one random number is given.
private struct RandomRuntime: Runtime {
  private let base = TestRuntime()
  private let number: UInt64
  init(_ number: UInt64) { self.number = number }
  func now() -> Int64 { base.now() }
  func monotonic() -> Int64 { base.monotonic() }
  func sleep(nanoseconds: Int64) async throws { try await base.sleep(nanoseconds: nanoseconds) }
  func block(nanoseconds: Int64) { base.block(nanoseconds: nanoseconds) }
  func random() -> UInt64 { number }
  var slots: [any Slot] { base.slots }
  func background(_ purpose: String) -> any Slot { base.background(purpose) }
  var files: any FileSystem { base.files }
}

extension RowText {
  /// Rows as a batch of them would be written.
  fileprivate static func texts(_ rows: [TestRow], _ schema: Schema) -> [String] {
    stride(from: 0, to: rows.count, by: RecordBatch.capacity).flatMap { start in
      RowText.rows(TestRow.batch(Array(rows[start..<min(rows.count, start + RecordBatch.capacity)]), schema), schema)
    }
  }
}
