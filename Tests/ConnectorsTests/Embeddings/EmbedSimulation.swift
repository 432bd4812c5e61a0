import Connectors
import Dataflow
import DataflowTesting
import Search
import Synchronization

/// Records with templates, by a seed: few or many templates, some empty, huge, in other scripts, without a key, or such that a provider refuses.
struct EmbedScenario: Sendable {
  static let start: Int64 = 1_767_225_600_000_000_000

  var lists: [[ListSource.Record]]
  let options: Config
  let isOrdered: Bool
  let dropsRepeats: Bool
  let maxTexts: Int
  let batchSize: Int
  let interval: Int64
  let fixedParallelism: Int?
  let stepCost: Int64

  init(seed: UInt64) {
    var random = SeededRandom(seed &* 7919 &+ 11)
    let templates = random.int(1...60)
    isOrdered = random.chance(0.4)
    dropsRepeats = random.chance(0.4)
    let retryAfter: Int64 = random.chance(0.5) ? 3_600_000_000_000 : 20_000_000
    maxTexts = random.int(1...16)
    batchSize = random.int(1...12)
    interval = Int64(random.int(1...20)) * 1_000_000
    fixedParallelism = random.chance(0.5) ? random.int(1...3) : nil
    stepCost = [0, 20_000, 200_000][random.int(0...2)]
    var batch: [String: Config.Value] = ["wait": .duration(Int64(random.int(0...30)) * 1_000_000)]
    if random.chance(0.5) { batch["count"] = .int(Int64(random.int(1...20))) }
    if random.chance(0.3) { batch["bytes"] = .int(Int64(random.int(1...400))) }
    options = Config([
      "key": .string("shape"), "ordered": .bool(isOrdered), "inFlight": .int(Int64(random.int(1...4))), "batch": .object(Config(batch)),
      "repeats": .string(dropsRepeats ? "drop" : "pass"), "retryAfter": .duration(retryAfter),
    ])
    let hasPauses = random.chance(0.4)
    lists = (0..<random.int(1...3)).map { list in
      (0..<random.int(0...120)).map { index in
        let number = random.int(0...(templates - 1))
        var (shape, template): (String?, String?) = ("\(number)", Self.template(number))
        if random.chance(0.03) { shape = nil }
        if random.chance(0.03) { template = [nil, "", " "][random.int(0...2)] }
        let pause: Int64 = hasPauses && random.chance(0.1) ? Int64(random.int(1...30)) * 1_000_000 : 0
        return ListSource.Record(Self.start + Int64(index) * 1_000_000_000, ["\(list)-\(index)", shape, template], pause: pause)
      }
    }
  }

  /// One in nine is refused by every provider.
  static func isPoison(_ number: Int) -> Bool { number % 9 == 4 }

  static func template(_ number: Int) -> String {
    switch number % 9 {
    case 4: "poison \(number)"
    case 5: "日志失败 \(number)"
    case 6: "<*> \(number)"
    case 7: "huge \(number) " + String(repeating: "x", count: 2000)
    default: "template \(number)"
    }
  }

  /// Four bytes that are digits: a vector of one number that is told apart by its text.
  static func vector(_ number: Int) -> [Float] {
    let digits = Array("\(10_000 + number)".utf8.dropFirst())
    return [Float(bitPattern: digits.enumerated().reduce(0) { $0 | UInt32($1.element) << (8 * UInt32($1.offset)) })]
  }
  static func text(_ number: Int) -> String { String("\(10_000 + number)".dropFirst()) }

  var records: [ListSource.Record] { lists.flatMap { $0 } }

