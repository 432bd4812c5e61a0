import Dataflow
import DataflowTesting
import Foundation
import Testing

/// Workers that are killed, that sleep over the end of their leases, that cannot reach the database for a while, and that come and go, run the shards of a
/// job together. Placement, leases, ledger and the order of frames are the real ones.
@Suite("shards under simulation")
struct ShardSimulationTests {
  private final class Member {
    let name: String
    var runs: [JobShard: ShardRun] = [:]
    var placement = StandingPlacement()
    /// The next cut that is being made, and the shards that have no first checkpoint yet.
    var cut: (from: Int, to: ShardLayout, left: [JobShard])?
    /// Asleep until then.
    var wakes: Int64 = 0
    /// Cannot look at the leases until then.
    var isCutUntil: Int64 = 0
    init(_ name: String) { self.name = name }
  }

  private struct Outcome {
    var violations: [String]
    var takeovers: Int
    var sleeps: Int
    var cuts = 0
  }

  private static func run(seed: UInt64, bug: ShardBug? = nil) -> Outcome {
    let world = ShardWorld(seed: seed, bug: bug)
    var random = SeededRandom(seed ^ 0x5A5A)
    var named = 0
    func newMember() -> Member {
      named += 1
      return Member("w\(named)")
    }
    var members = (0..<random.int(1...3)).map { _ in newMember() }
    var (steps, sleeps) = (0, 0)
    while !world.isFinished, world.violations.isEmpty {
      steps += 1
      world.now += 1
      guard steps < 60_000 else { return Outcome(violations: ["no end after \(steps) steps"], takeovers: 0, sleeps: sleeps) }
      if steps < 3_000, random.chance(0.002) { world.ask(readers: random.int(1...4), partitions: random.int(1...4)) }
      // Trouble ends some day, so that the job can.
      if steps < 4_000, random.chance(0.01) {
        switch random.int(0...4) {
        case 0:
          members.remove(at: random.int(0...members.count - 1))
          if members.isEmpty { members.append(newMember()) }
        case 1: if members.count < 5 { members.append(newMember()) }
        case 2:
          members[random.int(0...members.count - 1)].wakes = world.now + Int64(random.int(10...300))
          sleeps += 1
        case 3: members[random.int(0...members.count - 1)].isCutUntil = world.now + Int64(random.int(10...200))
        default:
          // A rolling restart: the shards are stopped with a checkpoint, then the worker goes.
          let member = members[random.int(0...members.count - 1)]
          for run in member.runs.values { run.isToStop = true }
        }
      }
      let member = members[random.int(0...members.count - 1)]
      guard member.wakes <= world.now else { continue }
      if random.chance(0.2), member.isCutUntil <= world.now {
        look(member, world)
      } else if member.cut != nil, random.chance(0.5) {
        makeCut(member, world)
      } else if let shard = member.runs.keys.sorted().randomElement(using: &random) {
        member.runs[shard]?.advance()
      }
    }
    if world.violations.isEmpty {
      let (found, wanted) = (world.table.sorted(by: order), world.expected.sorted(by: order))
      if found != wanted { world.violations.append("the table holds \(found.count) rows, should hold \(wanted.count)") }
    }
    return Outcome(
      violations: world.violations, takeovers: world.leases.values.reduce(0) { $0 + Int($1.generation) - 1 }, sleeps: sleeps,
      cuts: world.cuts)
  }

  private static func order(_ a: ShardWorld.Row, _ b: ShardWorld.Row) -> Bool { (a.window, a.key, a.count) < (b.window, b.key, b.count) }

  /// What `Worker` does at each look.
  private static func look(_ member: Member, _ world: ShardWorld) {
    for (shard, run) in member.runs {
      guard run.isStopped || run.ending != nil else { continue }
      member.runs[shard] = nil
      world.release(member.name, shard, run.generation, isFinished: run.ending == .finished)
    }
    let running = member.runs.mapValues(\.generation)
    let view = world.renew(member.name, running)
    let actions = LeaseRules.decide(
      member.name, workers: ["j": view.workers], leases: view.leases, running: running, placement: &member.placement)
    for shard in actions.abandon { member.runs[shard] = nil }
    for shard in actions.move { member.runs[shard]?.isToStop = true }
    if let target = world.target {
      for (shard, run) in member.runs where shard.stage == 0 && shard.version == world.layout.version { run.isToDrain = true }
      if world.isDrained, member.cut == nil { member.cut = (world.layout.version, target, target.shards(of: "j", stages: 2)) }
    }
    for shard in actions.claim {
      if let generation = world.claim(member.name, shard) { member.runs[shard] = ShardRun(world, shard, generation: generation) }
    }
  }

  /// One thing that `ShardCutter` does.
  private static func makeCut(_ member: Member, _ world: ShardWorld) {
    guard let cut = member.cut else { return }
    if cut.from != world.layout.version {
      // Another worker made it.
      member.cut = nil
    } else if let shard = cut.left.first {
      if world.newest(shard) == nil { _ = world.publish(shard, 1, ShardRun.first(world, shard, cut.to)) }
      member.cut?.left.removeFirst()
    } else {
      world.replace(cut.from, by: cut.to)
      member.cut = nil
    }
  }

  @Test("whatever happens to workers, and however the job is cut anew meanwhile, every row is counted once, and the job comes to its end")
  func exactlyOnce() {
    let seeds = ProcessInfo.processInfo.environment["SIM_SEEDS"].flatMap { UInt64($0) } ?? 1_000
    var (takeovers, sleeps, cuts) = (0, 0, 0)
    for seed in 0..<seeds {
      let outcome = Self.run(seed: seed)
      #expect(outcome.violations.isEmpty, "seed \(seed)")
      (takeovers, sleeps, cuts) = (takeovers + outcome.takeovers, sleeps + outcome.sleeps, cuts + outcome.cuts)
    }
    // A simulation in which nothing happens finds nothing.
    #expect(
      takeovers > Int(seeds) && sleeps > Int(seeds) && cuts > Int(seeds) / 2, "\(takeovers) takeovers, \(sleeps) sleeps, \(cuts) cuts")
  }

  @Test("every deliberate mistake in the protocol is found", arguments: ShardBug.allCases)
  func bugs(bug: ShardBug) {
    let found = (0..<UInt64(2_000)).first { !Self.run(seed: $0, bug: bug).violations.isEmpty }
    #expect(found != nil, "\(bug.rawValue) is found by no seed")
  }
}
