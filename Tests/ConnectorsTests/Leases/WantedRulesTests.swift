import Connectors
import Testing

@Suite("what workers do about what the server wants")
struct WantedRulesTests {
  private func wanted(_ version: UInt64, _ state: WantedJob.State, held: Set<UInt64> = []) -> WantedJob {
    WantedJob(job: "j", version: version, definition: version, state: state, held: held)
  }

  @Test("a shard goes on under the wanted version, and stops with a checkpoint under any other, or when the job is gone")
  func steps() {
    #expect(WantedRules.step(version: 3, isExpired: false, wanted: wanted(3, .running)) == .goOn)
    #expect(WantedRules.step(version: 3, isExpired: true, wanted: wanted(3, .running)) == .goOn)
    #expect(WantedRules.step(version: 3, isExpired: false, wanted: wanted(4, .running)) == .stop)
    #expect(WantedRules.step(version: 3, isExpired: false, wanted: wanted(3, .stopped)) == .stop)
    #expect(WantedRules.step(version: 3, isExpired: false, wanted: nil) == .stop)
  }

  @Test("it ends at once when somebody wants that, and when its lease is over and others may run a later version")
  func cancels() {
    #expect(WantedRules.step(version: 3, isExpired: false, wanted: wanted(3, .cancelled)) == .cancel)
    #expect(WantedRules.step(version: 3, isExpired: false, wanted: wanted(4, .cancelled)) == .cancel)
    #expect(WantedRules.step(version: 3, isExpired: true, wanted: wanted(4, .running)) == .cancel)
  }

  @Test(
    "shards begin under the wanted version only, when nobody holds one of another; those of a file only when the server has none of that name"
  )
  func starts() {
    #expect(WantedRules.mayStart(version: 3, wanted: wanted(3, .running), held: []))
    #expect(WantedRules.mayStart(version: 3, wanted: wanted(3, .running), held: [3]))
    #expect(!WantedRules.mayStart(version: 3, wanted: wanted(3, .running), held: [2]))
    #expect(!WantedRules.mayStart(version: 3, wanted: wanted(3, .running), held: [2, 3]))
    #expect(!WantedRules.mayStart(version: 3, wanted: wanted(4, .running), held: []))
    #expect(!WantedRules.mayStart(version: 3, wanted: wanted(3, .stopped), held: []))
    #expect(!WantedRules.mayStart(version: 3, wanted: nil, held: []))
    #expect(WantedRules.mayStart(version: 0, wanted: nil, held: [0]))
    #expect(!WantedRules.mayStart(version: 0, wanted: nil, held: [1]))
    #expect(!WantedRules.mayStart(version: 0, wanted: wanted(1, .running), held: []))
  }

  /// A database, a server and workers as small as they can be: time is a number, and what happens next is drawn by lot.
  private struct Model {
    struct Lease {
      var owner: Int?
      var version: UInt64 = 0
      var until = 0
    }

    var random: SeededGenerator
    var now = 0
    var version: UInt64 = 1
    var state = WantedJob.State.running
    var leases = [Lease](repeating: Lease(), count: 5)
    /// What each worker runs, and which of that is about to stop.
    var running = [[Int: UInt64]](repeating: [:], count: 3)
    var stopping = [Set<Int>](repeating: [], count: 3)

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    var wanted: WantedJob { WantedJob(job: "j", version: version, definition: version, state: state) }
    var held: Set<UInt64> { Set(leases.filter { $0.owner != nil && $0.until > now }.map(\.version)) }

    mutating func server() {
      switch Int.random(in: 0..<6, using: &random) {
      case 0, 1: version += 1
      case 2: state = .stopped
      case 3: state = .cancelled
      default: state = .running
      }
    }

    /// A worker looks: it renews, does what is wanted of it, and claims what is free.
    mutating func look(_ worker: Int) {
      let expired = Set(running[worker].keys.filter { leases[$0].until <= now })
      for (shard, its) in running[worker] {
        guard leases[shard].owner == worker, leases[shard].version == its else {
          running[worker][shard] = nil
          continue
        }
        if !expired.contains(shard) || its == version { leases[shard].until = now + 6 }
        switch WantedRules.step(version: its, isExpired: expired.contains(shard), wanted: wanted) {
        case .goOn: break
        case .stop: stopping[worker].insert(shard)
        case .cancel:
          running[worker][shard] = nil
          stopping[worker].remove(shard)
          if leases[shard].until > now || its == version { leases[shard].owner = nil }
        }
      }
      for shard in leases.indices where leases[shard].owner == nil || leases[shard].until <= now {
        guard running[worker][shard] == nil, WantedRules.mayStart(version: version, wanted: wanted, held: held) else { continue }
        leases[shard] = Lease(owner: worker, version: version, until: now + 6)
        running[worker][shard] = version
      }
    }

    /// The last checkpoint of something that stops is taken.
    mutating func stopped(_ worker: Int) {
      guard let shard = stopping[worker].popFirst(), running[worker].removeValue(forKey: shard) != nil else { return }
      if leases[shard].owner == worker { leases[shard].owner = nil }
    }

    mutating func kill(_ worker: Int) { (running[worker], stopping[worker]) = ([:], []) }
  }

  @Test("whatever happens, live leases are of one version; and when nothing happens any more, all shards run what is wanted, or none")
  func model() {
    for seed in 0..<2_000 as Range<UInt64> {
      var model = Model(seed: seed)
      for _ in 0..<120 {
        let worker = Int.random(in: 0..<3, using: &model.random)
        switch Int.random(in: 0..<12, using: &model.random) {
        case 0: model.server()
        case 1: model.kill(worker)
        case 2...4: model.stopped(worker)
        case 5...6: model.now += Int.random(in: 1...4, using: &model.random)
        default: model.look(worker)
        }
        #expect(model.held.count <= 1, "seed \(seed)")
      }
      for _ in 0..<40 {
        model.now += 1
        for worker in 0..<3 {
          model.look(worker)
          for _ in 0..<5 { model.stopped(worker) }
        }
      }
      let live = model.leases.filter { $0.owner != nil && $0.until > model.now }
      #expect(live.count == (model.state == .running ? 5 : 0), "seed \(seed)")
      #expect(live.allSatisfy { $0.version == model.version }, "seed \(seed)")
    }
  }
}
