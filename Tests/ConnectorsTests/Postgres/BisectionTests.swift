import Connectors
import Testing

@Suite("Bisection")
struct BisectionTests {
  @Test("exactly the bad rows are found, the good ones pass once and in order, in about 2 k log n attempts")
  func model() {
    for seed in 0..<300 as Range<UInt64> {
      var random = SplitMix(seed: seed)
      let rows = Int.random(in: 0...200, using: &random)
      let share = Int.random(in: 0...10, using: &random)
      let bad = Set((0..<rows).map { $0 + 1 }.filter { _ in Int.random(in: 0..<10, using: &random) < share })
      var bisection = Bisection(rows: rows)
      var passed: [Int] = []
      var refused: [Int] = []
      var attempts = 0
      while let range = bisection.next() {
        attempts += 1
        if range.allSatisfy({ !bad.contains($0) }) {
          passed += range
        } else if let row = bisection.refused(range) {
          refused.append(row)
        }
      }
      #expect(passed == (0..<rows).map { $0 + 1 }.filter { !bad.contains($0) }, "seed \(seed)")
      #expect(refused == bad.sorted(), "seed \(seed)")
      let depth = Int.bitWidth - rows.leadingZeroBitCount
      #expect(attempts <= 1 + 2 * bad.count * depth)
    }
  }
}
