internal import Dataflow

/// Reads files as they grow, and new files as they appear.
///
/// Files are held by their inode, so a renamed file is read to its end, also when no pattern matches it any more. All files of a folder
/// are followed by one subtask, which therefore sees rotation as a whole.
final class FileFollowReader: SourceReader {
  private let options: FileSourceOptions
  private let agreement: FileAgreement
  private var context: SourceContext?
  private var followed: [FollowedFile] = []
  private var lost: [FilePosition] = []
  /// The newest generation of each path.
  private var generations: [String: UInt32] = [:]
  /// Files that begin like one that is followed: copies of it, or of their own? Their size and how often it was seen unchanged.
  private var undecided: [FileKey: (size: Int64, looks: Int)] = [:]
  private var warned: Set<String> = []
  private var nextLook: Int64?
  private var turn = 0

  init(_ options: FileSourceOptions, _ agreement: FileAgreement) {
    self.options = options
    self.agreement = agreement
  }

  func open(_ context: SourceContext) throws {
    self.context = context
    try adopt(try agreement.fresh(context.splits), context, isFresh: true)
  }

  func restore(_ positions: [SplitPosition]) throws {
    guard let context else { preconditionFailure("a file source was restored before it was opened") }
    let registered = followed
    let stored = try FilePosition.joiningStripes(positions.map { try FilePosition($0) })
    let resolution = try agreement.restored(context.splits, stored)
    try adopt(resolution, context, isFresh: false)
    // What was registered on the assumption that nothing had been read must not hold the watermark back.
    let names = Set(resolution.files.flatMap { $0.positions.map(\.name) })
    for file in registered where !names.contains(file.split.position.name) { context.splits.finish(file.split.index) }
  }

  private func adopt(_ resolution: FileResolution, _ context: SourceContext, isFresh: Bool) throws {
    followed = []
    generations = [:]
    lost = resolution.lost.filter { owns($0.path, context) }
    for position in lost {
      noteGeneration(position)
      // A file that is gone holds no watermark back.
      context.splits.finish(context.splits.register(position.name))
    }
    for file in resolution.files where owns(file.path, context) {
      var position = file.positions[0]
      if isFresh && options.startFrom == .end && file.compression == .none { position.cursor.offset = file.status.size }
      noteGeneration(position)
      try follow(file.path, file.status, position, context)
    }
  }

  private func owns(_ path: String, _ context: SourceContext) -> Bool {
    var hasher = KeyHasher(seed: 2)
    let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { Array(path.utf8[..<$0]) } ?? []
    folder.withUnsafeBufferPointer { hasher.combine($0.baseAddress, $0.count) }
    return context.owns(Int(hasher.finish().low >> 2))
  }

  private func noteGeneration(_ position: FilePosition) {
    generations[position.path] = max(generations[position.path] ?? 0, position.generation)
  }

  // MARK: Reading

  func poll(_ batch: RecordBatch) throws -> SourceStatus {
    guard let context else { preconditionFailure("a file source was polled before it was opened") }
    let now = context.runtime.monotonic()
    if now >= nextLook ?? now {
      if nextLook != nil { try look(now, context) }
      nextLook = now + options.pollInterval
    }
    var rows = LineBatch(batch)
    let first = turn
    var isRead = false
    for step in 0..<followed.count {
      let index = (first + step) % followed.count
      let file = followed[index]
      guard !file.isAtEnd, !hasOlder(file) else { continue }
      let outcome = try read(file, &rows, context)
      isRead = true
      if rows.count > 0 { rows.finish(split: file.split.index) }
      turn = index + 1
      if rows.count > 0 || outcome != .end { return .more }
    }
    followed.removeAll { $0.isOver }
    // Another file may have waited for one of those that are at their end now.
    if isRead { return .more }
    let rest = max(0, (nextLook ?? now) - now)
    return .wait(.nanoseconds(rest))
  }

  /// Whether a file that had the same name before has not been read to its end.
  private func hasOlder(_ file: FollowedFile) -> Bool {
    followed.contains {
      !$0.isAtEnd && $0.split.position.path == file.split.position.path && $0.split.position.generation < file.split.position.generation
    }
  }

  private func read(_ file: FollowedFile, _ rows: inout LineBatch, _ context: SourceContext) throws -> LineReader.Outcome {
    do {
      let outcome = try file.read(&rows)
      if outcome == .end {
        if file.isComplete { file.split.finish(context.splits, size: file.size) }
        if file.isLeaving && (file.isComplete || file.split.reader.isComplete) { leave(file, context) }
      }
      return outcome
    } catch let error as SourceError where file.isLeaving {
      options.warn(error.message)
      leave(file, context)
      return .end
    } catch let error as SystemError {
      guard error.isGone else { throw SourceError(error.description, isTransient: true) }
      options.warn("\(file.path) vanished while it was read; what was read before is kept (\(error))")
      leave(file, context)
      return .end
    }
  }

