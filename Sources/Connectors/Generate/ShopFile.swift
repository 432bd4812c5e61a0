internal import Glibc

/// Writes the shop's lines to a file, for jobs that read files and for comparisons with other engines.
public enum ShopFile {
  /// Writes all lines in the order of their indices, and beside them `<path>.meta.json` with what is true of them.
  ///
  /// Blocks; existing files are replaced. About 3 M lines a second, if the disk keeps up.
  /// - Parameter window: length in milliseconds of the windows that the truth is also counted by.
  /// - Returns: the truth that stands in the side file.
  /// Throws `ShopFileError`; `options.records` must be given.
  @discardableResult
  public static func write(_ options: ShopOptions, to path: String, window: Int64 = 3_600_000) throws -> ShopTruth {
    guard let records = options.records else { throw ShopFileError(path: path, message: "an endless shop does not fit into a file") }
    let generator = ShopGenerator(options)
    let file = try OutputFile(path)
    defer { file.close() }
    for index in 0..<records {
      let target = try file.room(generator.maxLineLength + 1)
      let count = generator.write(UInt64(index), to: target)
      target[count] = 0x0A
      file.advance(count + 1)
    }
    try file.finish()
    let truth = ShopTruth(options, window: window)
    let meta = try OutputFile(path + ".meta.json")
    defer { meta.close() }
    try meta.append(Array(truth.json(options, bytes: file.written).utf8))
    try meta.finish()
    return truth
  }
}

/// A file of the shop that could not be written.
public struct ShopFileError: Error, CustomStringConvertible {
  /// The file.
  public let path: String
  /// What the system said.
  public let message: String

  /// Names the file and the reason.
  public var description: String { "could not write \(path): \(message)" }
}

/// A file that is written through a buffer of one mebibyte.
private final class OutputFile {
  private static let size = 1 << 20
  private let path: String
  private var descriptor: Int32
  private let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
  private var used = 0
  private(set) var written = 0

  init(_ path: String) throws {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure() }
  }
  deinit {
    close()
    buffer.deallocate()
  }

  /// Where `count` bytes fit; they count in with `advance`.
  func room(_ count: Int) throws -> UnsafeMutablePointer<UInt8> {
    precondition(count <= Self.size, "a line longer than the buffer")
    if used + count > Self.size { try flush() }
    return buffer + used
  }

  func advance(_ count: Int) { used += count }

  func append(_ bytes: [UInt8]) throws {
    for byte in bytes {
      try room(1).pointee = byte
      advance(1)
    }
  }

  private func flush() throws {
    var done = 0
    while done < used {
      let count = Glibc.write(descriptor, buffer + done, used - done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failure() }
      done += count
    }
    written += used
    used = 0
  }

  /// Writes what is left. The error of `close` counts: some file systems report a full disk only then.
  func finish() throws {
    try flush()
    let result = Glibc.close(descriptor)
    descriptor = -1
    guard result == 0 else { throw failure() }
  }

  func close() {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
    descriptor = -1
  }

  private func failure() -> ShopFileError { ShopFileError(path: path, message: String(cString: strerror(errno))) }
}
