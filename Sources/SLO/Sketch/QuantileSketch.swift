/// Quantiles of many numbers in little memory, which can be merged: the ranks it answers are off by less than 1 % of all numbers.
///
/// A tower of buffers; a full one is sorted, and every other number of it, each standing for two, goes up one floor. Which half goes is drawn
/// from a sequence that depends only on what was done before, so equal inputs give equal sketches. Up to `width` numbers it is exact. With
/// 512 numbers a floor one standard deviation of the rank's error is about 0.15 %.
package struct QuantileSketch: Sendable, Equatable {
  /// Numbers a floor holds.
  package static let width = 512

  /// The numbers of floor n stand for 2^n each.
  private var floors: [[Int64]] = [[]]
  private var coin: UInt64 = 0
  /// How many numbers went in.
  package private(set) var count = 0
  /// 0 while it is empty.
  package private(set) var min: Int64 = 0
  package private(set) var max: Int64 = 0

  package init() {}

  /// Adds a number. O(log width), amortised.
  package mutating func insert(_ value: Int64) {
    if count == 0 {
      (min, max) = (value, value)
    } else {
      if value < min { min = value }
      if value > max { max = value }
    }
    count += 1
    floors[0].append(value)
    if floors[0].count >= Self.width { compact() }
  }

  /// Adds all numbers of another sketch; in what order sketches are merged changes the answers within their error only.
  package mutating func merge(_ other: QuantileSketch) {
    guard other.count > 0 else { return }
    min = count == 0 ? other.min : Swift.min(min, other.min)
    max = count == 0 ? other.max : Swift.max(max, other.max)
    count += other.count
    coin = StableHash.mix(coin ^ other.coin)
    while floors.count < other.floors.count { floors.append([]) }
    for (floor, values) in other.floors.enumerated() { floors[floor].append(contentsOf: values) }
    compact()
  }

  private mutating func compact() {
    var floor = 0
    while floor < floors.count {
      if floors[floor].count >= Self.width {
        if floor + 1 == floors.count { floors.append([]) }
        floors[floor].sort()
        // An odd one out stays where it is.
        let rest = floors[floor].count % 2 == 1 ? floors[floor].removeLast() : nil
        coin &+= 0x9E37_79B9_7F4A_7C15
        var index = Int(StableHash.mix(coin) & 1)
        while index < floors[floor].count {
          floors[floor + 1].append(floors[floor][index])
          index += 2
        }
        floors[floor].removeAll(keepingCapacity: true)
        if let rest { floors[floor].append(rest) }
      }
      floor += 1
    }
  }

  /// The number below which the share `q`, 0…1, of all numbers lies; 0 when there are none. `quantile(1)` is the largest.
  package func quantile(_ q: Double) -> Int64 { quantiles([q])[0] }

  /// Several at once.
  package func quantiles(_ shares: [Double]) -> [Int64] {
    guard count > 0 else { return shares.map { _ in 0 } }
    var weighted: [(value: Int64, weight: Int)] = []
    weighted.reserveCapacity(floors.reduce(0) { $0 + $1.count })
    for (floor, values) in floors.enumerated() {
      for value in values { weighted.append((value, 1 << floor)) }
    }
    weighted.sort { $0.value < $1.value }
    let total = weighted.reduce(0) { $0 + $1.weight }
    return shares.map { q in
      if q >= 1 { return max }
      if q <= 0 { return min }
      let wanted = Int((q * Double(total)).rounded(.up))
      var seen = 0
      for (value, weight) in weighted {
        seen += weight
        if seen >= wanted { return value }
      }
      return max
    }
  }

  /// What journeys and steps show.
  package var summary: DurationSummary {
    let values = quantiles([0.5, 0.95, 0.99])
    return DurationSummary(p50: values[0], p95: values[1], p99: values[2], max: max)
  }
}