  func graph(
    _ embedder: EmbeddingsConnection.Planned, parallelism: Int, rows: SimulatedDatabase, errors: SimulatedDatabase, _ disk: SimulatedDisk
  )
    throws -> JobGraph
  {
    var source = ListSource.plan(["id", "shape", "template"], lists, batchSize: batchSize)
    // What an operator redact-pii in front would say.
    source.schema = Schema([("id", .bytes), ("shape", .bytes)])
    source.schema.append("template", .bytes, isRedacted: true)
    let embed = try Embed.plan(embedder, options, source.schema)
    let table = embed.schema.selecting(["id", "shape", "embedding"].compactMap { name in embed.schema.field(name).map { ($0, name) } })
    let dead = ErrorRecords.schema.selecting(["raw", "reason"].compactMap { name in ErrorRecords.schema.field(name).map { ($0, name) } })
    return JobGraph(
      name: "embedding", parallelism: parallelism, checkpoint: CheckpointPolicy(interval: interval, timeout: 3_600_000_000_000, retain: 2),
      restart: RestartPolicy(initialDelay: 1_000_000, maxDelay: 10_000_000, maxAttempts: 1000),
      sources: [SourceNode(id: "lists", type: "list", planned: source, time: TimePolicy(maxOutOfOrder: 0), onError: .route)],
      operators: [OperatorNode(id: "embedded", type: "embed", inputs: [NodeInput("lists")], planned: embed, onError: .route)],
      sinks: [
        SinkNode(id: "rows", type: "database", inputs: [NodeInput("embedded")], planned: rows.sink(table, keys: 1, disk: disk)),
        SinkNode(
          id: "errors", type: "database", inputs: [NodeInput("lists", .errors), NodeInput("embedded", .errors)],
          planned: errors.sink(dead, keys: 1, disk: disk)),
      ])
  }
}

/// A provider that outlives the process that asks it: slow, busy, away, wrong, by a seed. Keeps a book of what it answered.
final class SimulatedProvider: Sendable {
  enum Fault: CaseIterable { case busy, refusing, wrongSize, notANumber, partial, slow }

  private struct State {
    var random: SeededRandom
    var faults: [Fault] = []
    var chance = 0.0
    var awayUntil = Int64.min
    var run = 0
    var answered: [String: [Int]] = [:]
    var tally: [String: Int] = [:]
    var underWay = 0
    var mostUnderWay = 0
    var problems: [String] = []
  }
  private let state: Mutex<State>
  private let maxTexts: Int
  /// Whether a key's vector stands in the sink: then nobody may ask for it.
  private let isWritten: @Sendable (String) -> Bool

  init(seed: UInt64, maxTexts: Int, isWritten: @escaping @Sendable (String) -> Bool) {
    state = Mutex(State(random: SeededRandom(seed ^ 0xE3B)))
    (self.maxTexts, self.isWritten) = (maxTexts, isWritten)
  }

  var problems: [String] { state.withLock { $0.problems } }
  var tally: [String: Int] { state.withLock { $0.tally } }
  var mostUnderWay: Int { state.withLock { $0.mostUnderWay } }

  /// Draws what goes wrong from now on; nothing when the run is not faulty.
  func begin(run: Int, isFaulty: Bool, now: Int64) {
    state.withLock { state in
      state.run = run
      state.underWay = 0
      state.faults = isFaulty ? Fault.allCases.filter { _ in state.random.chance(0.3) } : []
      state.chance = isFaulty ? [0, 0.1, 0.5][state.random.int(0...2)] : 0
      state.awayUntil = isFaulty && state.random.chance(0.4) ? now + Int64(state.random.int(0...400)) * 1_000_000 : .min
    }
  }

  func planned(_ runtime: any Runtime) -> EmbeddingsConnection.Planned {
    EmbeddingsConnection.Planned(model: "simulated", dimensions: 1) { _ in Client(provider: self, runtime: runtime, maxTexts: self.maxTexts)
    }
  }

  private struct Client: Embedder {
    let provider: SimulatedProvider
    let runtime: any Runtime
    let model = "simulated"
    let dimensions = 1
    let maxTexts: Int

    func embed(_ texts: [String]) async throws(EmbeddingError) -> [[Float]] { try await provider.embed(texts, runtime) }
  }

