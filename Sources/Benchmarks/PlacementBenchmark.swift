internal import Dataflow
internal import Foundation

/// What a worker of many computes at each look at the leases: deciding when a worker came or went, and when nothing did.
public struct PlacementBenchmark {
  private let workers: Int
  private let partitions: Int
  private static let looks = 100

  /// So many workers beside each other, and one job of two stages with so many shards each.
  public init(workers: Int, partitions: Int) {
    self.workers = workers
    self.partitions = partitions
  }

  /// One JSON line of figures, in CPU time.
  public func run() -> String {
    let names = (0..<workers).map { "worker-\($0)" }
    let shards = ShardLayout(readers: partitions, partitions: partitions).shards(of: "job", stages: 2)
    var placement = StandingPlacement()
    placement.follow(shards, among: ["job": names])
    let leases = shards.map { Lease(shard: $0, owner: placement[$0], generation: 1) }
    let running = Dictionary(shards.filter { placement[$0] == names[0] }.map { ($0, UInt64(1)) }) { first, _ in first }
    var moved = 0
    func look(_ live: [String]) {
      let actions = LeaseRules.decide(names[0], workers: ["job": live], leases: leases, running: running, placement: &placement)
      moved += actions.move.count + actions.abandon.count
    }
    let standing = cpuSeconds { for _ in 0..<Self.looks { look(names) } } / Double(Self.looks)
    precondition(moved == 0, "nothing changed, and \(moved) shards were to move")
    let anew = cpuSeconds { look(Array(names.dropLast())) }
    return """
      {"workers":\(workers),"shards":\(shards.count),"look_ms":\(String(format: "%.2f", standing * 1e3)),\
      "look_ms_when_a_worker_left":\(String(format: "%.1f", anew * 1e3))}
      """
  }

  private func cpuSeconds(_ work: () -> Void) -> Double {
    let before = ProcessUsage.now.cpuSeconds
    work()
    return ProcessUsage.now.cpuSeconds - before
  }
}
