internal import Dataflow

/// A hash of a short run of content, by which a file is known again. An empty one fits everything.
struct Fingerprint: Equatable, Sendable {
  /// The most bytes that are hashed.
  static let span = 1024

  var length = 0
  var hash: UInt64 = 0

  /// Of the first `span` bytes of the content, or of as many as there are.
  static func head(of feed: any ByteFeed) throws -> Fingerprint {
    try Fingerprint(feed, from: 0, count: span)
  }

  init() {}

  init(length: Int, hash: UInt64) {
    self.length = length
    self.hash = hash
  }

  /// Of the bytes at an offset, or of as many of them as there are.
  init(_ feed: any ByteFeed, from offset: Int64, count: Int) throws {
    self = try withUnsafeTemporaryAllocation(byteCount: max(1, count), alignment: 16) { bytes in
      let read = try feed.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]), at: offset)
      return Fingerprint(of: UnsafeRawBufferPointer(rebasing: bytes[..<read]))
    }
  }

  /// Of the bytes.
  init(of bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0 else { return }
    var hasher = KeyHasher(seed: 1)
    hasher.combine(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    length = bytes.count
    hash = hasher.finish().low
  }

  /// Whether the content has these bytes at this offset.
  func fits(_ feed: any ByteFeed, at offset: Int64) throws -> Bool {
    try length == 0 || Fingerprint(feed, from: offset, count: length) == self
  }
}
