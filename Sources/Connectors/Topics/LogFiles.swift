package import Dataflow
internal import Glibc

/// The files under topics: those of checkpoints, and besides them files that grow. Blocking. Throws `FileError`.
///
/// A seam of its own so that tests can end the process between any two bytes.
package protocol LogFiles: FileSystem {
  /// Writes the bytes at an offset of a file, which is made when it is missing. Not durable before `sync`.
  func write(_ path: String, at offset: Int64, _ bytes: UnsafeRawBufferPointer) throws
  /// Cuts a file to this length; nothing when it is shorter or missing.
  func cut(_ path: String, to size: Int64) throws
  /// Hands the file to the disk.
  func sync(_ path: String) throws
  /// Writes a file that may be lost with the machine, but not with the process.
  func writeFast(_ path: String, _ bytes: [UInt8]) throws
  /// Takes the lock of that name, or says who has it. Never waits.
  func lock(_ path: String) throws -> LogLock
}

/// What came of asking for a lock.
package enum LogLock {
  /// Ours until the object goes, or the process ends, however it does.
  case held(AnyObject)
  /// What the holder wrote about itself; empty when it has not yet.
  case busy(holder: String)
}

extension PosixFileSystem: LogFiles {
  package func write(_ path: String, at offset: Int64, _ bytes: UnsafeRawBufferPointer) throws {
    try withFile(path, O_WRONLY | O_CREAT, "write") { file in
      var written = 0
      while written < bytes.count {
        let count = pwrite(file, bytes.baseAddress.map { $0 + written }, bytes.count - written, off_t(offset) + off_t(written))
        if count < 0 {
          if errno == EINTR { continue }
          throw Self.failure("write", path)
        }
        written += count
      }
    }
  }

  package func cut(_ path: String, to size: Int64) throws {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT { return }
      throw Self.failure("look at", path)
    }
    if Int64(status.st_size) > size && truncate(path, off_t(size)) != 0 { throw Self.failure("cut", path) }
  }

  package func sync(_ path: String) throws {
    try withFile(path, O_WRONLY, "sync") { if fdatasync($0) != 0 { throw Self.failure("sync", path) } }
  }

  package func writeFast(_ path: String, _ bytes: [UInt8]) throws {
    try withFile(path, O_WRONLY | O_CREAT | O_TRUNC, "write") { _ in }
    try bytes.withUnsafeBytes { try write(path, at: 0, $0) }
  }

  package func lock(_ path: String) throws -> LogLock {
    let file = try Self.open(path, O_RDWR | O_CREAT, "open the lock")
    while flock(file, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK else {
        if errno == EINTR { continue }
        defer { close(file) }
        throw Self.failure("lock", path)
      }
      defer { close(file) }
      var text = [UInt8](repeating: 0, count: 64)
      let count = pread(file, &text, text.count, 0)
      return .busy(holder: String(decoding: text.prefix(max(0, count)).prefix { $0 != 0x0A }, as: UTF8.self))
    }
    // For whoever finds it taken. It holds by the lock, not by what is written.
    let text = Array("process \(getpid())\n".utf8)
    if ftruncate(file, 0) == 0 { _ = text.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) } }
    return .held(OpenLock(file))
  }

  private func withFile(_ path: String, _ flags: Int32, _ operation: String, _ body: (Int32) throws -> Void) throws {
    let file = try Self.open(path, flags, operation)
    defer { close(file) }
    try body(file)
  }

  private static func open(_ path: String, _ flags: Int32, _ operation: String) throws -> Int32 {
    while true {
      let file = Glibc.open(path, flags | O_CLOEXEC, 0o644)
      if file >= 0 { return file }
      if errno != EINTR { throw failure(operation, path) }
    }
  }

  private static func failure(_ operation: String, _ path: String) -> FileError {
    let code = errno
    return FileError(operation: operation, path: path, errno: code, message: String(cString: strerror(code)))
  }
}

/// A lock that goes with the object.
private final class OpenLock {
  private let file: Int32
  init(_ file: Int32) { self.file = file }
  deinit { close(file) }
}
