/// Durations in buckets, with weights. Sums are whole numbers, so that the order in which durations come makes no difference, not even in the last digit.
package struct HistogramTally: Sendable, Equatable {
  /// What a weight of 1 counts as: weights are kept to a millionth.
  package static let unit: Int64 = 1 << 20

  /// In units of weight.
  package var count: Int64 = 0
  /// Nanoseconds times units of weight.
  package var sum: Int128 = 0
  /// Not cumulative; one more than there are edges.
  package var buckets: [Int64]

  package init(edges: Int) { buckets = [Int64](repeating: 0, count: edges + 1) }

  /// A weight in units.
  package static func units(_ weight: Float) -> Int64 {
    weight == 1 ? unit : Int64(max(0, min(Double(weight) * Double(unit), 1e18)).rounded())
  }

  /// Counts a duration. O(edges).
  package mutating func add(_ nanoseconds: Int64, units: Int64, edges: [Int64]) {
    count &+= units
    sum &+= Int128(nanoseconds) * Int128(units)
    buckets[edges.firstIndex { nanoseconds <= $0 } ?? edges.count] &+= units
  }

  /// Adds what another one with the same edges has counted.
  package mutating func merge(_ other: HistogramTally) {
    count &+= other.count
    sum &+= other.sum
    for index in buckets.indices { buckets[index] &+= other.buckets[index] }
  }

  /// Units as a number.
  package static func number(_ units: Int64) -> Double { Double(units) / Double(unit) }
}
