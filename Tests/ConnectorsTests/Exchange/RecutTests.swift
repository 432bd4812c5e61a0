import Connectors
import Dataflow
import DataflowTesting
import Foundation
import Testing

/// Numbers the records of each key: 1, 2, 3 … A number that is missing or comes twice is state that was lost or doubled.
private final class NumberByKey: Operator {
  private let table = StateTable(payload: 8)
  private let number: Field

  init(_ number: Field) { self.number = number }

  static func plan(_ input: Schema) -> PlannedOperator {
    var output = input
    let number = output.append("number", .int64)
    return PlannedOperator(schema: output, keyFields: [input.fields[0]]) { NumberByKey(number) }
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    let (numbers, nulls) = (batch.int64s(number), batch.nulls(number))
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      var inserted = false
      let slot = table.slot(batch.keys[row], inserted: &inserted)
      let next = inserted ? 1 : (slot + 16).loadUnaligned(as: Int64.self) + 1
      slot.storeBytes(of: next, toByteOffset: 16, as: Int64.self)
      (numbers[row], nulls[row]) = (next, 0)
    }
    try output.emit(batch)
  }

  func snapshot(_ into: inout SnapshotBuilder) throws { into.add("keys", table) }

  func restore(_ from: StateReader) throws {
    for writer in 0..<from.writers {
      try from.forEachRow("keys", of: writer, payload: 8) { row in
        var inserted = false
        table.slot(row.loadUnaligned(as: KeyHash.self), inserted: &inserted).copyMemory(from: row, byteCount: table.stride)
        if !inserted { throw StateFormatError("a key that two former shards have") }
      }
    }
  }
}

@Suite("a job that is cut anew, on real threads and real files")
struct RecutTests {
  private static let perSplit = 300

  /// A job of two stages, its shards' checkpoints, exchanges and tables.
  private final class Bench {
    let folder = TestFolder()
    let runtime = SystemRuntime(threads: 1)
    let disk = SimulatedDisk(seed: 1)
    let records: [[ListSource.Record]]
    /// One for each shard that ever was.
    var tables: [String: SimulatedDatabase] = [:]

    init(_ random: inout SeededRandom) {
      records = (0..<random.int(1...4)).map { _ in
        (0..<RecutTests.perSplit).map { ListSource.Record(1_767_225_600_000_000_000 + Int64($0), ["k\(random.int(0...60))"]) }
      }
    }

    func graph(_ name: String, table: String, isSlow: Bool) throws -> JobGraph {
      let source = ListSource.plan(["key"], records, batchSize: 5) { if isSlow { usleep(2_000) } }
      let counts = NumberByKey.plan(source.schema)
      let rows = tables[table] ?? SimulatedDatabase(seed: UInt64(tables.count), mode: .append)
      tables[table] = rows
      return JobGraph(
        name: name, checkpoint: CheckpointPolicy(interval: 10_000_000), restart: RestartPolicy(maxAttempts: 0),
        sources: [SourceNode(id: "input", type: "list", planned: source, time: TimePolicy())],
        operators: [OperatorNode(id: "numbers", type: "numbers", inputs: [NodeInput("input")], planned: counts)],
        sinks: [
          SinkNode(id: "rows", type: "database", inputs: [NodeInput("numbers")], planned: rows.sink(counts.schema, keys: 2, disk: disk))
        ])
    }

    func store(_ name: String) throws -> ReplicatedCheckpointStore {
      try ReplicatedCheckpointStore(files: runtime.files, folder: "\(folder.path)/state", job: name)
    }

