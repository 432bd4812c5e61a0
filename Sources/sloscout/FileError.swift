internal import Glibc

/// A file or standard input that cannot be read, or an output that cannot be written. Names the cure.
struct FileError: Error, CustomStringConvertible {
  let description: String
  /// The reader of our output has gone.
  let isClosedPipe: Bool

  init(_ what: String, _ path: String, _ code: Int32) {
    let cure =
      switch code {
      case ENOENT: ": there is no such file; give the path of an existing one, or \"-\" for standard input"
      case EACCES: ": permission denied; run as a user who may read it, or pipe it in"
      case EISDIR: ": this is a folder; name one file, or pipe several in with cat"
      case ENOSPC: ": the disk is full; make room and run again"
      default: ": \(String(cString: strerror(code)))"
      }
    description = "cannot \(what) \(path)\(cure)"
    isClosedPipe = code == EPIPE
  }
}
