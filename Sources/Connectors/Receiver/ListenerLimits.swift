internal import Glibc

/// What a client of a listener can have.
package struct ListenerLimits: Sendable, Equatable {
  /// Bytes of the longest body.
  package var bodyBytes = 16 << 20
  /// Bytes of all bodies that are in memory at a time.
  package var allBodyBytes = 128 << 20
  /// Seconds for a body to come.
  package var bodySeconds: Int64 = 30
  /// Seconds that a connection may be without a request: over HTTP/1.1 without a whole head of one.
  package var idleSeconds: Int64 = 60
  /// Connections; further ones wait in the system's queue.
  package var connections = 10_000

  package init() {}

  /// Every connection is an open file, and the usual soft limit of 1024 is soon reached. Where it cannot be raised it stays.
  static func allowManyConnections() {
    var files = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 else { return }
    files.rlim_cur = min(files.rlim_max, 65_536)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
  }
}
