import Dataflow
import Synchronization

/// The real runtime with a clock that only goes on when somebody sleeps: waits of a minute take no time.
final class VirtualRuntime: Runtime {
  private let real = SystemRuntime(threads: 1)
  private let time = Mutex<(now: Int64, slept: [Int64])>((1_700_000_000_000_000_000, []))

  /// How long each sleep was meant to take, nanoseconds.
  var slept: [Int64] { time.withLock { $0.slept } }

  func now() -> Int64 { time.withLock { $0.now } }
  func monotonic() -> Int64 { now() }
  func sleep(nanoseconds: Int64) async throws {
    try Task.checkCancellation()
    time.withLock { time in
      time.now += max(0, nanoseconds)
      time.slept.append(nanoseconds)
    }
    // A call that is under way takes real time: who waits for it here waits a little, too, or the clock runs away.
    try await Task.sleep(nanoseconds: 2_000_000)
  }
  func block(nanoseconds: Int64) { time.withLock { $0.now += nanoseconds } }
  func random() -> UInt64 { 4 }
  var slots: [any Slot] { real.slots }
  func background(_ purpose: String) -> any Slot { real.background(purpose) }
  var files: any FileSystem { real.files }
}
