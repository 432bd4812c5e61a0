internal import Dataflow
internal import Glibc

/// Reads small files of the local disk.
public enum LocalFile {
  /// The bytes of a file, at most a little more than the largest job file: a longer file is cut, and refused by who reads it. Blocking.
  ///
  /// Throws `FileError`.
  @Sendable
  public static func read(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open", path) }
    defer { close(descriptor) }
    let limit = YAMLLimits.bytes + 1
    var bytes = [UInt8](repeating: 0, count: limit)
    var count = 0
    while count < limit {
      let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + count, limit - count) }
      if got == 0 { break }
      if got > 0 {
        count += got
      } else if errno != EINTR {
        throw failure("read", path)
      }
    }
    bytes.removeLast(limit - count)
    return bytes
  }

  private static func failure(_ operation: String, _ path: String) -> FileError {
    let code = errno
    return FileError(operation: operation, path: path, errno: code, message: String(cString: strerror(code)))
  }
}
