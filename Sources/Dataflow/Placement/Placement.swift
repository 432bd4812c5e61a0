/// Which worker should run which shard: a pure function of the names, so that all workers agree without talking to each other.
///
/// Rendezvous hashing (Thaler and Ravishankar, 1998) with bounded loads (Mirrokni, Thorup and Zadimoghaddam, 2016): every shard goes to the worker whose
/// hash with it is largest among those that still have room. When a worker comes or goes, little else moves.
public enum Placement {
  /// The owner of every shard; empty when there are no workers. O(shards × workers).
  ///
  /// - Parameter workers: names that differ.
  public static func owners(of shards: [JobShard], among workers: [String]) -> [JobShard: String] {
    var owners: [JobShard: String] = [:]
    guard !workers.isEmpty else { return owners }
    let workers = workers.sorted()
    // A score is a hash of two names, and begins with the worker's.
    let begun = workers.map { hash($0, after: KeyHasher()) }
    // Stages differ in weight, so each is spread by itself.
    for (_, stage) in Dictionary(grouping: shards, by: { "\($0.job).\($0.stage)" }).sorted(by: { $0.key < $1.key }) {
      var room = [Int](repeating: share(of: stage.count, among: workers.count), count: workers.count)
      for shard in stage.sorted() {
        let name = shard.name
        var best: (worker: Int, score: UInt64)?
        for worker in workers.indices where room[worker] > 0 {
          let score = hash(name, after: begun[worker]).finish().high
          if let best, best.score >= score { continue }
          best = (worker, score)
        }
        guard let best else { continue }
        owners[shard] = workers[best.worker]
        room[best.worker] -= 1
      }
    }
    return owners
  }

  /// How many shards of a stage a worker may have. With few, the mean rounded up, so that nobody idles. With many, a quarter more than the mean: under a
  /// tighter bound one worker's end moves many shards of others, from full worker to full worker.
  static func share(of shards: Int, among workers: Int) -> Int {
    shards < 8 * workers ? (shards + workers - 1) / workers : (5 * shards + 4 * workers - 1) / (4 * workers)
  }

  private static func hash(_ text: String, after begun: KeyHasher) -> KeyHasher {
    var (hasher, text) = (begun, text)
    text.withUTF8 { hasher.combine($0.baseAddress, $0.count) }
    return hasher
  }
}
