import Dataflow
import DataflowTesting
import Testing

extension LeaseRules {
  /// One look by itself: nothing stands from an earlier one.
  fileprivate static func decide(_ me: String, workers: [String: [String]], leases: [Lease], running: [JobShard: UInt64]) -> Actions {
    var placement = StandingPlacement()
    return decide(me, workers: workers, leases: leases, running: running, placement: &placement)
  }
}

@Suite("placement and leases")
struct PlacementTests {
  private func shards(_ counts: [Int], job: String = "j") -> [JobShard] {
    counts.enumerated().flatMap { stage, count in (0..<count).map { JobShard(job: job, stage: stage, index: $0, count: count) } }
  }

  @Test("every shard has one owner, no worker has more than its share of a stage or a quarter more, and the order of names does not matter")
  func shares() {
    var random = SeededRandom(1)
    for _ in 0..<200 {
      let shards = shards([random.int(1...30), random.int(1...30)])
      let workers = (0..<random.int(1...12)).map { "worker-\($0)" }
      let owners = Placement.owners(of: shards, among: workers)
      #expect(Set(owners.keys) == Set(shards))
      for stage in 0...1 {
        let loads = Dictionary(grouping: owners.filter { $0.key.stage == stage }, by: \.value).mapValues(\.count)
        let count = shards.count { $0.stage == stage }
        let mean = Double(count) / Double(workers.count)
        #expect(loads.values.allSatisfy { Double($0) <= (mean < 8 ? mean : mean * 1.25).rounded(.up) })
      }
      #expect(owners == Placement.owners(of: shards.shuffled(using: &random), among: workers.shuffled(using: &random)))
    }
    #expect(Placement.owners(of: shards([3]), among: []).isEmpty)
  }

  @Test("when one of ten workers goes, little more than its own shards move")
  func moves() {
    let shards = shards([240])
    let workers = (0..<10).map { "w\($0)" }
    let before = Placement.owners(of: shards, among: workers)
    for gone in workers {
      let after = Placement.owners(of: shards, among: workers.filter { $0 != gone })
      let moved = shards.count { before[$0] != after[$0] }
      let own = shards.count { before[$0] == gone }
      #expect(moved >= own && moved < own + 24, "\(gone): \(moved), of its own \(own)")
    }
  }

  /// The definition, written down without a thought of speed.
  private func naive(_ shards: [JobShard], _ workers: [String]) -> [JobShard: String] {
    var owners: [JobShard: String] = [:]
    for shard in shards.sorted() {
      let stage = shards.count { $0.stage == shard.stage }
      let mean = Double(stage) / Double(workers.count)
      let most = Int((mean < 8 ? mean : mean * 1.25).rounded(.up))
      let free = workers.filter { worker in owners.count { $0.value == worker && $0.key.stage == shard.stage } < most }
      owners[shard] = free.max {
        func score(_ worker: String) -> UInt64 {
          var hasher = KeyHasher()
          for text in [worker, shard.name] { Array(text.utf8).withUnsafeBufferPointer { hasher.combine($0.baseAddress, $0.count) } }
          return hasher.finish().high
        }
        return score($0) < score($1)
      }
    }
    return owners
  }

  @Test("owners are those of the definition: workers of two builds agree")
  func definition() {
    var random = SeededRandom(4)
    for _ in 0..<100 {
      let shards = shards([random.int(1...40), random.int(1...40)])
      let workers = (0..<random.int(1...8)).map { "worker-\($0)/\(random.int(0...9999))" }
      #expect(Placement.owners(of: shards, among: workers) == naive(shards, workers))
    }
  }

  @Test("a placement that stands decides what one from nothing decides, whatever comes and goes")
  func standing() {
    var random = SeededRandom(3)
    var (looks, placed) = (0, 0)
    for _ in 0..<50 {
      var placement = StandingPlacement()
      var workers = ["j": ["a", "b", "c"], "k": ["a", "b"]]
      var leases = (shards([4, 9]) + shards([5], job: "k")).map { Lease(shard: $0) }
      var running: [JobShard: UInt64] = [:]
      for _ in 0..<60 {
        let job = random.chance(0.5) ? "j" : "k"
        if random.chance(0.1) { workers[job]?.append("w\(random.int(0...1_000_000))") }
        if random.chance(0.1), let some = workers[job]?.randomElement(using: &random) { workers[job]?.removeAll { $0 == some } }
        let row = random.int(0...leases.count - 1)
        if random.chance(0.2) { leases[row].isFinished.toggle() }
        if random.chance(0.2) { leases[row].isExpired.toggle() }
        if random.chance(0.2) { (leases[row].owner, leases[row].generation) = ("b", leases[row].generation + 1) }
        // Another cut of the job.
        if random.chance(0.05) { for row in leases.indices where leases[row].shard.job == job { leases[row].shard.version += 1 } }
        var seen = placement
        placed += seen.follow(leases.map(\.shard).sorted(), among: workers).count
        let actions = LeaseRules.decide("a", workers: workers, leases: leases, running: running, placement: &placement)
        #expect(actions == LeaseRules.decide("a", workers: workers, leases: leases, running: running))
        for shard in actions.claim { running[shard] = leases.first { $0.shard == shard }.map(\.generation) }
        for shard in actions.move + actions.abandon { running[shard] = nil }
        for row in leases.indices where running[leases[row].shard] != nil { leases[row].owner = "a" }
        looks += 1
      }
    }
    #expect(placed > looks / 10 && placed < looks, "\(placed) jobs were placed anew in \(looks) looks at two jobs each")
  }

