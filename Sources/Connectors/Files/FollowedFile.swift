/// A file that is held open while it is followed.
final class FollowedFile {
  /// A renamed file that no pattern matches is watched this long after its last growth: its writer may not have opened the new one yet.
  private static let grace: Int64 = 10_000_000_000

  /// Where it lies now, as far as is known.
  private(set) var path: String
  private(set) var split: FileSplit
  let key: FileKey
  /// Nothing to read before the next look.
  var isAtEnd = false
  /// No pattern finds it any more.
  private(set) var isLeaving = false
  private(set) var isDeleted = false
  /// Read to its end for good.
  var isOver = false

  private let file: PosixFile
  private let feed: any ByteFeed
  private let compression: Compression
  /// At the last look.
  private(set) var size: Int64
  private var lastGrowth: Int64 = .min

  init(_ path: String, _ split: FileSplit, _ options: FileSourceOptions) throws {
    self.path = path
    self.split = split
    file = try PosixFile(path)
    compression = try options.compression(of: file)
    feed = try compression.feed(file)
    let status = try file.status()
    key = status.key
    size = status.size
    try identify()
  }

  var isCompressed: Bool { compression != .none }

  /// Whether compressed content is at its end: nothing more will come unless the file grows.
  var isComplete: Bool { isCompressed && (try? feed.finish()) != nil }

  /// Reads on.
  func read(_ rows: inout LineBatch) throws -> LineReader.Outcome {
    var outcome = try split.reader.fill(&rows, from: feed)
    if outcome == .end && isComplete && !split.reader.isComplete {
      split.reader.isComplete = true
      outcome = try split.reader.fill(&rows, from: feed)
    }
    if outcome == .end {
      isAtEnd = true
      if split.position.head.length < Fingerprint.span { try identify() }
    }
    return outcome
  }

  /// Sees what became of the file since the last look. True when its content was replaced.
  ///
  /// - Parameter path: where a pattern finds it now.
  func look(_ path: String?, _ now: Int64) throws -> Bool {
    let status = try file.status()
    isDeleted = status.links == 0
    if lastGrowth == .min || status.size != size { lastGrowth = now }
    if let path {
      self.path = path
      isLeaving = false
    } else if !isLeaving {
      isLeaving = true
      lastGrowth = now
    }
    defer { size = status.size }
    if compression == .none && (status.size != size || status.size < split.reader.cursor.offset) {
      let cursor = split.reader.cursor
      let tail = split.reader.tail
      if status.size < cursor.offset { return true }
      if try !tail.fits(feed, at: cursor.offset - Int64(tail.length)) { return true }
    }
    if status.size != size {
      isAtEnd = false
      split.reader.isComplete = false
    }
    if isLeaving && isAtEnd && (isDeleted || now - lastGrowth >= Self.grace) {
      // What is left without a newline is a line: nobody will write the rest.
      split.reader.isComplete = true
      isAtEnd = false
    }
    return false
  }

  /// The same file begins a new life.
  func restart(_ split: FileSplit) {
    self.split = split
    isAtEnd = false
  }

  /// Whether another file has the beginning of this one, as far as it goes.
  func begins(like path: String, _ options: FileSourceOptions) throws -> Bool {
    let other = try PosixFile(path)
    guard compression == .none, try options.compression(of: other) == .none else { return false }
    let theirs = try Fingerprint.head(of: PlainFeed(other))
    return try theirs.length > 0 && theirs.fits(feed, at: 0)
  }

  private func identify() throws {
    // The compressed content before the offset would have to be decompressed once more for this, so it is done at the beginning only.
    if compression != .none && split.reader.cursor.offset > 0 && split.position.head.length > 0 { return }
    split.identify(try file.status(), try Fingerprint.head(of: feed))
  }
}
