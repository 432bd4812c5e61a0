internal import Glibc
internal import Synchronization

/// The real clock, random numbers, threads and files.
public final class SystemRuntime: Runtime {
  /// One thread each.
  public let slots: [any Slot]
  /// The disk.
  public let files: any FileSystem = PosixFileSystem()
  private let backgrounds = Mutex<[String: ThreadSlot]>([:])

  /// - Parameter threads: how many slots subtasks share; one a core is the most that helps.
  public init(threads: Int) {
    slots = (0..<max(1, threads)).map { _ in ThreadSlot() }
  }

  /// The thread of that purpose; started when first asked for.
  public func background(_ purpose: String) -> any Slot {
    backgrounds.withLock { slots in
      if let slot = slots[purpose] { return slot }
      let slot = ThreadSlot()
      slots[purpose] = slot
      return slot
    }
  }

  /// Nanoseconds since 1970, as the system's clock says.
  public func now() -> Int64 { Self.read(CLOCK_REALTIME) }
  /// Nanoseconds of the clock that is never set.
  public func monotonic() -> Int64 { Self.read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Suspends the task; other work goes on.
  public func sleep(nanoseconds: Int64) async throws {
    try await Task.sleep(nanoseconds: UInt64(max(0, nanoseconds)))
  }

  /// Blocks the thread.
  public func block(nanoseconds: Int64) {
    var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    var rest = timespec()
    while nanosleep(&time, &rest) == -1 && errno == EINTR { time = rest }
  }

  /// From the system's generator.
  public func random() -> UInt64 { UInt64.random(in: .min ... .max) }
}
