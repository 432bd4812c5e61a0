import Dataflow
import DataflowTesting
import Testing

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
