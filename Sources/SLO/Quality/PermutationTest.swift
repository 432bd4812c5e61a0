/// Whether what is seen in some minutes could as well have been seen in any others.
package enum PermutationTest {
  /// The share of random orders of the minutes under which the difference of rates is at least the observed one; the observed order counts as
  /// one of them. All that happens in one minute moves together, as it is not independent.
  ///
  /// - Parameters:
  ///   - groups: for each group of series (one, or one for each service) and each minute: how many were looked at and how many were flagged.
  ///   - marked: for each group the minutes that are said to be special.
  ///   - rounds: how many orders are tried, besides the observed one.
  package static func probability(
    groups: [[(units: Int, hits: Int)]], marked: [Set<Int>], rounds: Int = 4_999, seed: UInt64 = 1
  ) -> Double {
    guard let minutes = groups.map(\.count).max(), minutes > 1 else { return 1 }
    let observed = difference(groups, marked, nil)
    guard observed.isFinite else { return 1 }
    var order = Array(0..<minutes)
    var state = seed
    var atLeast = 1
    for _ in 0..<rounds {
      for index in stride(from: minutes - 1, to: 0, by: -1) {
        state &+= 0x9E37_79B9_7F4A_7C15
        order.swapAt(index, Int(StableHash.mix(state) % UInt64(index + 1)))
      }
      let shuffled = difference(groups, marked, order)
      if !shuffled.isFinite || shuffled >= observed - 1e-12 { atLeast += 1 }
    }
    return Double(atLeast) / Double(rounds + 1)
  }

  /// The rate within the marked minutes less the rate elsewhere; not a number where there is nothing on one side.
  static func difference(_ groups: [[(units: Int, hits: Int)]], _ marked: [Set<Int>], _ order: [Int]?) -> Double {
    var (inside, outside) = ((units: 0, hits: 0), (units: 0, hits: 0))
    for (group, marks) in zip(groups, marked) {
      for minute in group.indices {
        let cell = group[order?[minute] ?? minute]
        if marks.contains(minute) {
          inside.units += cell.units
          inside.hits += cell.hits
        } else {
          outside.units += cell.units
          outside.hits += cell.hits
        }
      }
    }
    guard inside.units > 0, outside.units > 0 else { return .nan }
    return Double(inside.hits) / Double(inside.units) - Double(outside.hits) / Double(outside.units)
  }
}
