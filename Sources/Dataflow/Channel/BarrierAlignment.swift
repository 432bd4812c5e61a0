/// Aligns one barrier over the channels of a subtask. Pure: says which channel to block and when all have arrived.
package struct BarrierAlignment {
  private let channels: Int
  package private(set) var barrier: Barrier?
  private var arrived: Set<Int> = []

  package init(channels: Int) { self.channels = channels }

  package enum Action: Equatable {
    /// Deliver nothing more from this channel until the barrier is complete.
    case block
    /// Every channel has delivered it: take the snapshot, pass the barrier on, unblock.
    case complete
  }

  /// Takes the barrier of a channel. One checkpoint is in flight, so a different barrier while aligning is a broken invariant.
  package mutating func arrive(_ barrier: Barrier, on channel: Int) -> Action {
    if let current = self.barrier {
      precondition(current == barrier, "barrier \(barrier.checkpoint) received while aligning \(current.checkpoint)")
    }
    self.barrier = barrier
    arrived.insert(channel)
    if arrived.count < channels { return .block }
    self.barrier = nil
    arrived.removeAll()
    return .complete
  }
}
