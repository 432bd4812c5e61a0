import Dataflow
import DataflowTesting
import Operators

/// A job and its input, drawn by a seed: list source, event time, window, a table of results and a table of refused and late records.
struct Scenario: Sendable {
  static let second: Int64 = 1_000_000_000
  static let start: Int64 = 1_767_225_600 * second

  let seed: UInt64
  let lists: [[ListSource.Record]]
  let size: Int64
  let slide: Int64
  let allowedLateness: Int64
  let maxOutOfOrder: Int64
  let idleAfter: Int64?
  let emitEvery: Int64?
  let batchSize: Int
  let interval: Int64
  let retain: Int
  let hasSecondCopy: Bool
  /// Whether every run has the same parallelism; otherwise each draws its own.
  let fixedParallelism: Int?
  let stepCost: Int64

  init(seed: UInt64) {
    self.seed = seed
    var random = SeededRandom(seed &* 7919 &+ 1)
    let isLarge = random.chance(0.08)
    let keys = isLarge ? random.int(500...2500) : random.int(1...8)
    let disorder = Int64(random.int(0...40))
    fixedParallelism = random.chance(0.4) ? random.int(1...4) : nil
    let isSliding = random.chance(0.35)
    slide = Int64(isLarge ? random.int(200...2000) : random.int(2...60)) * Self.second
    size = isSliding ? slide * Int64(random.int(1...3)) + (random.chance(0.3) ? slide / 2 : 0) : slide
    // A third of the jobs allow less disorder than there is: records come late. Sliding windows take a late record into some windows and not
    // into others, so there all records are in time.
    maxOutOfOrder = (isSliding || random.chance(0.67) ? disorder : disorder / 4) * Self.second
    allowedLateness = random.chance(0.5) ? Int64(random.int(0...50)) * Self.second : 0
    idleAfter = !isSliding && random.chance(0.3) ? 5_000_000 : nil
    emitEvery = random.chance(0.3) ? 1_000_000 : nil
    batchSize = isLarge ? 256 : random.int(1...12)
    interval = Int64(random.int(1...20)) * 1_000_000
    retain = random.int(1...4)
    hasSecondCopy = random.chance(0.2)
    stepCost = [0, 20_000, 20_000, 200_000, 2_000_000][random.int(0...4)]
    let hasPauses = random.chance(0.3)
    lists = (0..<random.int(1...(isLarge ? 2 : 5))).map { list in
      var time = Self.start
      let count = isLarge ? random.int(500...2000) : random.int(0...120)
      let step = random.int(0...(isLarge ? 1 : 20))
      return (0..<count).map { index in
        time += Int64(random.int(0...step)) * Self.second
        var at = time - Int64(random.int(0...Int(disorder))) * Self.second
        if random.chance(0.01) { at = 0 }  // impossible
        // Far too late, unless it is the first.
        if !isSliding && random.chance(0.01) { at = max(Self.start - 7200 * Self.second, at - 3600 * Self.second) }
        let key = random.chance(0.03) ? nil : "k\(random.int(0...(keys - 1)))"
        let severity = random.chance(0.1) ? nil : ["DEBUG", "ERROR", "a longer severity"][random.int(0...2)]
        // A large job ends in a trickle: checkpoints in which few keys have changed.
        let pauses = isLarge ? (index > count - 60 ? 0.5 : 0) : hasPauses ? 0.05 : 0
        let pause: Int64 = random.chance(pauses) ? Int64(random.int(1...20)) * 1_000_000 : 0
        return ListSource.Record(at, [key, "\(list)-\(index)", severity], pause: pause)
      }
    }
  }

  var records: [ListSource.Record] { lists.flatMap { $0 } }

  /// The largest watermark that the records can give, without the end of the input.
  var lastWatermark: Int64 { (records.map(\.time).max() ?? 0) - maxOutOfOrder - 1 }

  /// With one list, read by one subtask, which records are late depends on nothing but the input.
  var lateIsCertain: Bool { lists.count == 1 && fixedParallelism == 1 && idleAfter == nil }

  func graph(
    parallelism: Int, windows database: SimulatedDatabase, refused: SimulatedDatabase, disk: SimulatedDisk,
    onPoll: @escaping @Sendable () throws -> Void
  ) throws -> JobGraph {
    let source = ListSource.plan(["key", "id", "severity"], lists, batchSize: batchSize, onPoll: onPoll)
    var options: [String: Config.Value] = [
      "size": .duration(size), "allowedLateness": .duration(allowedLateness), "keyBy": .list([.string("key")]),
      "aggregate": .map(Self.aggregates),
    ]
    if slide != size { options["slide"] = .duration(slide) }
    if let emitEvery { options["emit"] = .object(Config(["every": .duration(emitEvery)])) }
    let type = slide == size ? TumblingWindow.type : SlidingWindow.type
    let window = try type.plan(Config(options), source.schema)
    let columns = ["window_start", "key", "revision", "final", "window_end"] + Self.aggregates.map(\.key)
    let table = window.schema.selecting(columns.compactMap { name in window.schema.field(name).map { ($0, name) } })
    let dead = ErrorRecords.schema.selecting(["raw", "reason"].compactMap { name in ErrorRecords.schema.field(name).map { ($0, name) } })
    return JobGraph(
      name: "simulated", parallelism: parallelism,
      checkpoint: CheckpointPolicy(interval: interval, timeout: 3_600 * Self.second, retain: retain),
      restart: RestartPolicy(initialDelay: 1_000_000, maxDelay: 10_000_000, maxAttempts: 1000),
      sources: [
        SourceNode(
          id: "lists", type: "list", planned: source, time: TimePolicy(maxOutOfOrder: maxOutOfOrder, idleAfter: idleAfter), onError: .route)
      ],
      operators: [OperatorNode(id: "windows", type: "window", inputs: [NodeInput("lists")], planned: window)],
      sinks: [
        SinkNode(id: "rows", type: "database", inputs: [NodeInput("windows")], planned: database.sink(table, keys: 2, disk: disk)),
        SinkNode(
          id: "refused", type: "database", inputs: [NodeInput("lists", .errors), NodeInput("windows", .late)],
          planned: refused.sink(dead, keys: 1, disk: disk)),
      ])
  }

  private static let aggregates: [(key: String, value: Config.Value)] = [
    ("count", .object(Config(["type": .string("count")]))),
    ("first_time", .object(Config(["type": .string("min")]))),
    ("last_time", .object(Config(["type": .string("max")]))),
    ("first", .object(Config(["type": .string("first"), "field": .string("id")]))),
    ("severities", .object(Config(["type": .string("distribution"), "field": .string("severity")]))),
    (
      "samples",
      .object(Config(["type": .string("reservoir"), "size": .int(2), "fields": .list([.string("id")])]))
    ),
    ("top", .object(Config(["type": .string("top-k"), "field": .string("severity"), "size": .int(2)]))),
  ]
}
