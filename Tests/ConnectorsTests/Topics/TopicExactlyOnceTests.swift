import Connectors
import Dataflow
import DataflowTesting
import Testing

@Suite("topic sink: exactly once")
struct TopicExactlyOnceTests {
  private static let epochs: [[String]] = [["a1", "a2", "a3"], [], ["b1"], ["c1", "c2"], ["d1"]]

  private func settings() -> LocalTopicSettings {
    var settings = LocalTopicSettings()
    settings.partitions = 2
    settings.segmentBytes = 150
    return settings
  }

  private func context(isFresh: Bool = false, job: String = "j") -> SinkContext {
    SinkContext(job: job, id: "s", isFresh: isFresh, runtime: TestRuntime())
  }

  /// Applies all epochs, going on where the topic says. Returns the newest applied.
  private func applyAll(_ files: MemoryLogFiles, known: UInt64) throws -> UInt64 {
    let client = LocalTopicClient(root: "/r", settings: settings(), files: files)
    let sink = try client.makeCommitter("t")
    let last = try sink.open(context()) ?? 0
    #expect(last >= known, "an epoch that was reported as applied is gone")
    var newest = last
    do {
      // As the runtime does after a crash: from the epoch after the newest applied, and one that is applied already.
      for number in max(1, last)...UInt64(Self.epochs.count) {
        let report = try sink.apply(TopicHarness.epoch(number, Self.epochs[Int(number) - 1], key: number % 2 == 0 ? "k" : nil))
        #expect(report.wasApplied == (number <= last))
        newest = number
      }
    } catch let error as SinkError {
      throw Died(newest: newest, error: error)
    }
    return newest
  }

  private struct Died: Error {
    var newest: UInt64
    var error: SinkError
  }

  private func content(_ files: MemoryLogFiles) throws -> [String] {
    let folder = TestFolder()
    files.export(to: folder)
    return try TopicHarness.readAll(LocalTopicClient(root: folder["r"], settings: settings()), "t").map(\.text).sorted()
  }

  /// How many bytes the whole of it writes.
  private func cost() throws -> Int {
    let files = MemoryLogFiles()
    #expect(try applyAll(files, known: 0) == 5)
    #expect(try content(files) == Self.epochs.joined().sorted())
    return files.spent
  }

  @Test("a process that dies at any byte, once or twice, and the epochs applied again, give each row once")
  func kills() throws {
    let total = try cost()
    for budget in 0...total {
      let files = MemoryLogFiles()
      var known: UInt64 = 0
      files.die(after: budget)
      for second in [budget / 3, Int.max] {
        do {
          known = try applyAll(files, known: known)
        } catch let died as Died {
          known = max(known, died.newest)
        } catch is SinkError {}
        files.kill()
        files.die(after: second)
      }
      files.kill()
      #expect(try applyAll(files, known: known) == 5)
      #expect(try content(files) == Self.epochs.joined().sorted(), "died after \(budget) of \(total) bytes")
    }
  }

  @Test("a machine that loses power at any byte loses nothing that was reported as applied")
  func power() throws {
    let total = try cost()
    // Three seeds, and between them every byte.
    for seed in UInt64(0)..<3 {
      for budget in stride(from: Int(seed), through: total, by: 3) {
        var random = SeededGenerator(seed: seed << 32 | UInt64(budget))
        let files = MemoryLogFiles()
        var known: UInt64 = 0
        files.die(after: budget)
        do { known = try applyAll(files, known: 0) } catch let died as Died { known = died.newest } catch is SinkError {}
        files.cutPower(&random)
        #expect(try applyAll(files, known: known) == 5)
        #expect(try content(files) == Self.epochs.joined().sorted(), "seed \(seed): power was cut after \(budget) of \(total) bytes")
      }
    }
  }

  @Test("between two commits a reader sees whole epochs only")
  func atomic() throws {
    let total = try cost()
    let whole = Set((0...5).map { Self.epochs.prefix($0).joined().sorted() })
    for budget in stride(from: 0, through: total, by: 3) {
      let files = MemoryLogFiles()
      files.die(after: budget)
      _ = try? applyAll(files, known: 0)
      let seen = try content(files)
      #expect(whole.contains(seen), "after \(budget) bytes: \(seen)")
    }
  }

  @Test("the sink conforms: gaps, zombies and lost state are refused, nothing is applied twice")
  func conformance() throws {
    let folder = TestFolder()
    let schema = Schema([("key", .bytes), ("value", .bytes)])
    let client = LocalTopicClient(root: folder.path, settings: settings())
    let planned = try TopicSink.plan(
      client, "t", Config(["key": .string("key"), "format": .object(Config(["type": .string("raw")]))]), schema)
    let epochs = (0..<8).map { epoch in (0..<epoch * 3 % 5).map { TestRow(Int64(epoch), [.text("k\($0)"), .text("\(epoch)-\($0)")]) } }
    let problems = try SinkConformance.problems(
      planned, input: schema, epochs: epochs, runtime: TestRuntime(), contents: { try TopicHarness.readAll(client, "t").map(\.text) },
      expected: { count in epochs.prefix(count).enumerated().flatMap { n, rows in rows.indices.map { "\(n)-\($0)" } } })
    #expect(problems == [])
  }

  @Test("two jobs write into one topic, each with its own ledger")
  func twoJobs() throws {
    let files = MemoryLogFiles()
    let client = LocalTopicClient(root: "/r", settings: settings(), files: files)
    let (a, b) = (try client.makeCommitter("t"), try client.makeCommitter("t"))
    _ = try a.open(context(job: "a"))
    _ = try b.open(context(job: "b"))
    _ = try a.apply(TopicHarness.epoch(1, ["a"]))
    _ = try b.apply(TopicHarness.epoch(1, ["b"]))
    #expect(try b.apply(TopicHarness.epoch(1, ["b"])).wasApplied)
    _ = try a.apply(TopicHarness.epoch(2, ["c"]))
    #expect(try content(files) == ["a", "b", "c"])
  }

  @Test("staged bytes that are none of ours, or too few, are refused and change nothing")
  func badStage() throws {
    let files = MemoryLogFiles()
    let sink = try LocalTopicClient(root: "/r", settings: settings(), files: files).makeCommitter("t")
    _ = try sink.open(context())
    let good = TopicHarness.epoch(1, ["a", "b"])
    for chunk in [[1, 2, 3], Array(good.chunks[0].dropLast()), Array(good.chunks[0].prefix(5))] as [[UInt8]] {
      let epoch = StagedEpoch(epoch: 1, chunks: [chunk], rows: 2, digest: 1, manifest: "m")
      let error = #expect(throws: SinkError.self) { try sink.apply(epoch) }
      guard case .never? = error?.retry else {
        Issue.record("no waiting cures it")
        continue
      }
    }
    #expect(throws: SinkError.self) { try sink.apply(StagedEpoch(epoch: 1, chunks: good.chunks, rows: 3, digest: 1, manifest: "m")) }
    #expect(try content(files) == [])
    #expect(try !sink.apply(good).wasApplied)
  }
}