  /// The file is read to its end and will not be looked at again.
  private func leave(_ file: FollowedFile, _ context: SourceContext) {
    file.isOver = true
    file.isAtEnd = true
    file.split.finish(context.splits, size: file.size)
    remember(file.split.current)
    if file.isDeleted { agreement.giveUp(context.splits, file.key) }
  }

  /// Keeps the position of a file that is not followed any more, so that a copy of it is known, and its name gets a new generation.
  private func remember(_ position: FilePosition) {
    lost.append(position)
    // A few generations are enough: older copies were seen long ago.
    lost.removeAll { $0.path == position.path && $0.generation + 8 <= generations[position.path] ?? 0 }
  }

  // MARK: Looking for change

  private func look(_ now: Int64, _ context: SourceContext) throws {
    let listing = try FileListing(options, warn: warnOnce)
    let paths = Dictionary(listing.entries.map { ($0.status.key, $0.path) }, uniquingKeysWith: { first, _ in first })
    for file in followed where !file.isOver {
      do {
        guard try file.look(paths[file.key], now) else { continue }
      } catch let error as SystemError {
        warnOnce(error.description)
        continue
      }
      // Truncated, or written anew: what comes is another file in all but inode.
      context.splits.finish(file.split.index)
      remember(file.split.current)
      var position = FilePosition(path: file.path)
      position.generation = nextGeneration(file.path)
      file.restart(FileSplit(position, limit: .max, isComplete: false, options, context.splits))
    }
    let known = Set(followed.filter { !$0.isOver }.map(\.key))
    undecided = undecided.filter { paths[$0.key] != nil }
    for entry in listing.entries where !known.contains(entry.status.key) && entry.status.size > 0 && owns(entry.path, context) {
      try consider(entry, context)
    }
  }

  /// A file that is not followed: a known one under a new name, a copy, or a new one.
  private func consider(_ entry: FileListing.Entry, _ context: SourceContext) throws {
    let key = entry.status.key
    do {
      if let index = try lost.firstIndex(where: { position in
        // The file itself, or one with its content.
        try (position.key == key || FileMatcher.hasEvidence([position])) && FileMatcher.fits([position], entry.path, options)
      }) {
        guard agreement.claim(context.splits, key, subtask: context.subtask) else { return }
        let position = lost.remove(at: index)
        return try follow(entry.path, entry.status, position, context)
      }
      if try isPerhapsCopy(entry) { return }
      guard agreement.claim(context.splits, key, subtask: context.subtask) else { return }
      var position = FilePosition(path: entry.path)
      position.generation = nextGeneration(entry.path)
      try follow(entry.path, entry.status, position, context)
    } catch let error as SystemError {
      if !error.isGone { warnOnce(error.description) }
    }
  }

  /// Whether the file has the content of one that is followed, or is on the way to it: it is looked at again then.
  private func isPerhapsCopy(_ entry: FileListing.Entry) throws -> Bool {
    for file in followed where !file.isOver && file.split.reader.cursor.offset > 0 {
      if FileMatcher.hasEvidence([file.split.current]), try FileMatcher.fits([file.split.current], entry.path, options) { return true }
      // Shorter than what was read: it may still be being copied.
      guard entry.status.size < file.split.reader.cursor.offset, try file.begins(like: entry.path, options) else { continue }
      let before = undecided[entry.status.key] ?? (-1, 0)
      let looks = before.size == entry.status.size ? before.looks + 1 : 0
      undecided[entry.status.key] = (entry.status.size, looks)
      if looks < 4 { return true }
    }
    undecided[entry.status.key] = nil
    return false
  }

  private func nextGeneration(_ path: String) -> UInt32 {
    let generation = generations[path].map { $0 + 1 } ?? 0
    generations[path] = generation
    return generation
  }

  private func follow(_ path: String, _ status: FileStatus, _ position: FilePosition, _ context: SourceContext) throws {
    guard agreement.claim(context.splits, status.key, subtask: context.subtask) else { return }
    let split = FileSplit(position, limit: .max, isComplete: false, options, context.splits)
    do {
      let file = try FollowedFile(path, split, options)
      if file.isCompressed && position.isFinished(at: status) {
        file.isAtEnd = true
        split.finish(context.splits, size: file.size)
      }
      followed.append(file)
    } catch let error as SystemError {
      context.splits.finish(split.index)
      lost.append(position)
      if !error.isGone { warnOnce(error.description) }
    }
  }

  private func warnOnce(_ message: String) {
    if warned.count < 1000, warned.insert(message).inserted { options.warn(message) }
  }

  func positions() -> [SplitPosition] {
    followed.filter { !$0.isOver }.map(\.split.current.encoded) + lost.map(\.encoded)
  }

  func close() {
    followed = []
  }
}
