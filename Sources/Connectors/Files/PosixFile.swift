internal import Glibc

/// What the system says about a file.
struct FileStatus: Equatable, Sendable {
  var device: UInt64
  var inode: UInt64
  var size: Int64
  var isRegular: Bool
  var isDirectory: Bool
  /// Zero when the last name of an open file was removed.
  var links: UInt64

  init(_ raw: stat) {
    device = UInt64(raw.st_dev)
    inode = UInt64(raw.st_ino)
    size = Int64(raw.st_size)
    isRegular = raw.st_mode & S_IFMT == S_IFREG
    isDirectory = raw.st_mode & S_IFMT == S_IFDIR
    links = UInt64(raw.st_nlink)
  }

  /// What the system tells files apart by while they exist.
  var key: FileKey { FileKey(device: device, inode: inode) }

  /// The status of what the path leads to, or nil when there is nothing.
  init?(path: String) throws(SystemError) {
    var raw = stat()
    guard stat(path, &raw) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw SystemError("look at", path)
    }
    self.init(raw)
  }
}

/// A file, whatever its name.
struct FileKey: Hashable, Sendable {
  var device: UInt64
  var inode: UInt64
}

/// A system call that failed.
struct SystemError: Error, CustomStringConvertible {
  let number: Int32
  let description: String

  /// Takes the thread's `errno`: make it before any other call.
  init(_ operation: String, _ path: String) {
    number = errno
    description = "could not \(operation) \(path): \(String(cString: strerror(number)))"
  }

  /// The file is not there, or no longer.
  var isGone: Bool { number == ENOENT || number == ENOTDIR || number == ESTALE }
}

/// A file that is open for reading at any offset. Closed when the last reference goes.
final class PosixFile {
  let path: String
  private let descriptor: Int32

  init(_ path: String) throws(SystemError) {
    self.path = path
    var descriptor: Int32
    // Not blocking: a FIFO without a writer must not hold the subtask.
    repeat { descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) } while descriptor < 0 && errno == EINTR
    guard descriptor >= 0 else { throw SystemError("open", path) }
    self.descriptor = descriptor
  }

  deinit {
    Glibc.close(descriptor)
  }

  /// Reads until the target is full or the file is at its end; answers with how many bytes that were.
  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
    guard let base = target.baseAddress else { return 0 }
    var done = 0
    while done < target.count {
      let count = pread(descriptor, base + done, target.count - done, off_t(offset) + off_t(done))
      if count > 0 {
        done += count
      } else if count == 0 {
        break
      } else if errno != EINTR {
        throw SystemError("read", path)
      }
    }
    return done
  }

  /// The file's present size and names.
  func status() throws(SystemError) -> FileStatus {
    var raw = stat()
    guard fstat(descriptor, &raw) == 0 else { throw SystemError("look at", path) }
    return FileStatus(raw)
  }
}
