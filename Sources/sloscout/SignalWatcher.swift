internal import Glibc
internal import Synchronization

/// Hears SIGINT and SIGTERM, whichever thread they come to: the first asks for a graceful stop, the second ends the process at once.
enum SignalWatcher {
  /// What a handler may do is little: it writes a byte here, the signal's number, and a thread reads it. Nil when there are no descriptors left.
  private static let pipe: (read: Int32, write: Int32)? = {
    var ends: [Int32] = [-1, -1]
    return Glibc.pipe(&ends) == 0 ? (ends[0], ends[1]) : nil
  }()

  private static let numbers = [SIGINT, SIGTERM]
  /// Those that the process was started to ignore, as a shell starts what goes to the background.
  private static let ignored = Mutex<Set<Int32>>([])

  /// From here on a signal ends the process no more: it waits for `start`, or `remove`.
  static func install() {
    guard pipe != nil else { return }  // made here, before a handler can ask for it
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { number in
      let error = errno
      var byte = UInt8(truncatingIfNeeded: number)
      if let pipe = SignalWatcher.pipe { _ = write(pipe.write, &byte, 1) }
      errno = error
    }
    action.sa_flags = SA_RESTART
    for number in numbers {
      var before = sigaction()
      sigaction(number, &action, &before)
      // Functions cannot be compared; as C has it, this one is a number that is no address.
      let isIgnored = unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
      if isIgnored { _ = ignored.withLock { $0.insert(number) } }
    }
  }

  /// Signals do what they did before `install`; those since then do it now.
  static func remove() {
    let ignored = ignored.withLock { $0 }
    for number in numbers { signal(number, ignored.contains(number) ? SIG_IGN : SIG_DFL) }
    guard let pipe else { return }
    _ = fcntl(pipe.read, F_SETFL, O_NONBLOCK)
    var number: UInt8 = 0
    // To the process: this may be one of libdispatch's threads, which hear no signals.
    if read(pipe.read, &number, 1) == 1 { kill(getpid(), Int32(number)) }
  }

  /// From here on the signals are heard, those since `install` too. To be called once.
  static func start(_ onFirst: @escaping @Sendable () -> Void) {
    guard pipe != nil else { return }
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { pointer in
        guard let pointer else { return nil }
        let onFirst = Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().onFirst
        SignalWatcher.waitForSignal()
        onFirst()
        SignalWatcher.waitForSignal()
        _exit(Exit.stoppedAtOnce)
      }, Unmanaged.passRetained(Box(onFirst)).toOpaque())
    pthread_detach(thread)
  }

  private static func waitForSignal() {
    guard let pipe else { return }
    var byte: UInt8 = 0
    while read(pipe.read, &byte, 1) != 1 {}
  }

  private final class Box {
    let onFirst: @Sendable () -> Void
    init(_ onFirst: @escaping @Sendable () -> Void) { self.onFirst = onFirst }
  }
}
