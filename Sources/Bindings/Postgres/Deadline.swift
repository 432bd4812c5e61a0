internal import Glibc

/// A point of monotonic time after which waiting stops.
struct Deadline {
  private let end: Int64

  /// That many nanoseconds from now.
  init(after nanoseconds: Int64) {
    end = Self.now() &+ nanoseconds
  }

  /// Milliseconds left for `poll`, rounded up; 0 when the time is over.
  var remainingMillis: Int32 {
    let left = end - Self.now()
    return left <= 0 ? 0 : Int32(clamping: (left + 999_999) / 1_000_000)
  }

  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Waits until the socket can be read (or written, if asked), or the time is over: then it answers false.
  func wait(for socket: Int32, reading: Bool, writing: Bool) -> Bool {
    while true {
      var descriptor = pollfd(fd: socket, events: Int16((reading ? POLLIN : 0) | (writing ? POLLOUT : 0)), revents: 0)
      let millis = remainingMillis
      let ready = poll(&descriptor, 1, millis)
      if ready > 0 { return true }
      if ready == 0, millis == 0 || remainingMillis == 0 { return false }
      if ready < 0, errno != EINTR { return true }  // let libpq find out what is wrong with its socket
    }
  }
}
