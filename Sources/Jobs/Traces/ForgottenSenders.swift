internal import SLO

/// Traces that sent messages and are no longer kept, by their ids, the oldest first: what received one of those is no request of its own, however long the message
/// stood in its queue.
struct ForgottenSenders: Sendable {
  /// For each trace that is kept so many are known by their id: 16 bytes instead of all spans.
  private static let share = 20

  private(set) var ids: [TraceID] = []
  private var known: Set<TraceID> = []
  private let limit: Int

  /// - Parameter limit: how many traces are kept with their spans.
  init(limit: Int) { self.limit = limit * Self.share }

  func contains(_ id: TraceID) -> Bool { known.contains(id) }

  mutating func add(_ id: TraceID) {
    guard known.insert(id).inserted else { return }
    ids.append(id)
  }

  /// Lets the oldest ones go that are too many.
  mutating func trim() {
    guard ids.count > limit else { return }
    for id in ids.prefix(ids.count - limit) { known.remove(id) }
    ids.removeFirst(ids.count - limit)
  }
}
