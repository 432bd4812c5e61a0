internal import Glibc

/// Waits for SIGINT and SIGTERM on a thread of its own: the first asks for a graceful stop, the second ends the process at once.
enum SignalWatcher {
  /// Must be called before any other thread is started, so that all of them inherit the blocked signals.
  static func start(_ onFirst: @escaping @Sendable () -> Void) {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    signal(SIGPIPE, SIG_IGN)
    let box = Unmanaged.passRetained(Box(onFirst))
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { pointer in
        guard let pointer else { return nil }
        let box = Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue()
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        var received: Int32 = 0
        sigwait(&signals, &received)
        box.onFirst()
        sigwait(&signals, &received)
        _exit(Exit.stoppedAtOnce)
      }, box.toOpaque())
    pthread_detach(thread)
  }

  private final class Box {
    let onFirst: @Sendable () -> Void
    init(_ onFirst: @escaping @Sendable () -> Void) { self.onFirst = onFirst }
  }
}
