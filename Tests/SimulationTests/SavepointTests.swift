import Dataflow
import DataflowTesting
import Foundation
import Operators
import Synchronization
import Testing

@Suite("savepoints, on real threads and real files")
struct SavepointTests {
  /// A job that counts records a key and window, and the places it lives in.
  private struct Bench {
    let folder = FileManager.default.temporaryDirectory.path + "/savepoints-\(UUID().uuidString)"
    let disk = SimulatedDisk(seed: 1)
    let runtime = SystemRuntime(threads: 1)
    static let second: Int64 = 1_000_000_000
    static let records = (0..<600).map { index in
      ListSource.Record(1_767_225_600 * second + Int64(index) * second, ["k\(index % 3)", "\(index)"], pause: 0)
    }

    /// - Parameter isSlow: the source takes its time, so that something can happen meanwhile.
    func graph(_ name: String, _ rows: SimulatedDatabase, isSlow: Bool = true, window: String = "windows") throws -> JobGraph {
      let source = ListSource.plan(["key", "id"], [Self.records], batchSize: 5) { if isSlow { usleep(2000) } }
      let options: [String: Config.Value] = [
        "size": .duration(20 * Self.second), "keyBy": .list([.string("key")]),
        "aggregate": .map([("count", .object(Config(["type": .string("count")])))]),
      ]
      let planned = try TumblingWindow.type.plan(Config(options), source.schema)
      let table = planned.schema.selecting(
        ["window_start", "key", "count"].compactMap { name in planned.schema.field(name).map { ($0, name) } })
      return JobGraph(
        name: name, parallelism: 1, checkpoint: CheckpointPolicy(interval: 10_000_000, timeout: 60 * Self.second, retain: 2),
        restart: RestartPolicy(initialDelay: 1_000_000, maxDelay: 10_000_000, maxAttempts: 3),
        sources: [SourceNode(id: "lists", type: "list", planned: source, time: TimePolicy(maxOutOfOrder: 0), onError: .route)],
        operators: [OperatorNode(id: window, type: "window", inputs: [NodeInput("lists")], planned: planned)],
        sinks: [SinkNode(id: "rows", type: "database", inputs: [NodeInput(window)], planned: rows.sink(table, keys: 2, disk: disk))])
    }

    func store(_ name: String) throws -> ReplicatedCheckpointStore {
      try ReplicatedCheckpointStore(files: runtime.files, folder: folder, job: name)
    }

    func runner(_ graph: JobGraph) throws -> JobRunner { JobRunner(graph, runtime: runtime, store: try store(graph.name)) }

    /// Runs the slow job until some checkpoints are there, and takes a savepoint; then lets it go on until more rows have come, and stops it.
    func stopped(_ rows: SimulatedDatabase) async throws -> Savepoint {
      let runner = try runner(try graph("job", rows))
      let running = Task { try await runner.run() }
      while try store("job").epochs().last ?? 0 < 3 { try await Task.sleep(nanoseconds: 1_000_000) }
      let savepoint = try await runner.savepoint("first")
      let before = rows.ledgerEpochs.last ?? 0
      while rows.ledgerEpochs.last ?? 0 < max(before, savepoint.manifest.epoch) + 3 { try await Task.sleep(nanoseconds: 1_000_000) }
      await runner.stop()
      #expect(try await !running.value.isEndOfInput, "the job was to be stopped in its middle")
      return savepoint
    }

    func counts(_ rows: SimulatedDatabase) -> [String: [String]] { rows.rows.mapValues { $0.columns } }

    /// What a run without any of this gives.
    func expected() async throws -> [String: [String]] {
      let rows = SimulatedDatabase(seed: 9)
      let result = try await runner(try graph("reference", rows, isSlow: false)).run()
      #expect(result.isEndOfInput)
      return counts(rows)
    }
  }

