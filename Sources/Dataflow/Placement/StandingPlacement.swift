/// A placement that stands as long as the names it follows from: a job is placed anew when a worker of it came or went, or a shard did.
///
/// Workers look at leases twice a second, and nearly every look sees the names of the one before. Comparing them is cheap, placing them is not.
///
/// - State: the names of each job's shards and workers, and an owner for each shard. A job without shards is forgotten.
/// - Guarantees: owners are those that `Placement.owners` gives for the same names, whatever was followed before.
/// - Complexity: O(shards + workers) while nothing changes; for a job that changes, that of `Placement.owners`.
public struct StandingPlacement: Sendable {
  private struct Placed {
    var shards: [JobShard]
    var workers: [String]
    var owners: [JobShard: String]
  }

  private var jobs: [String: Placed] = [:]

  /// Nothing is placed yet.
  public init() {}

  /// Takes over which shards there are, and which workers live; each is compared in the order in which it comes.
  ///
  /// - Parameters:
  ///   - shards: in ascending order, so those of a job beside each other.
  ///   - workers: of each job. A job without workers has no owners.
  /// - Returns: the jobs that were placed anew.
  @discardableResult
  public mutating func follow(_ shards: [JobShard], among workers: [String: [String]]) -> [String] {
    var (kept, anew): ([String: Placed], [String]) = ([:], [])
    var rest = shards[...]
    while let job = rest.first?.job {
      let own = rest.prefix { $0.job == job }
      rest = rest[own.endIndex...]
      let live = workers[job] ?? []
      if let placed = jobs[job], placed.workers == live, placed.shards.elementsEqual(own) {
        kept[job] = placed
      } else {
        kept[job] = Placed(shards: Array(own), workers: live, owners: Placement.owners(of: Array(own), among: live))
        anew.append(job)
      }
    }
    jobs = kept
    return anew
  }

  /// The owner of a shard; nil when nobody takes shards of its job, or it is not followed.
  public subscript(shard: JobShard) -> String? { jobs[shard.job]?.owners[shard] }
}