  private func embed(_ texts: [String], _ runtime: any Runtime) async throws(EmbeddingError) -> [[Float]] {
    state.withLock { state in
      state.underWay += 1
      state.mostUnderWay = max(state.mostUnderWay, state.underWay)
      if texts.count > maxTexts { state.problems.append("\(texts.count) texts in one call") }
    }
    defer { state.withLock { $0.underWay -= 1 } }
    // A client waits for a provider that is away, as the real one does, and gives up at some time.
    for attempt in 0..<20 {
      let (isAway, pause) = state.withLock { state in
        (runtime.now() < state.awayUntil, Int64(state.random.int(1...30)) * 1_000_000)
      }
      do { try await runtime.sleep(nanoseconds: pause) } catch { throw EmbeddingError(.transient, "the job is ending") }
      if !isAway { break }
      if attempt == 19 { throw EmbeddingError(.transient, "the provider is away") }
    }
    return try state.withLock { state throws(EmbeddingError) in try answer(texts, &state) }
  }

  private func answer(_ texts: [String], _ state: inout State) throws(EmbeddingError) -> [[Float]] {
    let numbers = texts.map { Int($0.split(separator: " ").first { $0.allSatisfy(\.isNumber) } ?? "") ?? -1 }
    var vectors = numbers.map(EmbedScenario.vector)
    if let fault = state.faults.randomElement(using: &state.random), state.random.chance(state.chance) {
      state.tally["\(fault)", default: 0] += 1
      switch fault {
      case .busy: throw EmbeddingError(.transient, "the provider answered 429")
      case .refusing: throw EmbeddingError(.refused, "the provider refused the texts (400)")
      case .wrongSize: return vectors.map { $0 + [1] }
      case .notANumber: vectors[state.random.int(0...(vectors.count - 1))] = [.nan]
      case .partial: vectors.removeLast()
      case .slow: break
      }
      if fault != .slow { return vectors }
    }
    if numbers.contains(where: EmbedScenario.isPoison) { throw EmbeddingError(.refused, "the provider refused the texts (422)") }
    for number in numbers {
      let key = "\(number)"
      if number < 0 { state.problems.append("a text without a number was asked for") }
      if isWritten(key) { state.problems.append("template \(key) was asked for although its vector had left the job") }
      if state.answered[key]?.contains(state.run) == true {
        state.problems.append("template \(key) was embedded twice in run \(state.run)")
      }
      state.answered[key, default: []].append(state.run)
    }
    return vectors
  }
}

/// Runs a scenario under faults and crashes until its input is at its end, then looks for every record.
struct EmbedSimulation {
  private let scenario: EmbedScenario
  private let disk: SimulatedDisk
  private let rows: SimulatedDatabase
  private let errors: SimulatedDatabase
  private let provider: SimulatedProvider
  private var random: SeededRandom
  private var time = EmbedScenario.start
  private let seed: UInt64
  private(set) var problems: [String] = []
  private(set) var tally: [String: Int] = [:]
  private static let faultyRuns = 6

  init(seed: UInt64) {
    self.seed = seed
    scenario = EmbedScenario(seed: seed)
    disk = SimulatedDisk(seed: seed)
    rows = SimulatedDatabase(seed: seed, mode: .append)
    errors = SimulatedDatabase(seed: seed ^ 0xE44, mode: .append)
    random = SeededRandom(seed &* 104_729 &+ 5)
    let rows = rows
    provider = SimulatedProvider(seed: seed, maxTexts: scenario.maxTexts) { key in rows.appended.contains { $0.columns[1] == key } }
  }

  mutating func run() {
    for run in 1...100 {
      let isFaulty = run <= Self.faultyRuns
      do {
        let result = try runOnce(run, isFaulty: isFaulty)
        if result.isEndOfInput {
          check(result)
          problems += provider.problems
          tally.merge(provider.tally) { $0 + $1 }
          return
        }
        tally["stopped", default: 0] += 1
      } catch  where disk.isCrashed {
        tally["crashed", default: 0] += 1
        disk.restart()
      } catch let error as SinkError where error.retry == .withBackoff {
        tally["stopped before a sink answered", default: 0] += 1
      } catch {
        problems.append("run \(run) failed: \(error)")
        return
      }
    }
    problems.append("not finished after 100 runs")
  }