  @Test("a savepoint stays when its checkpoint is removed, and another job goes on from it exactly")
  func fork() async throws {
    let bench = Bench()
    defer { try? FileManager.default.removeItem(atPath: bench.folder) }
    let (rows, others) = (SimulatedDatabase(seed: 1), SimulatedDatabase(seed: 2))
    let savepoint = try await bench.stopped(rows)
    let store = try bench.store("job")
    #expect(try !store.epochs().contains(savepoint.manifest.epoch))
    #expect(try store.savepoints() == ["first"])
    #expect(try store.savepoint("first") == savepoint)
    let fork = try bench.runner(try bench.graph("fork", others, isSlow: false))
    try await fork.adopt(savepoint, from: store)
    // The copy is the fork's own.
    try store.removeSavepoint("first")
    #expect(try store.savepoints().isEmpty)
    #expect(try await fork.run().isEndOfInput)
    _ = try await bench.runner(try bench.graph("job", rows, isSlow: false)).run()
    let expected = try await bench.expected()
    #expect(bench.counts(rows) == expected)
    #expect(!others.rows.isEmpty && others.rows.count < expected.count)
    for (key, row) in bench.counts(others) { #expect(expected[key] == row) }
  }

  @Test("sinks with rows from after a savepoint keep a job from starting there, until somebody accepts that they come again")
  func behind() async throws {
    let bench = Bench()
    defer { try? FileManager.default.removeItem(atPath: bench.folder) }
    let rows = SimulatedDatabase(seed: 1)
    let savepoint = try await bench.stopped(rows)
    let store = try bench.store("job")
    let runner = try bench.runner(try bench.graph("job", rows, isSlow: false))
    let epochs = try store.epochs()
    do {
      try await runner.adopt(savepoint, from: store)
      Issue.record("it was taken")
    } catch let refused as SavepointRefused { #expect(refused.kind == .behindSinks) }
    #expect(try store.epochs() == epochs)
    try await runner.adopt(savepoint, from: store, repeating: true)
    // Safe to repeat: it stands there already.
    let adopted = try store.epochs()
    try await runner.adopt(savepoint, from: store)
    #expect(try store.epochs() == adopted)
    let restored = Restored()
    let again = JobRunner(
      try bench.graph("job", rows, isSlow: false), runtime: bench.runtime, store: store,
      observer: JobObserver { if case .restored(_, let records) = $0 { restored.note(records) } })
    #expect(try await again.run().isEndOfInput)
    #expect(restored.records == savepoint.manifest.counters.first { $0.id == "lists" }?.counters.received)
    #expect(bench.counts(rows) == (try await bench.expected()))
    #expect(rows.violations.isEmpty)
  }

  @Test("the newest state can be kept of a job that does not run, and is where it starts again")
  func ofStopped() async throws {
    let bench = Bench()
    defer { try? FileManager.default.removeItem(atPath: bench.folder) }
    let rows = SimulatedDatabase(seed: 1)
    _ = try await bench.stopped(rows)
    let store = try bench.store("job")
    let runner = try bench.runner(try bench.graph("job", rows, isSlow: false))
    let savepoint = try await runner.savepoint()
    #expect(savepoint.name == "epoch-\(try #require(try store.epochs().last))")
    do {
      _ = try await runner.savepoint(savepoint.name)
      Issue.record("two of one name")
    } catch let refused as SavepointRefused { #expect(refused.kind == .exists) }
    try await runner.adopt(savepoint, from: store)
    #expect(try await runner.run().isEndOfInput)
    #expect(bench.counts(rows) == (try await bench.expected()))
  }

  @Test("a job with a history does not take another job's savepoint, and none takes state that it has no step for")
  func foreign() async throws {
    let bench = Bench()
    defer { try? FileManager.default.removeItem(atPath: bench.folder) }
    let (rows, others) = (SimulatedDatabase(seed: 1), SimulatedDatabase(seed: 2))
    let savepoint = try await bench.stopped(rows)
    let store = try bench.store("job")
    let other = try bench.graph("other", others, isSlow: false)
    _ = try await bench.runner(other).run()
    do {
      try await bench.runner(other).adopt(savepoint, from: store, repeating: true)
      Issue.record("it was taken")
    } catch let refused as SavepointRefused { #expect(refused.kind == .foreign) }
    let renamed = try bench.graph("renamed", SimulatedDatabase(seed: 3), isSlow: false, window: "panes")
    await #expect(throws: RecoveryRefused.self) { try await bench.runner(renamed).adopt(savepoint, from: store) }
    let empty = try bench.runner(try bench.graph("empty", SimulatedDatabase(seed: 4)))
    do {
      _ = try await empty.savepoint()
      Issue.record("a savepoint of nothing")
    } catch let refused as SavepointRefused { #expect(refused.kind == .noCheckpoint) }
  }

  @Test("state that no step reads keeps a job from starting, until somebody drops it; what it read stays read")
  func unread() async throws {
    let bench = Bench()
    defer { try? FileManager.default.removeItem(atPath: bench.folder) }
    let rows = SimulatedDatabase(seed: 1)
    _ = try await bench.stopped(rows)
    let graph = try bench.graph("job", rows, isSlow: false, window: "panes")
    await #expect(throws: RecoveryRefused.self) { try await bench.runner(graph).run() }
    #expect(try await bench.runner(graph).dropUnreadState() == ["windows"])
    let result = try await bench.runner(graph).run()
    #expect(result.isEndOfInput)
    #expect(result.totals.first { $0.id == "lists" }?.counters.received == Bench.records.count)
  }

  @Test("a damaged byte of a savepoint is found before anything starts from it")
  func damage() async throws {
    let bench = Bench()
    defer { try? FileManager.default.removeItem(atPath: bench.folder) }
    let savepoint = try await bench.stopped(SimulatedDatabase(seed: 1))
    let store = try bench.store("job")
    let file = "\(bench.folder)/job/\(try #require(savepoint.manifest.files.first))"
    var bytes = try bench.runtime.files.read(file)
    bytes[bytes.count / 2] ^= 1
    try bench.runtime.files.writeDurably(file, bytes)
    let fork = try bench.runner(try bench.graph("fork", SimulatedDatabase(seed: 2), isSlow: false))
    await #expect(throws: CheckpointDamage.self) { try await fork.adopt(savepoint, from: store) }
    #expect(try bench.store("fork").epochs().isEmpty)
  }
}

/// How many records had been read where a run began.
private final class Restored: Sendable {
  private let value = Mutex<Int?>(nil)
  var records: Int? { value.withLock { $0 } }
  func note(_ records: Int) { value.withLock { $0 = records } }
}
