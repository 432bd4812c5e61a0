internal import Glibc

/// Reads a file line by line through one buffer, which grows with the longest line.
final class LineReader {
  private static let chunk = 1 << 18

  private let path: String
  private let file: Int32
  private var buffer: UnsafeMutablePointer<UInt8>
  private var capacity = LineReader.chunk * 2
  private var start = 0
  private var end = 0
  private var isAtEnd = false

  /// Opens the file; `-` is standard input. Throws `FileError`.
  init(_ path: String) throws {
    self.path = path == "-" ? "standard input" : path
    let opened = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else { throw FileError("read", path, errno) }
    file = opened
    buffer = .allocate(capacity: capacity)
  }

  deinit {
    buffer.deallocate()
    if file != 0 { close(file) }
  }

  /// The next line without its end (`\n` or `\r\n`), valid until the next call; nil behind the last. Throws `FileError`.
  func next() throws -> UnsafeBufferPointer<UInt8>? {
    var searched = start
    while true {
      if searched < end, let hit = memchr(buffer + searched, 0x0A, end - searched) {
        let stop = UnsafePointer(hit.assumingMemoryBound(to: UInt8.self)) - UnsafePointer(buffer)
        defer { start = stop + 1 }
        return line(start, stop)
      }
      searched = end
      if isAtEnd {
        guard start < end else { return nil }
        defer { start = end }
        return line(start, end)
      }
      searched -= try fill()
    }
  }

  private func line(_ start: Int, _ stop: Int) -> UnsafeBufferPointer<UInt8> {
    let count = stop - start
    let hasReturn = count > 0 && buffer[stop - 1] == 0x0D
    return UnsafeBufferPointer(start: buffer + start, count: hasReturn ? count - 1 : count)
  }

  /// Reads more. Returns by how much the bytes in the buffer moved to the front.
  private func fill() throws -> Int {
    let moved = start
    if start > 0 {
      buffer.update(from: buffer + start, count: end - start)
      end -= start
      start = 0
    }
    if capacity - end < Self.chunk {
      let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * 2)
      larger.update(from: buffer, count: end)
      buffer.deallocate()
      buffer = larger
      capacity *= 2
    }
    while true {
      let count = read(file, buffer + end, capacity - end)
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError("read", path, errno)
      }
      if count == 0 { isAtEnd = true }
      end += count
      return moved
    }
  }
}
