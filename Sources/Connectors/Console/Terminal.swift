internal import Dataflow
internal import Glibc
internal import Synchronization

/// An open file that people or pipes read from.
struct Terminal {
  /// One for the process: several subtasks print to the same place, and a line must not be torn.
  private static let turn = Mutex(())
  private let descriptor: Int32

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Writes all bytes, waiting as long as the reader takes.
  ///
  /// - Throws: `SinkError` when nobody reads any more, or the write fails.
  func write(_ bytes: [UInt8]) throws {
    try Self.turn.withLock { _ in
      let result = Self.withoutPipeSignal { bytes.withUnsafeBytes(writeAll) }
      switch result {
      case 0: return
      case EPIPE: throw SinkError("nobody reads the console's output any more", retry: .never)
      default: throw SinkError("could not write to the console: \(String(cString: strerror(result)))", retry: .never)
      }
    }
  }

  /// Answers with 0 or the system's error number.
  private func writeAll(_ bytes: UnsafeRawBufferPointer) -> Int32 {
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      let count = Glibc.write(descriptor, base + done, bytes.count - done)
      if count >= 0 {
        done += count
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // Someone who shares the terminal made it non-blocking.
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&wanted, 1, 1000)
      default: return errno
      }
    }
    return 0
  }

  /// Keeps a closed pipe from ending the process, on this thread and for this call only.
  private static func withoutPipeSignal(_ body: () -> Int32) -> Int32 {
    var pipe = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    var pending = sigset_t()
    sigpending(&pending)
    let wasPending = sigismember(&pending, SIGPIPE) == 1
    var before = sigset_t()
    pthread_sigmask(SIG_BLOCK, &pipe, &before)
    let result = body()
    if result == EPIPE && !wasPending {
      // Takes the signal that this call raised.
      var now = timespec(tv_sec: 0, tv_nsec: 0)
      while sigtimedwait(&pipe, nil, &now) == -1 && errno == EINTR {}
    }
    pthread_sigmask(SIG_SETMASK, &before, nil)
    return result
  }
}
