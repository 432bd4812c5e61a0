import Dataflow
import DataflowTesting

/// Runs a scenario under faults until its input is at its end, then compares what was written with what should have been.
struct Simulation {
  struct Outcome {
    var problems: [String] = []
    /// A hash over every choice of every run: equal for equal seeds.
    var trace = KeyHasher()
    var tally: [String: Int] = [:]
  }

  private let scenario: Scenario
  private let disk: SimulatedDisk
  private let windows: SimulatedDatabase
  private let refused: SimulatedDatabase
  private let watch: Watch
  private var random: SeededRandom
  private var outcome = Outcome()
  private var time = Scenario.start
  private var isToStop = false
  static let faultyRuns = 8

  init(seed: UInt64) {
    scenario = Scenario(seed: seed)
    disk = SimulatedDisk(seed: seed)
    windows = SimulatedDatabase(seed: seed, mode: .replace(Self.isWorse))
    refused = SimulatedDatabase(seed: seed ^ 0xE44, mode: .append)
    watch = Watch(disk)
    random = SeededRandom(seed &* 104_729 &+ 3)
  }

  /// Revisions of a row grow, its count does not fall, and what was final stays so.
  private static func isWorse(_ old: SimulatedDatabase.Row, _ new: SimulatedDatabase.Row) -> String? {
    guard let was = Int(old.columns[2]), let now = Int(new.columns[2]), now > was else {
      return "\(new.key): revision \(new.columns[2]) after \(old.columns[2])"
    }
    if let was = Int(old.columns[5]), let now = Int(new.columns[5]), now < was { return "\(new.key): count \(now) after \(was)" }
    if old.columns[3] == "true" && new.columns[3] == "false" { return "\(new.key): no longer final" }
    return nil
  }

  static func run(seed: UInt64) -> Outcome {
    var simulation = Simulation(seed: seed)
    simulation.runToTheEnd()
    simulation.outcome.tally = simulation.watch.tally
    return simulation.outcome
  }

  private mutating func runToTheEnd() {
    windows.setFaults(lostReplies: random.chance(0.5) ? 0.15 : 0, unavailable: random.chance(0.5) ? 0.15 : 0)
    refused.setFaults(lostReplies: random.chance(0.5) ? 0.15 : 0, unavailable: random.chance(0.5) ? 0.15 : 0)
    for run in 1...200 {
      let isFaulty = run <= Self.faultyRuns
      let damaged = isFaulty && random.chance(0.1) ? Damage.inflict(on: disk, &random) : nil
      do {
        let result = try runOnce(run, isFaulty: isFaulty)
        if result.isEndOfInput {
          check(result)
          return
        }
        watch.count("stopped")
        checkNothingFired(result)
      } catch  where disk.isCrashed {
        watch.count("crash in \(watch.phase.rawValue)")
        disk.restart()
        // A crash may hide a refusal, and a file that a later checkpoint does without stays damaged: both are found when it is needed.
        damaged?.repair(disk)
      } catch is RecoveryRefused where damaged != nil {
        watch.count("refused to start from a damaged file")
        if damaged?.hasSecondCopy(disk) == true {
          outcome.problems.append("refused although there was a second copy: \(damaged?.path ?? "")")
        }
        damaged?.repair(disk)
      } catch let error as SourceError where error.isTransient {
        watch.count("failed while it was being stopped")
      } catch let error as SinkError where error.retry == .withBackoff && isToStop {
        watch.count("stopped before a sink answered")
        // The damaged file may not have been looked at yet: a later run would refuse it, and rightly.
        damaged?.repair(disk)
      } catch {
        outcome.problems.append("run \(run) failed: \(error)")
        return
      }
    }
    outcome.problems.append("not finished after 200 runs")
  }

  private mutating func runOnce(_ run: Int, isFaulty: Bool) throws -> JobRunner.Result {
    let stopAfter = isFaulty ? planFaults() : nil
    isToStop = stopAfter != nil
    if !isFaulty { clearFaults() }
    let runtime = SimulatedRuntime(
      seed: scenario.seed &+ UInt64(run) &* 1_000_003, disk: disk, startTime: time, stepCost: scenario.stepCost)
    let (scenario, watch, disk) = (scenario, watch, disk)
    let parallelism = scenario.fixedParallelism ?? random.int(1...4)
    let graph = try scenario.graph(parallelism: parallelism, windows: windows, refused: refused, disk: disk) { try watch.poll() }
    defer {
      let trace = runtime.executor.trace
      outcome.trace.combine(trace.hash)
      time = runtime.executor.time
    }
    return try runtime.executor.run(maxSteps: 3_000_000) {
      let store = try ReplicatedCheckpointStore(
        files: runtime.files, folder: "/state", secondCopy: scenario.hasSecondCopy ? "/copy" : nil, job: graph.name)
      let runner = JobRunner(graph, runtime: runtime, store: store, observer: JobObserver { watch.receive($0) })
      return try await runner.run(stopAfter: stopAfter, on: runtime)
    }
  }

