internal import Glibc

/// Files of the operating system. What returns without an error has been handed to the disk where the name says durable.
public struct PosixFileSystem: FileSystem {
  /// The disk of this machine.
  public init() {}

  /// Makes the folder and its parents; one that exists is fine.
  public func createDirectory(_ path: String) throws {
    var prefix = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      let parent = prefix.isEmpty ? "/" : prefix
      prefix += "/" + part
      if mkdir(prefix, 0o755) == 0 {
        try syncDirectory(parent)  // or a power cut could take the folder with all that was synced in it
      } else if errno != EEXIST {
        throw failure("create the folder", prefix)
      }
    }
    var status = stat()
    if stat(path, &status) != 0 { throw failure("create the folder", path) }
    if status.st_mode & S_IFMT != S_IFDIR {
      throw FileError(operation: "create the folder", path: path, errno: ENOTDIR, message: "there is a file of that name")
    }
  }

  /// The names in the folder, sorted, without `.` and `..`.
  public func list(_ path: String) throws -> [String] {
    guard let folder = opendir(path) else {
      if errno == ENOENT { return [] }
      throw failure("list", path)
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Whether there is such a file or folder.
  public func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// All bytes of the file.
  public func read(_ path: String) throws -> [UInt8] { try read(path, offset: 0, count: try size(path)) }

  /// Up to `count` bytes from `offset`; fewer at the file's end.
  public func read(_ path: String, offset: Int, count: Int) throws -> [UInt8] {
    let file = try open(path, O_RDONLY, "read")
    defer { close(file) }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        let got = pread(file, buffer.baseAddress.map { $0 + initialized }, count - initialized, off_t(offset + initialized))
        if got < 0 {
          if errno == EINTR { continue }
          throw failure("read", path)
        }
        if got == 0 { break }
        initialized += got
      }
    }
  }

  /// The file's length in bytes.
  public func size(_ path: String) throws -> Int {
    var status = stat()
    if stat(path, &status) != 0 { throw failure("read", path) }
    return Int(status.st_size)
  }

  /// Writes the file, replacing what was there, and hands it to the disk.
  public func writeDurably(_ path: String, _ bytes: [UInt8]) throws {
    let file = try open(path, O_WRONLY | O_CREAT | O_TRUNC, "write")
    defer { close(file) }
    try write(bytes, to: file, path)
    // A failed fsync may have dropped the pages: the file is not to be trusted, and a second fsync would lie.
    if fsync(file) != 0 { throw failure("sync", path) }
  }

  /// Renames within one file system; replaces what is there.
  public func rename(_ from: String, to: String) throws {
    if Glibc.rename(from, to) != 0 { throw failure("rename to \(to)", from) }
  }

  /// Creates the file with these bytes, or throws when it exists: no reader ever sees half of it.
  public func createExclusively(_ path: String, _ bytes: [UInt8]) throws {
    // A name of its own per process: two processes must not write the same temporary file.
    let temporary = "\(path).\(getpid()).tmp"
    try writeDurably(temporary, bytes)
    defer { unlink(temporary) }
    if link(temporary, path) != 0 { throw failure("publish", path) }
  }

  /// Makes renames and creations in the folder durable.
  public func syncDirectory(_ path: String) throws {
    let folder = try open(path, O_RDONLY | O_DIRECTORY, "sync")
    defer { close(folder) }
    if fsync(folder) != 0 { throw failure("sync", path) }
  }

  /// Removes the file; one that is not there is fine.
  public func remove(_ path: String) throws {
    if unlink(path) != 0 && errno != ENOENT { throw failure("remove", path) }
  }

  /// Removes the folder unless there is something in it.
  public func removeEmptyDirectory(_ path: String) throws {
    if rmdir(path) != 0 && ![ENOENT, ENOTEMPTY, EEXIST].contains(errno) { throw failure("remove", path) }
  }

  private func open(_ path: String, _ flags: Int32, _ operation: String) throws -> Int32 {
    while true {
      let file = Glibc.open(path, flags | O_CLOEXEC, 0o644)
      if file >= 0 { return file }
      if errno != EINTR { throw failure(operation, path) }
    }
  }

  private func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws {
    try bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count {
        let count = Glibc.write(file, buffer.baseAddress.map { $0 + written }, buffer.count - written)
        if count < 0 {
          if errno == EINTR { continue }
          throw failure("write", path)
        }
        written += count
      }
    }
  }

  private func failure(_ operation: String, _ path: String) -> FileError {
    let code = errno
    return FileError(operation: operation, path: path, errno: code, message: String(cString: strerror(code)))
  }
}
