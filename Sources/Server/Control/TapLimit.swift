package import Connectors

/// Keeps what the shards of a job hand over for a look to the records a second that were asked for; the others count as passed. Pure.
package struct TapLimit {
  private let rate: Double
  /// How many may be shown by now.
  private var allowance = 0.0
  private var passed = 0

  package init(rate: Int) { self.rate = Double(rate) }

  /// Evenly chosen ones of what was handed over.
  ///
  /// - Parameter seconds: since the last time, or since the look began.
  package mutating func take(_ records: [JobTaps.Record], after seconds: Double) -> [JobTaps.Record] {
    allowance = min(rate, allowance + rate * seconds)
    let count = min(records.count, Int(allowance))
    allowance -= Double(count)
    var shown: [JobTaps.Record] = []
    for (index, var record) in records.enumerated() {
      passed += record.passed
      guard shown.count < count, index == shown.count * records.count / count else { continue }
      record.passed = passed
      shown.append(record)
      passed = 0
    }
    return shown
  }
}
