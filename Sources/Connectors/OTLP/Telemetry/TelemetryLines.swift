internal import Glibc

/// The lines of one file, packed or not, read through one buffer that grows with the longest line.
///
/// For whoever reads a file once from its beginning to its end; the source `otlp-file` reads with positions.
package final class TelemetryLines {
  private static let chunk = 1 << 20
  /// Readable behind every line, so that vectors may run over its end.
  private static let padding = 64

  private let feed: any ByteFeed
  private var buffer: UnsafeMutablePointer<UInt8>
  private var capacity = TelemetryLines.chunk * 2
  private var start = 0
  private var end = 0
  private var offset: Int64 = 0
  private var isAtEnd = false

  /// Opens the file; how it is packed is told by its first bytes.
  ///
  /// - Throws: `SystemError` when it cannot be opened or read.
  package init(path: String) throws {
    let file = try PosixFile(path)
    feed = try Compression.detect(file).feed(file)
    buffer = .allocate(capacity: capacity + Self.padding)
  }

  deinit { buffer.deallocate() }

  /// Bytes of content so far.
  package var bytesRead: Int64 { offset }

  /// The next line that is not empty, without its end, valid until the next call; nil behind the last.
  ///
  /// - Throws: `SystemError`, or `SourceError` where a packed file is damaged.
  package func next() throws -> UnsafeBufferPointer<UInt8>? {
    while true {
      var searched = start
      while true {
        if searched < end, let hit = memchr(buffer + searched, 0x0A, end - searched) {
          let stop = UnsafePointer(hit.assumingMemoryBound(to: UInt8.self)) - UnsafePointer(buffer)
          let line = self.line(start, stop)
          start = stop + 1
          if line.isEmpty { break }
          return line
        }
        searched = end
        if isAtEnd {
          let line = self.line(start, end)
          start = end
          return line.isEmpty ? nil : line
        }
        searched -= try fill()
      }
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
      let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * 2 + Self.padding)
      larger.update(from: buffer, count: end)
      buffer.deallocate()
      buffer = larger
      capacity *= 2
    }
    let count = try feed.read(into: UnsafeMutableRawBufferPointer(start: buffer + end, count: Self.chunk), at: offset)
    if count == 0 {
      isAtEnd = true
      try feed.finish()
    }
    offset += Int64(count)
    end += count
    return moved
  }
}
