internal import Glibc

/// Writes to standard output through a buffer.
final class OutputWriter {
  private static let limit = 1 << 18

  /// What is not written yet: append to it, then call `flushIfFull`.
  var buffer: [UInt8] = []

  init() {
    // A reader that goes is an error like others, not the end of the program.
    signal(SIGPIPE, SIG_IGN)
    buffer.reserveCapacity(Self.limit + 8_192)
  }

  /// Throws `FileError`.
  func flushIfFull() throws { if buffer.count >= Self.limit { try flush() } }

  /// Throws `FileError`.
  func flush() throws {
    try buffer.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = write(1, bytes.baseAddress.unsafelyUnwrapped + done, bytes.count - done)
        if count < 0 {
          if errno == EINTR { continue }
          throw FileError("write", "standard output", errno)
        }
        done += count
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }
}
