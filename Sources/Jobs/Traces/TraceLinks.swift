internal import SLO

/// Where the traces of a round stand that link to others by their first span.
///
/// ```
/// sender                 end ─ gap ─▶ time
/// receiver   end ─ gap ─▶ time ├──── linkWait ────┤   a sender whose time lies behind this does not count, whenever it comes
/// ```
struct TraceLinks {
  /// Traces that wait for the one that they go on from: by their place in the set when they are due.
  private(set) var waiting: [Int: Int64] = [:]
  /// Traces that go on from one that is no longer kept.
  private(set) var follows: Set<Int> = []

  /// Lets go of links from undecided traces to traces that came too late for them. Before the assembly.
  ///
  /// - Parameters:
  ///   - kept: the traces; `numbers` has the number of each one in the store.
  static func dropLate(_ store: inout SpanStore, _ kept: [EnvironmentTraces.Kept], _ numbers: [Int32], linkWait: Int64) {
    guard !store.links.isEmpty else { return }
    let owners = owners(store.traceIDs.count, numbers)
    let ids = store
    store.removeLinks { link in
      guard let target = ids.knownTrace(link.target) else { return false }
      let (from, to) = (owners[Int(link.trace)], owners[Int(target)])
      return from >= 0 && to >= 0 && !kept[from].isDecided && kept[to].time > kept[from].waitsUntil(linkWait)
    }
  }

  /// For each number of a trace the first of those that are kept under it, or -1.
  private static func owners(_ count: Int, _ numbers: [Int32]) -> [Int] {
    var owners = [Int](repeating: -1, count: count)
    for index in numbers.indices.reversed() where numbers[index] >= 0 { owners[Int(numbers[index])] = index }
    return owners
  }

  /// - Parameters:
  ///   - places: by a trace's number its place in the set, or -1.
  ///   - watermark: who is due by it waits no longer.
  init(
    _ set: TraceSet, places: [Int], _ kept: [EnvironmentTraces.Kept], _ numbers: [Int32], senders: ForgottenSenders, linkWait: Int64,
    watermark: Int64, limit: Int
  ) {
    guard !set.store.links.isEmpty else { return }
    let owners = Self.owners(set.store.traceIDs.count, numbers)
    for link in set.store.links {
      let place = places[Int(link.trace)]
      guard place >= 0, set.upstream[place] < 0, set.spans[set.traces[place].root].id == link.span,
        link.target != set.store.traceIDs[Int(link.trace)]
      else { continue }
      let owner = owners[Int(link.trace)]
      if senders.contains(link.target) {
        follows.insert(place)
      } else if owner >= 0, !kept[owner].isDecided, watermark < kept[owner].waitsUntil(linkWait) {
        waiting[place] = kept[owner].waitsUntil(linkWait)
      }
    }
    for place in follows { waiting[place] = nil }
    guard waiting.count > limit else { return }
    // The first ones wait no longer.
    for (place, _) in waiting.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) }).prefix(waiting.count - limit) { waiting[place] = nil }
  }

  /// Traces that tell nothing about journeys.
  var leftOut: Set<Int> { follows.union(waiting.keys) }
}
