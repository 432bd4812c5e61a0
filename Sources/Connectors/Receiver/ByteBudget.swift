internal import Synchronization

/// Bytes that many share and nobody waits for.
final class ByteBudget: Sendable {
  let limit: Int
  private let taken = Atomic<Int>(0)

  init(_ limit: Int) { self.limit = limit }

  /// Takes bytes; false, and nothing is taken, when that many are not left.
  func take(_ count: Int) -> Bool {
    if taken.add(count, ordering: .relaxed).newValue <= limit { return true }
    give(count)
    return false
  }

  /// Gives bytes back.
  func give(_ count: Int) { taken.subtract(count, ordering: .relaxed) }
}
