import SLO
import Testing

@Suite("quantile sketch")
struct QuantileSketchTests {
  private static let shares = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999]

  /// The largest distance, as a share of all numbers, between where a quantile should stand and where it stands.
  private func error(_ sketch: QuantileSketch, _ values: [Int64]) -> Double {
    let sorted = values.sorted()
    return zip(Self.shares, sketch.quantiles(Self.shares)).map { share, value in
      let first = sorted.firstIndex { $0 >= value } ?? sorted.count
      let last = sorted.lastIndex { $0 <= value } ?? -1
      let (low, high) = (Double(first) / Double(sorted.count), Double(last + 1) / Double(sorted.count))
      return share < low ? low - share : share > high ? share - high : 0
    }.max() ?? 0
  }

  private func values(_ kind: Int, _ count: Int) -> [Int64] {
    var dice = Dice(UInt64(kind) * 1000 + UInt64(count))
    return (0..<count).map { index in
      switch kind {
      case 0: dice.next(1_000_000)
      case 1: Int64(index)
      case 2: Int64(count - index)
      case 3: dice.next(10) == 0 ? 1_000_000 + dice.next(1000) : dice.next(7)
      default: 1 << dice.next(60)
      }
    }
  }

  @Test("ranks are off by at most 1 %, whatever comes in whatever order", arguments: 0...4)
  func ranks(kind: Int) {
    for count in [1, 511, 512, 513, 20_000, 200_000] {
      let values = values(kind, count)
      var sketch = QuantileSketch()
      for value in values { sketch.insert(value) }
      #expect(sketch.count == count && sketch.max == values.max() && sketch.min == values.min())
      #expect(error(sketch, values) <= (count < 512 ? 1e-9 : 0.01), "kind \(kind), \(count) numbers")
    }
  }

  @Test("merged sketches are as good as one")
  func merged() {
    var all: [Int64] = []
    var merged = QuantileSketch()
    for part in 0..<60 {
      var sketch = QuantileSketch()
      let values = values(part % 5, 100 + part * 97)
      for value in values { sketch.insert(value) }
      all += values
      merged.merge(sketch)
    }
    merged.merge(QuantileSketch())
    #expect(merged.count == all.count)
    #expect(error(merged, all) <= 0.01)
  }

  @Test("an empty one answers with zero")
  func empty() { #expect(QuantileSketch().summary == DurationSummary(p50: 0, p95: 0, p99: 0, max: 0)) }
}
