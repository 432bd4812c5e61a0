/// Which worker should run which shard: a pure function of the names, so that all workers agree without talking to each other.
///
/// Rendezvous hashing (Thaler and Ravishankar, 1998) with bounded loads (Mirrokni, Thorup and Zadimoghaddam, 2016): every shard goes to the worker whose
/// hash with it is largest among those that still have room. When a worker comes or goes, little else moves.
public enum Placement {
  /// The owner of every shard; empty when there are no workers. O(shards × workers).
  public static func owners(of shards: [JobShard], among workers: [String]) -> [JobShard: String] {
    var owners: [JobShard: String] = [:]
    guard !workers.isEmpty else { return owners }
    let workers = workers.sorted()
    // Stages differ in weight, so each is spread by itself.
    for (_, stage) in Dictionary(grouping: shards, by: { "\($0.job).\($0.stage)" }).sorted(by: { $0.key < $1.key }) {
      let share = share(of: stage.count, among: workers.count)
      var room = Dictionary(workers.map { ($0, share) }, uniquingKeysWith: { first, _ in first })
      for shard in stage.sorted() {
        let best = workers.filter { room[$0, default: 0] > 0 }.max { score($0, shard) < score($1, shard) }
        guard let best else { continue }
        owners[shard] = best
        room[best, default: 0] -= 1
      }
    }
    return owners
  }

  /// How many shards of a stage a worker may have. With few, the mean rounded up, so that nobody idles. With many, a quarter more than the mean: under a
  /// tighter bound one worker's end moves many shards of others, from full worker to full worker.
  static func share(of shards: Int, among workers: Int) -> Int {
    shards < 8 * workers ? (shards + workers - 1) / workers : (5 * shards + 4 * workers - 1) / (4 * workers)
  }

  private static func score(_ worker: String, _ shard: JobShard) -> UInt64 {
    var hasher = KeyHasher()
    for text in [worker, shard.name] {
      var text = text
      text.withUTF8 { hasher.combine($0.baseAddress, $0.count) }
    }
    return hasher.finish().high
  }
}
