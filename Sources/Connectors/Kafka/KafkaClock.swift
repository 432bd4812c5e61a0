#if Kafka
internal import Glibc

/// Time for waits on a broker, which is never simulated.
enum KafkaClock {
  /// Monotonic milliseconds.
  static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// Blocks the calling thread.
  static func pause(milliseconds: Int32) { usleep(UInt32(milliseconds) * 1000) }
}
#endif
