/// How far a value lies above what is usual in its series, in deviations that outliers do not move.
struct RobustScore {
  private let median: Double
  private let deviation: Double

  /// - Parameter floor: the least deviation: of values that never change, any other would lie infinitely far.
  init(_ values: [Double], floor: (Double) -> Double) {
    median = Self.median(values)
    let center = median
    // 1.4826: of a normal distribution this is the standard deviation.
    deviation = max(Self.median(values.map { abs($0 - center) }) * 1.4826, floor(center), 1e-9)
  }

  func score(_ value: Double) -> Double { (value - median) / deviation }

  static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The smallest value that at least the share `q` of all does not exceed.
  static func quantile(_ values: [Double], _ q: Double) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return 0 }
    return sorted[max(0, min(sorted.count - 1, Int((q * Double(sorted.count)).rounded(.up)) - 1))]
  }
}
