/// Holds a source to a rate on a monotonic clock (nanoseconds).
struct Pace {
  private let perSecond: Double
  private var start: Int64
  private var spent = 0.0

  init(perSecond: Double, start: Int64) {
    self.perSecond = perSecond
    self.start = start
  }

  /// How many records may come now. What could not be used for longer than a second is forfeited: no flood after a pause.
  mutating func allowance(at now: Int64) -> Int {
    let due = Double(now - start) / 1e9 * perSecond
    if due - spent > max(1, perSecond) { spent = due - max(1, perSecond) }
    return max(0, Int(min(due - spent, 1e9)))
  }

  mutating func spend(_ count: Int) { spent += Double(count) }

  /// Nanoseconds until the next record is due; at least ten milliseconds, so that slow rates come in small batches and not in wake-ups.
  func pause(at now: Int64) -> Int64 {
    let due = Double(start) + (spent + 1) / perSecond * 1e9
    return max(10_000_000, Int64(min(due - Double(now), 1e9)) + 1)
  }
}