  private mutating func runOnce(_ run: Int, isFaulty: Bool) throws -> JobRunner.Result {
    disk.planCrash(afterOperations: isFaulty && random.chance(0.5) ? random.int(0...120) : nil)
    for database in [rows, errors] {
      database.setFaults(lostReplies: isFaulty && random.chance(0.3) ? 0.15 : 0, unavailable: isFaulty && random.chance(0.3) ? 0.15 : 0)
    }
    let stopAfter: Int64? = isFaulty && random.chance(0.4) ? Int64(random.int(0...120)) * 1_000_000 : nil
    let runtime = SimulatedRuntime(seed: seed &+ UInt64(run) &* 1_000_003, disk: disk, startTime: time, stepCost: scenario.stepCost)
    provider.begin(run: run, isFaulty: isFaulty, now: time)
    let graph = try scenario.graph(
      provider.planned(runtime), parallelism: scenario.fixedParallelism ?? random.int(1...3), rows: rows, errors: errors, disk)
    defer { time = runtime.executor.time }
    return try runtime.executor.run(maxSteps: 3_000_000) {
      let store = try ReplicatedCheckpointStore(files: runtime.files, folder: "/state", secondCopy: nil, job: graph.name)
      let runner = JobRunner(graph, runtime: runtime, store: store, observer: JobObserver { _ in })
      return try await runner.run(stopAfter: stopAfter, on: runtime)
    }
  }

  private mutating func check(_ result: JobRunner.Result) {
    let given = rows.appended.map { $0.columns }
    // The raw bytes of the source are the record's id.
    let refused = errors.appended.map { $0.columns }
    let ids = given.map { $0[0] } + refused.map { $0[0] }
    let wanted = scenario.records.compactMap { $0.values[0] }
    if ids.count != Set(ids).count { problems.append("a record left twice") }
    var lost = Set(wanted).subtracting(ids)
    if scenario.dropsRepeats {
      // A repeat is not lost when its template has left, or is an error.
      let shapes = Dictionary(scenario.records.map { ($0.values[0] ?? "", $0.values[1]) }) { first, _ in first }
      let told = Set(ids.compactMap { shapes[$0].flatMap { $0 } })
      lost = lost.filter { id in shapes[id].flatMap { $0 }.map { !told.contains($0) } ?? true }
      if given.count != Set(given.map { $0[1] }).count { problems.append("a template left twice") }
    }
    if !lost.isEmpty { problems.append("\(lost.count) records are lost: \(lost.sorted().prefix(3))") }
    if !Set(ids).isSubset(of: wanted) { problems.append("records that nobody sent") }
    for row in given where row[2] != Int(row[1]).map(EmbedScenario.text) { problems.append("template \(row[1]) has the vector \(row[2])") }
    for (id, counters) in result.totals where counters.imbalance != 0 { problems.append("operator \(id) is out of balance: \(counters)") }
    for row in refused where !["no-key", "no-text", "embedding-failed"].contains(row[1]) { problems.append("refused for \(row[1])") }
    let hopeless = scenario.records.filter { record in
      record.values[1] == nil || record.values[1].flatMap { Int($0) }.map(EmbedScenario.isPoison) == true
    }
    for record in hopeless where given.contains(where: { $0[0] == record.values[0] }) {
      problems.append("\(record.values) has a vector")
    }
    if scenario.isOrdered, scenario.fixedParallelism == 1, scenario.lists.count == 1 {
      let order = given.compactMap { Int($0[0].dropFirst(2)) }
      if order != order.sorted() { problems.append("records left in another order") }
    }
    tally["rows", default: 0] += given.count
    tally["errors", default: 0] += refused.count
  }
}
