internal import Connectors
internal import Dataflow

/// The edges of a worker's shards that are open for somebody who looks. Owned by the worker.
struct ShardTaps {
  /// One look at one run of a shard.
  struct Key: Hashable {
    var tap: Int64
    var shard: JobShard
    var generation: UInt64
  }

  /// What should be open.
  struct Wanted {
    var tap: WantedTap
    var session: JobSession
  }

  private struct Window {
    var edge: String
    var taps: EdgeTaps
    var id: Int
    var feed: EdgeFeed

    func close() {
      taps.close(edge, id)
      feed.close()
    }
  }

  private var open: [Key: Window] = [:]
  /// What was seen, for all looks.
  let seen = SeenRecords()

  var isEmpty: Bool { open.isEmpty }

  /// The looks that have an edge open here.
  var ids: Set<Int64> { Set(open.keys.map(\.tap)) }

  /// Opens what is wanted, and closes everything else.
  mutating func follow(_ wanted: [Key: Wanted]) {
    for (key, window) in open where wanted[key] == nil {
      window.close()
      open[key] = nil
    }
    for (key, one) in wanted where open[key] == nil { open[key] = window(one, of: key) }
    if open.isEmpty { seen.clear() }
  }

  mutating func closeAll() { follow([:]) }

  private func window(_ wanted: Wanted, of key: Key) -> Window? {
    let (session, edge, seen) = (wanted.session, wanted.tap.edge, seen)
    // The rules of redaction are those that the program has: when they cannot be made nobody sees anything.
    guard
      let feed = try? EdgeFeed(rate: wanted.tap.rate(amongShards: key.shard.count), clock: { session.runtime.monotonic() })
    else { return nil }
    let id = session.runner.taps.open(edge) { feed.look($0, $1) }
    // Ends with the feed, which the window closes.
    Task { for await event in feed.events { seen.add(event, for: key.tap) } }
    return Window(edge: edge, taps: session.runner.taps, id: id, feed: feed)
  }
}
