/// Whether what is seen in some minutes could as well have been seen in any others.
package enum PermutationTest {
  /// The share of random orders of the minutes under which the marked minutes hold at least as many hits above expectation as observed; the
  /// observed order counts as one of them. All that happens in one minute moves together, as it is not independent.
  ///
  /// - Parameters:
  ///   - groups: for each group of series (one, or one for each service) and each minute: how many were looked at and how many were flagged.
  ///   - marked: for each group the minutes that are said to be special.
  ///   - rounds: how many orders are tried, besides the observed one.
  package static func probability(
    groups: [[(units: Int, hits: Int)]], marked: [Set<Int>], rounds: Int = 4_999, seed: UInt64 = 1
  ) -> Double {
    guard let minutes = groups.map(\.count).max(), minutes > 1 else { return 1 }
    guard zip(groups, marked).contains(where: { group, marks in marks.contains { group.indices.contains($0) && group[$0].units > 0 } })
    else {
      return 1
    }
    let observed = excess(groups, marked, nil)
    var order = Array(0..<minutes)
    var state = seed
    var atLeast = 1
    for _ in 0..<rounds {
      for index in stride(from: minutes - 1, to: 0, by: -1) {
        state &+= 0x9E37_79B9_7F4A_7C15
        order.swapAt(index, Int(StableHash.mix(state) % UInt64(index + 1)))
      }
      if excess(groups, marked, order) >= observed - 1e-9 { atLeast += 1 }
    }
    return Double(atLeast) / Double(rounds + 1)
  }

  /// Hits within the marked minutes above what the rate of all minutes lets expect there. Not a difference of rates: that would be largest where
  /// an order happens to mark minutes with hardly anything in them.
  static func excess(_ groups: [[(units: Int, hits: Int)]], _ marked: [Set<Int>], _ order: [Int]?) -> Double {
    var (inside, all) = ((units: 0, hits: 0), (units: 0, hits: 0))
    for (group, marks) in zip(groups, marked) {
      for minute in group.indices {
        let cell = group[order?[minute] ?? minute]
        all.units += cell.units
        all.hits += cell.hits
        if marks.contains(minute) {
          inside.units += cell.units
          inside.hits += cell.hits
        }
      }
    }
    guard inside.units > 0 else { return 0 }
    return Double(inside.hits) - Double(all.hits) / Double(all.units) * Double(inside.units)
  }
}
