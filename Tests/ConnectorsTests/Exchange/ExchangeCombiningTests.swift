import Connectors
import Dataflow
import DataflowTesting
import Synchronization
import Testing

@Suite("the sending end of an exchange that combines")
struct ExchangeCombiningTests {
  private static let schema = Schema([("key", .int64)])

  /// Takes every row, and hands on how many they were.
  private final class Counter: Combiner {
    private let schema: Schema
    private let summary: Field
    private let clocks: Clocks
    private var count = 0

    init(_ schema: Schema, _ summary: Field, _ clocks: Clocks) { (self.schema, self.summary, self.clocks) = (schema, summary, clocks) }

    let isFull = false

    func combine(_ batch: RecordBatch, clock: Int64) {
      clocks.seen.withLock { $0.append(clock) }
      count += batch.selectedCount
      batch.selectedCount = 0
    }

    func flush(_ send: (RecordBatch) throws -> Void) rethrows {
      guard count > 0 else { return }
      let batch = RecordBatch(schema: schema)
      batch.bytes(summary)[batch.appendRow()] = batch.copy("\(count) rows")
      count = 0
      try send(batch)
    }
  }

  private final class Clocks: Sendable {
    let seen = Mutex<[Int64]>([])
  }

  private struct Bench {
    let folder = TestFolder()
    let runtime = TestRuntime()
    let clocks = Clocks()
    let edge: StageCut.Edge
    let ends: StageCut.Ends
    let output = Output(operatorID: "x")

    init(summaryBytes: Int = 100) throws {
      let clocks = clocks
      var planned = PlannedOperator(schema: schema, keyFields: [schema.fields[0]]) { throw SourceError("not to be run") }
      planned.combining = PlannedCombining(
        summaryBytes: summaryBytes, makeCombiner: { Counter($0, $1, clocks) }, makeOperator: { _ in throw SourceError("not to be run") })
      let source = SourceNode(
        id: "input", type: "list",
        planned: PlannedSource(schema: schema, isReplayable: true, isBounded: true) { throw SourceError("not to be run") })
      let graph = JobGraph(
        name: "j", sources: [source],
        operators: [OperatorNode(id: "counts", type: "counts", inputs: [NodeInput("input")], planned: planned)])
      edge = try #require(StageCut(graph).edges.first)
      var settings = LocalTopicSettings()
      settings.partitions = 1
      let topics = ExchangeTopics(
        LocalTopicClient(root: folder.path, settings: settings), job: "j", ShardLayout(readers: 1, partitions: 1))
      ends = topics.ends(of: JobShard(job: "j", stage: 0, index: 0, count: 1))
    }

    func writer(restored: StateReader? = nil) throws -> any SinkWriter {
      let writer = try #require(try ends.sink(edge).make() as? any SinkWriter)
      try writer.open(OperatorContext(job: "j", id: "x", runtime: runtime))
      if let restored { try writer.restore(restored) }
      return writer
    }

    func send(_ count: Int, to writer: any SinkWriter) throws {
      try writer.process(TestRow.batch((0..<count).map { TestRow(Int64($0), [.int(1)]) }, schema), output)
    }

    /// What a receiver has read when this is staged.
    func rows(of writer: any SinkWriter) throws -> [String] {
      var builder = SnapshotBuilder()
      try writer.snapshot(&builder)
      let (stage, rows) = writer.takeStage()
      guard case .exactlyOnce(let make) = try ends.sink(edge).delivery else { throw SourceError("an exchange that does not stage") }
      let committer = try make()
      _ = try committer.open(SinkContext(job: "j", id: "x", isFresh: true, runtime: runtime))
      _ = try committer.apply(
        StagedEpoch(epoch: 1, chunks: [stage], rows: rows, digest: stage.withUnsafeBytes(checksum), manifest: "m-1"))
      let reader = try ends.source(edge).make()
      try reader.open(SourceContext(job: "j", id: "x", splits: SplitTable(), runtime: runtime))
      let batch = RecordBatch(schema: edge.schema)
      while batch.count == 0, case .more = try reader.poll(batch) {}
      return RowText.rows(batch, edge.schema)
    }
  }

  @Test("rows are combined until the barrier, and all of them are accounted for")
  func combines() throws {
    let bench = try Bench()
    let writer = try bench.writer()
    try bench.send(3, to: writer)
    try bench.send(4, to: writer)
    #expect(bench.output.counters.absorbed == 7)
    let rows = try bench.rows(of: writer)
    #expect(rows.count == 1 && rows.first?.contains("7 rows") == true, "\(rows)")
  }

  @Test("where a combined row would not fit into a record of the topic nothing is combined")
  func tooLong() throws {
    let bench = try Bench(summaryBytes: 1 << 30)
    let writer = try bench.writer()
    try bench.send(3, to: writer)
    #expect(try bench.rows(of: writer).count == 3)
    #expect(bench.clocks.seen.withLock { $0 } == [])
  }

  @Test("a shard that was idle, or goes on from another cut, knows that receivers may be ahead of it, but not of the clock on the wall")
  func clock() throws {
    let bench = try Bench()
    bench.runtime.advance(by: 1_000_000)
    let writer = try bench.writer()
    try bench.send(1, to: writer)
    try writer.onWatermark(5, bench.output)
    try bench.send(1, to: writer)
    try writer.onIdle(true, bench.output)
    try writer.onIdle(false, bench.output)
    try bench.send(1, to: writer)
    #expect(bench.clocks.seen.withLock { $0 } == [.min, 5, bench.runtime.now()])
    var builder = SnapshotBuilder()
    try writer.snapshot(&builder)
    guard case .bytes(let state)? = builder.sections.first?.content else { throw SourceError("no state") }
    let restored = try bench.writer(restored: StateReader(subtasks: [["sequences": state]]))
    try bench.send(1, to: restored)
    let anew = try bench.writer(restored: StateReader(subtasks: [[String: [UInt8]]()]))
    try bench.send(1, to: anew)
    #expect(bench.clocks.seen.withLock { $0.suffix(2) } == [bench.runtime.now(), bench.runtime.now()])
  }

  @Test("a shard that never was idle goes on by its own time")
  func ownTime() throws {
    let bench = try Bench()
    bench.runtime.advance(by: 1_000_000)
    let writer = try bench.writer()
    try writer.onWatermark(5, bench.output)
    var builder = SnapshotBuilder()
    try writer.snapshot(&builder)
    guard case .bytes(let state)? = builder.sections.first?.content else { throw SourceError("no state") }
    let restored = try bench.writer(restored: StateReader(subtasks: [["sequences": state]]))
    try bench.send(1, to: restored)
    #expect(bench.clocks.seen.withLock { $0 } == [5])
  }
}
