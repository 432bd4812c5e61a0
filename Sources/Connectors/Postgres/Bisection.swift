/// Finds the rows that a server refuses by halving the ranges that hold one: about `2 k log2(n)` attempts for k bad rows of n.
///
/// Ranges come in ascending order, so a later row with the same key still replaces an earlier one.
package struct Bisection {
  /// Ranges yet to be tried, the next one last.
  private var pending: [ClosedRange<Int>]

  /// For rows 1 … `rows`.
  package init(rows: Int) {
    pending = rows > 0 ? [1...rows] : []
  }

  /// The next range to try, nil when all rows are settled.
  package mutating func next() -> ClosedRange<Int>? { pending.popLast() }

  /// The range was refused: its halves will be tried, or if it is a single row, that row is at fault and returned.
  package mutating func refused(_ range: ClosedRange<Int>) -> Int? {
    if range.count == 1 { return range.lowerBound }
    let middle = range.lowerBound + (range.count - 1) / 2
    pending.append((middle + 1)...range.upperBound)
    pending.append(range.lowerBound...middle)
    return nil
  }
}
