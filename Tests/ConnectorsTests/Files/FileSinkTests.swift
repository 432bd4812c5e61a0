import Connectors
import Dataflow
import Testing

@Suite("file sink")
struct FileSinkTests {
  private let files = MemoryFiles()
  private static let schema = Schema([("n", .int64)])

  private func planned() throws -> PlannedSink { try FileSink.type.plan(Config(["path": .string("/out/")]), nil, Self.schema) }

  private func committer() throws -> any SinkCommitter {
    guard case .exactlyOnce(let make) = try planned().delivery else { preconditionFailure("the file sink is exactly once") }
    return try make()
  }

  private func context(isFresh: Bool = false, job: String = "j") -> SinkContext {
    SinkContext(job: job, id: "s", isFresh: isFresh, runtime: TestRuntime(storage: files))
  }

  /// An epoch as two writers stage it.
  private func epoch(_ number: UInt64, _ values: [Int64], digest: UInt64? = nil) throws -> StagedEpoch {
    let planned = try planned()
    let halves = [values.prefix(values.count / 2), values.dropFirst(values.count / 2)]
    let chunks = try halves.map { half in
      let writer = try #require(try planned.make() as? any SinkWriter)
      let batch = RecordBatch(schema: Self.schema)
      for value in half {
        let row = batch.appendRow()
        batch.int64s(Self.schema.fields[0])[row] = value
        batch.nulls(Self.schema.fields[0])[row] = 0
      }
      let output = Output(operatorID: "s")
      try writer.process(batch, output)
      #expect(output.counters.absorbed == half.count)
      let stage = writer.takeStage()
      #expect(stage.rows == half.count && writer.takeStage().bytes.isEmpty)
      return stage.bytes
    }
    return StagedEpoch(epoch: number, chunks: chunks, rows: values.count, digest: digest ?? number &* 77, manifest: "m-\(number)")
  }

  private func content() throws -> String {
    try files.list("/out").filter { $0.hasPrefix("part-") }.map { String(decoding: try files.read("/out/\($0)"), as: UTF8.self) }.joined()
  }

  @Test("each epoch becomes one file, an epoch without rows none, and the ledger knows all")
  func epochs() throws {
    let sink = try committer()
    #expect(try sink.open(context(isFresh: true)) == nil)
    #expect(try sink.apply(epoch(1, [1, 2, 3])) == ApplyReport(applied: 3))
    #expect(try sink.apply(epoch(2, [])) == ApplyReport(applied: 0))
    #expect(try sink.apply(epoch(3, [4])) == ApplyReport(applied: 1))
    #expect(try files.list("/out") == ["_ledger.json", "part-0000000001.jsonl", "part-0000000003.jsonl"])
    #expect(try content() == "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n")
    #expect(try sink.apply(epoch(3, [4])) == ApplyReport(applied: 1, wasApplied: true))
    #expect(try sink.apply(epoch(2, [])) == ApplyReport(applied: 0, wasApplied: true))
    sink.close()
    #expect(try committer().open(context()) == 3)
    let ledger = String(decoding: try files.read("/out/_ledger.json"), as: UTF8.self)
    #expect(ledger.hasPrefix(#"{"version":1,"job":"j","sink":"s","epoch":3,"digest":"00000000000000e7","rows":4,"#))
  }

  @Test("everything is on disk before it has its name, and the rows before the ledger")
  func order() throws {
    let sink = try committer()
    _ = try sink.open(context())
    _ = try sink.apply(epoch(7, [1]))
    #expect(
      files.journal.drop { !$0.hasPrefix("write") } == [
        "write .part-0000000007.jsonl.tmp", "rename part-0000000007.jsonl", "sync out", "write ._ledger.json.tmp", "rename _ledger.json",
        "sync out",
      ])
  }

  @Test("a crash between any two steps, and the epochs applied again, give each row once", arguments: 0...40)
  func crashes(operations: Int) throws {
    files.crash(after: operations)
    var applied: UInt64 = 0
    var random = SeededGenerator(seed: UInt64(operations))
    var attempts = 0
    while applied < 5 {
      attempts += 1
      #expect(attempts < 100)
      do {
        let sink = try committer()
        let last = try sink.open(context(isFresh: false)) ?? 0
        #expect(last >= applied)  // what was reported as applied stays so
        for number in (last + 1)...6 where number <= 5 {
          _ = try sink.apply(epoch(number, [Int64(number) * 10, Int64(number) * 10 + 1]))
          applied = number
        }
        applied = max(applied, last)
      } catch let error as SinkError {
        guard case .withBackoff = error.retry else { throw error }
        files.crash(after: random.int(1...30))
      }
    }
    files.recover()
    _ = try committer().open(context())
    #expect(try content() == (1...5).map { "{\"n\":\($0)0}\n{\"n\":\($0)1}\n" }.joined())
    #expect(try files.list("/out").count == 6)  // nothing half made is left
  }

  @Test("a job without its state is refused where rows are, and told the cure")
  func lostState() throws {
    let sink = try committer()
    _ = try sink.open(context(isFresh: true))
    _ = try sink.apply(epoch(4, [1, 2]))
    let error = #expect(throws: SinkError.self) { try committer().open(context(isFresh: true)) }
    #expect(error?.message == "the folder /out holds 2 rows up to epoch 4, but the job starts without its state")
    #expect(error?.hint.contains("state folder") == true)
    guard case .never? = error?.retry else {
      Issue.record("only a person can help")
      return
    }
  }

  @Test("an applied epoch with other rows, and another job's folder, are refused")
  func mismatch() throws {
    let sink = try committer()
    _ = try sink.open(context())
    _ = try sink.apply(epoch(4, [1, 2]))
    #expect(throws: SinkError.self) { try sink.apply(epoch(4, [1, 2], digest: 5)) }
    let error = #expect(throws: SinkError.self) { try committer().open(context(job: "other")) }
    #expect(error?.message == "the folder /out belongs to another job or sink")
  }

  @Test("a ledger with one bit flipped or cut short is refused")
  func damagedLedger() throws {
    let sink = try committer()
    _ = try sink.open(context())
    _ = try sink.apply(epoch(4, [1, 2]))
    let good = try files.read("/out/_ledger.json")
    for index in 0..<good.count * 8 {
      var damaged = good
      damaged[index / 8] ^= 1 << UInt8(index % 8)
      try files.writeDurably("/out/_ledger.json", damaged)
      #expect(throws: SinkError.self) { try committer().open(context()) }
    }
    for cut in 0..<good.count {
      try files.writeDurably("/out/_ledger.json", Array(good.prefix(cut)))
      #expect(throws: SinkError.self) { try committer().open(context()) }
    }
  }

  @Test("names of jobs may hold anything")
  func names() throws {
    let job = "a\"epoch\":9,\"check\":\"x\"}\n é"
    let sink = try committer()
    _ = try sink.open(context(job: job))
    _ = try sink.apply(epoch(4, [1]))
    #expect(try committer().open(context(job: job)) == 4)
  }

  @Test("options that cannot be used are told with their place")
  func options() throws {
    #expect(throws: Diagnostic.self) { try FileSink.type.plan(Config(["path": .string("")]), nil, Self.schema) }
    let unknown = #expect(throws: Diagnostic.self) {
      try FileSink.type.plan(Config(["path": .string("/o"), "rawJSON": .list([.string("x")])]), nil, Self.schema)
    }
    #expect(unknown?.hint == "they have: n")
    #expect(throws: Diagnostic.self) {
      try FileSink.type.plan(Config(["path": .string("/o"), "rawJSON": .list([.string("n")])]), nil, Self.schema)
    }
  }
}
