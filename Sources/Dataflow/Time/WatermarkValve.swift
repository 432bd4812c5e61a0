/// Combines the watermarks of a subtask's input channels: the smallest of those that are not idle, never going back.
///
/// A pure value. When every channel is idle the subtask is idle too, and its watermark stays.
package struct WatermarkValve {
  private var watermarks: [Int64]
  private var idle: [Bool]
  package private(set) var current = Int64.min

  package init(channels: Int) {
    watermarks = Array(repeating: .min, count: channels)
    idle = Array(repeating: false, count: channels)
  }

  package var isIdle: Bool { !idle.isEmpty && idle.allSatisfy { $0 } }

  /// Takes a channel's watermark; answers with the new combined one when it rose.
  package mutating func advance(_ channel: Int, to watermark: Int64) -> Int64? {
    watermarks[channel] = max(watermarks[channel], watermark)
    idle[channel] = false
    return rise()
  }

  /// Takes a channel's idle state; a channel that falls idle may let the watermark rise.
  package mutating func setIdle(_ channel: Int, _ isIdle: Bool) -> Int64? {
    idle[channel] = isIdle
    return rise()
  }

  private mutating func rise() -> Int64? {
    var low = Int64.max
    for i in watermarks.indices where !idle[i] { low = min(low, watermarks[i]) }
    guard low != .max, low > current else { return nil }
    current = low
    return low
  }
}