  /// Draws what goes wrong in the next run. Returns after how many nanoseconds it is stopped, if it is.
  private mutating func planFaults() -> Int64? {
    clearFaults()
    switch random.int(0...9) {
    case 0...2: disk.planCrash(afterOperations: random.int(0...80))
    case 3...6: watch.planKill(CheckpointPhase.allCases.randomElement(using: &random), times: random.int(1...6))
    default: break
    }
    if random.chance(0.2) { watch.planPollFaults(Set((0...random.int(0...2)).map { _ in random.int(1...40) })) }
    if random.chance(0.2) { disk.fill(forOperations: random.int(1...30)) }
    return random.chance(0.25) ? Int64(random.int(0...60)) * 1_000_000 : nil
  }

  private func clearFaults() {
    disk.planCrash(afterOperations: nil)
    disk.fill(forOperations: 0)
    watch.planKill(nil, times: 0)
    watch.planPollFaults([])
  }

  // MARK: Checks

  /// A stop fires no window: what is final, the watermark has closed.
  private mutating func checkNothingFired(_ result: JobRunner.Result) {
    guard let read = result.totals.first(where: { $0.id == "lists" })?.counters.received, read < scenario.records.count else { return }
    for row in windows.rows.values where row.columns[3] == "true" {
      if let end = Int64(row.columns[4]), end - 1 > scenario.lastWatermark { outcome.problems.append("\(row.key) fired at a stop") }
    }
  }

  private mutating func check(_ result: JobRunner.Result) {
    let refusals = refused.appended
    let ids = refusals.map(\.key)
    let late = Set(refusals.filter { $0.columns[1] == "late" }.map(\.key))
    if Set(ids).count != ids.count { outcome.problems.append("a refused record was written twice") }
    let impossible = scenario.records.filter { $0.time == 0 }.count
    if ids.count - late.count != impossible {
      outcome.problems.append("\(ids.count - late.count) of \(impossible) impossible times were refused")
    }
    if scenario.lateIsCertain {
      let expected = Oracle(scenario: scenario).certainlyLate()
      if late != expected { outcome.problems.append("late are \(late.sorted()), should be \(expected.sorted())") }
    }
    if scenario.slide != scenario.size && !late.isEmpty { outcome.problems.append("\(late.count) records in time were late") }
    check(windows.rows, Oracle(scenario: scenario).windows(without: late))
    outcome.problems += windows.violations
    for database in [windows, refused] where database.ledgerEpochs != Array(Set(database.ledgerEpochs)).sorted() {
      outcome.problems.append("the ledger went back: \(database.ledgerEpochs)")
    }
    check(result.totals, late: late.count, impossible: impossible)
    watch.count("late", late.count)
    watch.count("rows", windows.rows.count)
  }

  private mutating func check(_ rows: [String: SimulatedDatabase.Row], _ expected: [String: [String]]) {
    for (key, row) in rows {
      if row.columns[3] != "true" { outcome.problems.append("\(key) is not final") }
      if expected[key] == nil { outcome.problems.append("\(key) should not be there") }
    }
    for (key, columns) in expected where rows[key].map({ Array($0.columns.dropFirst(5)) }) != columns {
      outcome.problems.append("\(key) is \(rows[key]?.columns.dropFirst(5).description ?? "missing"), should be \(columns)")
    }
  }

  private mutating func check(_ totals: [(id: String, counters: OperatorCounters)], late: Int, impossible: Int) {
    for (id, counters) in totals where counters.imbalance != 0 { outcome.problems.append("operator \(id) is out of balance: \(counters)") }
    let counters = Dictionary(totals.map { ($0.id, $0.counters) }) { a, _ in a }
    let read = scenario.records.count
    if counters["lists"]?.received != read { outcome.problems.append("\(counters["lists"]?.received ?? -1) records read of \(read)") }
    if counters["windows"]?.late != late {
      outcome.problems.append("\(counters["windows"]?.late ?? -1) records counted late, \(late) written")
    }
    if counters["windows"]?.absorbed != read - impossible - late {
      outcome.problems.append("\(counters["windows"]?.absorbed ?? -1) records absorbed")
    }
  }
}
