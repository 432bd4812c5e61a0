import Dataflow
import DataflowTesting
import Operators
import Testing

/// A seeded job (list source, tumbling window, database sink), run with crashes until it is done, and the rows it must give.
struct WindowScenario {
  let seed: UInt64
  private let parallelism: Int
  private let lists: [[ListSource.Record]]
  private static let minute: Int64 = 60_000_000_000
  private static let start: Int64 = 1_767_225_600_000_000_000

  init(seed: UInt64) {
    self.seed = seed
    var random = SeededRandom(seed &* 7919 &+ 1)
    parallelism = random.int(1...4)
    lists = (0..<random.int(1...5)).map { list in
      var time = Self.start
      return (0..<random.int(0...120)).map { index in
        time += Int64(random.int(0...20)) * 1_000_000_000
        let key = "k\(random.int(0...6))"
        return ListSource.Record(time - Int64(random.int(0...30)) * 1_000_000_000, [key, "\(list)-\(index)"])
      }
    }
  }

  /// key|window to count, by the most naive way there is.
  var expected: [String: Int] {
    var counts: [String: Int] = [:]
    for record in lists.joined() {
      let window = record.time / Self.minute * Self.minute
      counts["\(record.values[0] ?? "")|\(window)", default: 0] += 1
    }
    return counts
  }

  func runWithCrashes() throws {
    let disk = SimulatedDisk(seed: seed)
    let database = SimulatedDatabase(seed: seed)
    database.setFaults(lostReplies: 0.1, unavailable: 0.1)
    var random = SeededRandom(seed &* 104_729 &+ 3)
    var runs = 0
    while true {
      runs += 1
      let isLast = runs > 8
      disk.planCrash(afterOperations: isLast ? nil : random.int(0...60))
      let runtime = SimulatedRuntime(seed: seed &+ UInt64(runs) &* 1_000_003, disk: disk)
      let graph = try graph(parallelism: runs % 3 == 2 ? random.int(1...4) : parallelism, database, disk)
      do {
        let result = try runtime.executor.run {
          let store = try FileCheckpointStore(files: runtime.files, folder: "/state", job: graph.name)
          return try await JobRunner(graph, runtime: runtime, store: store).run()
        }
        check(result, database)
        return
      } catch where disk.isCrashed {
        disk.restart()
      }
    }
  }

  private func check(_ result: JobRunner.Result, _ database: SimulatedDatabase) {
    var counts: [String: Int] = [:]
    for row in database.rows.values { counts["\(row.columns[0])|\(row.columns[2])"] = Int(row.columns[1]) }
    #expect(counts == expected, "seed \(seed)")
    #expect(database.ledgerEpochs == database.ledgerEpochs.sorted(), "seed \(seed): the ledger went back")
    for (id, counters) in result.totals { #expect(counters.imbalance == 0, "seed \(seed): operator \(id) is out of balance: \(counters)") }
  }

  private func graph(parallelism: Int, _ database: SimulatedDatabase, _ disk: SimulatedDisk) throws -> JobGraph {
    let source = ListSource.plan(["key", "id"], lists)
    let window = try TumblingWindow.type.plan(
      Config([
        "size": .duration(Self.minute), "allowedLateness": .duration(Self.minute), "keyBy": .list([.string("key")]),
        "aggregate": .map([("count", .object(Config(["type": .string("count")])))]),
      ]), source.schema)
    // Columns: key, count, window_start, …; rows are replaced by key and window.
    let keyed = window.schema.selecting(["key", "count", "window_start", "revision", "final"].compactMap { name in
      window.schema.field(name).map { ($0, name) }
    })
    return JobGraph(
      name: "windows", parallelism: parallelism, checkpoint: CheckpointPolicy(interval: 20_000_000),
      sources: [SourceNode(id: "lists", type: "list", planned: source, time: TimePolicy(maxOutOfOrder: Self.minute))],
      operators: [OperatorNode(id: "windows", type: "tumbling-window", inputs: [NodeInput("lists")], planned: window)],
      sinks: [SinkNode(id: "rows", type: "database", inputs: [NodeInput("windows")], planned: database.sink(keyed, keys: 3, disk: disk))])
  }
}