    /// Runs all shards of a cut; after a moment they are drained, unless that is nil.
    func run(_ layout: ShardLayout, drainAfter moment: Duration?) async throws -> [JobShard: JobRunner.Result] {
      var settings = LocalTopicSettings()
      settings.partitions = layout.partitions
      let topics = ExchangeTopics(LocalTopicClient(root: "\(folder.path)/topics", settings: settings), job: "j", layout)
      var runners: [JobShard: JobRunner] = [:]
      for shard in layout.shards(of: "j", stages: 2) {
        let graph = try StageCut(try graph("j", table: shard.name, isSlow: moment != nil)).graph(shard, topics.ends(of: shard))
        runners[shard] = JobRunner(graph, runtime: runtime, store: try store(shard.name))
      }
      // When one fails the others would wait for it: the group ends them.
      return try await withThrowingTaskGroup(of: (JobShard, JobRunner.Result).self) { group in
        for (shard, runner) in runners { group.addTask { (shard, try await runner.run()) } }
        if let moment {
          try await Task.sleep(for: moment)
          for (shard, runner) in runners where shard.stage == 0 { await runner.drain() }
        }
        return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
    }

    /// What the last checkpoints of a cut hold.
    func state(_ layout: ShardLayout) throws -> JobState {
      let last = try layout.shards(of: "j", stages: 2).map { shard in
        let store = try store(shard.name)
        return (shard, try store.manifest(try #require(try store.epochs().last)), store as any CheckpointStore)
      }
      return try JobState(last, try cut())
    }

    /// What a cut that is over has left, in the hands of a process that dies after so many changes.
    func former(_ layout: ShardLayout, diesAfter changes: Int) throws -> FormerCut {
      let files = DyingFiles(after: changes)
      let topics = ExchangeTopics(LocalTopicClient(root: "\(folder.path)/topics", files: files), job: "j", layout)
      return FormerCut(topics, try cut()) { [folder] in
        try ReplicatedCheckpointStore(files: files, folder: "\(folder.path)/state", job: $0)
      }
    }

    /// Names in the folders of checkpoints and of topics.
    func names() throws -> [String] { try ["state", "topics"].flatMap { try runtime.files.list("\(folder.path)/\($0)") } }

    /// Whether every file of a savepoint is there.
    func isWhole(_ savepoint: String, of shard: String) throws -> Bool {
      let files = try store(shard).savepoint(savepoint).manifest.files
      return !files.isEmpty && files.allSatisfy { runtime.files.exists("\(folder.path)/state/\(shard)/\($0)") }
    }

    func cut() throws -> StageCut { StageCut(try graph("j", table: "none", isSlow: false)) }

    /// Per key the numbers of its records, in all tables together.
    var numbers: [String: [Int]] {
      var numbers: [String: [Int]] = [:]
      for row in tables.values.flatMap(\.appended) { numbers[row.columns[0], default: []].append(Int(row.columns[1]) ?? 0) }
      return numbers.mapValues { $0.sorted() }
    }

    /// What one naive loop makes of the input.
    var expected: [String: [Int]] {
      var numbers: [String: [Int]] = [:]
      for record in records.joined() {
        let key = record.values[0] ?? ""
        numbers[key, default: []].append(numbers[key, default: []].count + 1)
      }
      return numbers
    }
  }

  private func next(_ version: Int, _ random: inout SeededRandom) -> ShardLayout {
    ShardLayout(version: version, readers: random.int(1...4), partitions: random.int(1...7))
  }

  @Test("whatever the numbers of shards before and after, every record counts once, and every key goes on where it was", arguments: 0..<8)
  func rescale(seed: Int) async throws {
    var random = SeededRandom(UInt64(seed) ^ 0xCE11)
    let bench = Bench(&random)
    var layout = next(1, &random)
    for version in 2...3 {
      let results = try await bench.run(layout, drainAfter: .milliseconds(random.int(1...150)))
      #expect(results.values.allSatisfy { $0.isDrained || $0.isEndOfInput })
      // Whoever comes later to a shard that is drained reads nothing more.
      let again = try await bench.run(layout, drainAfter: nil)
      #expect(again.allSatisfy { $0.value.isDrained == results[$0.key]?.isDrained })
      let state = try bench.state(layout)
      layout = next(version, &random)
      for _ in 0..<2 {
        // The second does what a worker does that comes after one that was killed: nothing.
        for shard in layout.shards(of: "j", stages: 2) {
          try state.publishFirst(of: shard, try bench.cut(), to: try bench.store(shard.name), bench.runtime)
        }
      }
    }
    let results = try await bench.run(layout, drainAfter: nil)
    #expect(results.values.allSatisfy { $0.isEndOfInput })
    #expect(bench.numbers == bench.expected)
    #expect(bench.tables.values.allSatisfy { $0.violations.isEmpty })
  }

  @Test("a savepoint of all shards is what one process goes on from, and what shards of any number do", arguments: 0..<4)
  func savepoint(seed: Int) async throws {
    var random = SeededRandom(UInt64(seed) ^ 0x5A7E)
    let bench = Bench(&random)
    let layout = next(1, &random)
    _ = try await bench.run(layout, drainAfter: .milliseconds(random.int(20...100)))
    let store = try bench.store("j")
    for _ in 0..<2 { try bench.state(layout).publish(savepoint: "middle", of: "j", epoch: 1, to: store, bench.runtime) }
    let savepoint = try store.savepoint("middle")
    let before = bench.tables.count
    if seed % 2 == 0 {
      let runner = JobRunner(try bench.graph("one", table: "one", isSlow: false), runtime: bench.runtime, store: try bench.store("one"))
      try await runner.adopt(savepoint, from: store)
      #expect(try await runner.run().isEndOfInput)
    } else {
      let state = try JobState(savepoint, in: store)
      #expect(state.unread(try bench.cut()).isEmpty)
      let other = next(9, &random)
      for shard in other.shards(of: "j", stages: 2) {
        try state.publishFirst(of: shard, try bench.cut(), to: try bench.store(shard.name), bench.runtime)
      }
      _ = try await bench.run(other, drainAfter: nil)
    }
    #expect(bench.tables.count > before)
    #expect(bench.numbers == bench.expected)
  }

  @Test("what a former cut left goes, however often who removes it dies; savepoints stay, and the next cut goes on", arguments: 0..<6)
  func former(seed: Int) async throws {
    var random = SeededRandom(UInt64(seed) ^ 0xF0E)
    let bench = Bench(&random)
    let (first, second) = (next(1, &random), next(2, &random))
    _ = try await bench.run(first, drainAfter: .milliseconds(random.int(1...100)))
    let (state, whole) = (try bench.state(first), try bench.store("j"))
    try state.publish(savepoint: "middle", of: "j", epoch: 1, to: whole, bench.runtime)
    let shard = first.shards(of: "j", stages: 2)[0].name
    let pinned = try bench.store(shard)
    try state.publish(savepoint: "upgrade-v3", of: shard, epoch: 1, to: pinned, bench.runtime)
    for shard in second.shards(of: "j", stages: 2) {
      try state.publishFirst(of: shard, try bench.cut(), to: try bench.store(shard.name), bench.runtime)
    }
    _ = try await bench.run(second, drainAfter: .milliseconds(random.int(1...100)))

    // A savepoint that somebody may go back to keeps topics and places.
    #expect(try bench.former(first, diesAfter: .max).remove { _ in true } == ["\(shard)/upgrade-v3"])
    #expect(try whole.savepoints() == ["middle"] && pinned.savepoints() == ["upgrade-v3"] && pinned.epochs().isEmpty)
    #expect(try bench.isWhole("upgrade-v3", of: shard) && bench.names().contains { $0.hasSuffix("-v1") })

    var (deaths, isDone) = (0, false)
    while !isDone {
      // A little later each time, as every try begins by looking at all places.
      do {
        #expect(try bench.former(first, diesAfter: random.int(1...(3 + deaths))).remove { _ in false } == [])
        isDone = true
      } catch is FileError { deaths += 1 }
    }
    #expect(deaths > 3)
    let left = try bench.names()
    #expect(first.shards(of: "j", stages: 2).allSatisfy { !left.contains($0.name) } && !left.contains { $0.hasSuffix("-v1") }, "\(left)")
    #expect(second.shards(of: "j", stages: 2).allSatisfy { left.contains($0.name) } && left.contains { $0.hasSuffix("-v2") }, "\(left)")
    #expect(try bench.isWhole("middle", of: "j"))
    // Once more is as good as once.
    #expect(try bench.former(first, diesAfter: .max).remove { _ in false } == [])

    let (last, after) = (next(3, &random), try bench.state(second))
    for shard in last.shards(of: "j", stages: 2) {
      try after.publishFirst(of: shard, try bench.cut(), to: try bench.store(shard.name), bench.runtime)
    }
    _ = try await bench.run(last, drainAfter: nil)
    #expect(bench.numbers == bench.expected)
  }

  @Test("a shard that has checkpoints of an earlier life is refused, and its state stays")
  func otherHistory() async throws {
    var random = SeededRandom(3)
    let bench = Bench(&random)
    let layout = ShardLayout(readers: 1, partitions: 2)
    _ = try await bench.run(layout, drainAfter: .milliseconds(50))
    let shard = JobShard(job: "j", stage: 1, index: 0, count: 1, version: 2)
    let store = try bench.store(shard.name)
    try store.publish(Manifest(job: shard.name, epoch: 1))
    let state = try bench.state(layout)
    #expect(throws: RecutRefused.self) { try state.publishFirst(of: shard, try bench.cut(), to: store, bench.runtime) }
    #expect(try store.epochs() == [1])
  }

  @Test("of every key group one new shard has the rows, from the former shard that had them", arguments: 1...12)
  func groups(before: Int) {
    for after in 1...12 {
      for group in 0..<KeyGroup.count {
        let owners = (0..<after).filter { KeyGroup.range(ofSubtask: $0, parallelism: after).contains(group) }
        #expect(owners == [KeyGroup.subtask(ofGroup: group, parallelism: after)])
        let former = KeyGroup.subtask(ofGroup: group, parallelism: before)
        let own = KeyGroup.range(ofSubtask: owners[0], parallelism: after)
        #expect(KeyGroup.range(ofSubtask: former, parallelism: before).overlaps(own))
      }
    }
  }
}