  @Test("what runs stays where it is while other shards come to the end of their input")
  func ending() {
    var random = SeededRandom(5)
    for _ in 0..<200 {
      let all = shards([random.int(1...6), random.int(1...12)])
      let workers = (0..<random.int(1...5)).map { "w\($0)/\(random.int(0...9999))" }
      let owners = Placement.owners(of: all, among: workers)
      let leases = all.map { Lease(shard: $0, owner: owners[$0], generation: 1, isFinished: random.chance(0.5)) }
      for worker in workers {
        let running = Dictionary(uniqueKeysWithValues: leases.filter { $0.owner == worker && !$0.isFinished }.map { ($0.shard, UInt64(1)) })
        #expect(LeaseRules.decide(worker, workers: ["j": workers], leases: leases, running: running) == LeaseRules.Actions())
      }
    }
  }

  @Test("a job is placed anew when its shards or its workers change, and no other job with it")
  func reuse() {
    var placement = StandingPlacement()
    let (j, k) = (shards([3]), shards([2], job: "k"))
    var workers = ["j": ["a", "b"], "k": ["a"]]
    #expect(placement.follow(j + k, among: workers) == ["j", "k"])
    #expect(placement.follow(j + k, among: workers).isEmpty)
    workers["k"] = ["a", "c"]
    #expect(placement.follow(j + k, among: workers) == ["k"])
    #expect(placement.follow(Array(j.dropLast()) + k, among: workers) == ["j"])
    #expect(placement[j[0]] != nil && placement[j[2]] == nil && placement[k[0]] != nil)
    #expect(placement.follow(k, among: workers).isEmpty && placement[j[0]] == nil, "a job without shards is forgotten")
    #expect(placement.follow(j + k, among: workers) == ["j"])
    workers["j"] = nil
    #expect(placement.follow(j + k, among: workers) == ["j"] && placement[j[0]] == nil, "nobody takes its shards")
  }

  @Test("a worker claims what is free and best placed with it, and nothing that is finished, rests, or belongs to another")
  func claims() {
    let all = shards([4])
    let alone = ["j": ["a"]]
    var leases = all.map { Lease(shard: $0) }
    #expect(LeaseRules.decide("a", workers: alone, leases: leases, running: [:]).claim == all)
    leases[0].isFinished = true
    leases[1].isResting = true
    (leases[2].owner, leases[2].generation) = ("b", 3)
    #expect(LeaseRules.decide("a", workers: alone, leases: leases, running: [:]).claim == [all[3]])
    leases[2].isExpired = true
    #expect(LeaseRules.decide("a", workers: alone, leases: leases, running: [:]).claim == [all[2], all[3]])
  }

  @Test("a lease that another has, or that has another generation, is abandoned; one that another should have is moved")
  func moving() {
    let shard = shards([1])[0]
    func decide(_ lease: Lease, workers: [String]) -> LeaseRules.Actions {
      LeaseRules.decide("a", workers: ["j": workers], leases: [lease], running: [shard: 2])
    }
    var kept = LeaseRules.Actions()
    #expect(decide(Lease(shard: shard, owner: "a", generation: 2), workers: ["a"]) == kept)
    // Its time is over, but nobody came: it is still the one.
    #expect(decide(Lease(shard: shard, owner: "a", generation: 2, isExpired: true), workers: ["a"]) == kept)
    kept.move = [shard]
    #expect(decide(Lease(shard: shard, owner: "a", generation: 2), workers: ["b"]) == kept)
    var lost = LeaseRules.Actions()
    lost.abandon = [shard]
    #expect(decide(Lease(shard: shard, owner: "b", generation: 3), workers: ["a", "b"]) == lost)
    #expect(decide(Lease(shard: shard, owner: "a", generation: 3), workers: ["a"]) == lost)
    #expect(decide(Lease(shard: shard, generation: 3), workers: ["a"]) == lost)
  }

  @Test("a shard of a cut that is no more is abandoned, and what is drained is claimed by nobody")
  func cuts() {
    let (old, new) = (shards([1])[0], JobShard(job: "j", stage: 0, index: 0, count: 1, version: 2))
    var wanted = LeaseRules.Actions()
    (wanted.claim, wanted.abandon) = ([new], [old])
    #expect(LeaseRules.decide("a", workers: ["j": ["a"]], leases: [Lease(shard: new)], running: [old: 3]) == wanted)
    let drained = Lease(shard: old, isFinished: true, isDrained: true)
    #expect(LeaseRules.decide("a", workers: ["j": ["a"]], leases: [drained], running: [:]) == LeaseRules.Actions())
    #expect(old.name == "j.0.0" && new.name == "j.v2.0.0" && old < new)
  }

  @Test("two workers that look at the same leases never want the same shard, and together want all of them")
  func together() {
    var random = SeededRandom(2)
    for _ in 0..<100 {
      let leases = shards([random.int(1...20), random.int(1...20)]).map { Lease(shard: $0) }
      let workers = (0..<random.int(1...6)).map { "w\($0)" }
      let claims = workers.flatMap { LeaseRules.decide($0, workers: ["j": workers], leases: leases, running: [:]).claim }
      #expect(claims.count == leases.count && Set(claims).count == leases.count)
    }
  }
}
