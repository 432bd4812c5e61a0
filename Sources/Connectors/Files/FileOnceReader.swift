internal import Dataflow

/// Reads files from where an earlier run stopped to their present end, one after the other.
///
/// Large plain files are striped, so that several subtasks read one file; of its own stripes a subtask reads on with the one that is
/// furthest behind. Lines that are appended while the job runs belong to the next run.
final class FileOnceReader: SourceReader {
  /// A file, with the splits of it that this subtask owns and has not finished.
  private struct Pending {
    var file: FileResolution.File
    var splits: [Int]
    var feed: (any ByteFeed)?
  }

  private let options: FileSourceOptions
  private let agreement: FileAgreement
  private var context: SourceContext?
  private var splits: [FileSplit] = []
  private var lost: [FilePosition] = []
  /// In reading order, the next last.
  private var pending: [Pending] = []

  init(_ options: FileSourceOptions, _ agreement: FileAgreement) {
    self.options = options
    self.agreement = agreement
  }

  func open(_ context: SourceContext) throws {
    self.context = context
    adopt(try agreement.fresh(context.splits), context)
  }

  func restore(_ positions: [SplitPosition]) throws {
    guard let context else { preconditionFailure("a file source was restored before it was opened") }
    let registered = splits
    let resolution = try agreement.restored(context.splits, positions.map { try FilePosition($0) })
    adopt(resolution, context)
    // What was registered on the assumption that nothing had been read must not hold the watermark back.
    let names = Set(resolution.files.flatMap { $0.positions.map(\.name) })
    for split in registered where !names.contains(split.position.name) { context.splits.finish(split.index) }
  }

  private func adopt(_ resolution: FileResolution, _ context: SourceContext) {
    splits = []
    pending = []
    // Ordinals are the same for all subtasks, because the resolution is.
    var ordinal = 0
    for file in resolution.files {
      var own: [Int] = []
      for position in file.positions {
        defer { ordinal += 1 }
        guard context.owns(ordinal) else { continue }
        let limit = file.compression == .none ? file.status.size : Int64.max
        let split = FileSplit(position, limit: limit, isComplete: true, options, context.splits)
        splits.append(split)
        context.splits.complete(split.index)
        if split.reader.cursor.offset >= limit || position.isFinished(at: file.status) {
          split.finish(context.splits, size: file.status.size)
        } else {
          own.append(splits.count - 1)
        }
      }
      if !own.isEmpty { pending.append(Pending(file: file, splits: own)) }
    }
    pending.reverse()
    lost = resolution.lost.enumerated().filter { context.owns(ordinal + $0.offset) }.map(\.element)
    // A file that is gone holds no watermark back.
    for position in lost { context.splits.finish(context.splits.register(position.name)) }
  }

  func poll(_ batch: RecordBatch) throws -> SourceStatus {
    guard let context else { preconditionFailure("a file source was polled before it was opened") }
    var rows = LineBatch(batch)
    // Files without lines are many sometimes; the subtask's other work need not wait for all of them.
    for _ in 0..<64 {
      guard let file = pending.last else { return .drained }
      guard let feed = try file.feed ?? open(file) else {
        close(file, context)
        continue
      }
      // The one that is furthest behind: alone, a subtask reads the file in order.
      guard let next = file.splits.min(by: { splits[$0].reader.cursor.offset < splits[$1].reader.cursor.offset }) else {
        pending.removeLast()
        continue
      }
      let split = splits[next]
      switch try read(split, &rows, feed, file) {
      case .end:
        split.finish(context.splits, size: file.file.status.size)
        pending[pending.count - 1].splits.removeAll { $0 == next }
      case .more, .endOfBlock:
        // Nothing of a line that is longer than one call may read.
        if rows.count == 0 { return .more }
      }
      if rows.count > 0 {
        rows.finish(split: split.index)
        return .more
      }
    }
    return .more
  }

  private func read(_ split: FileSplit, _ rows: inout LineBatch, _ feed: any ByteFeed, _ file: Pending) throws -> LineReader.Outcome {
    do {
      return try split.reader.fill(&rows, from: feed)
    } catch let error as SystemError {
      guard error.isGone else { throw SourceError(error.description, isTransient: true) }
      options.warn("\(file.file.path) vanished while it was read; what was read before is kept (\(error))")
      return .end
    }
  }

  /// Opens the file; nil when it is gone.
  private func open(_ pending: Pending) throws -> (any ByteFeed)? {
    do {
      let file = try PosixFile(pending.file.path)
      let feed = try options.compression(of: file).feed(file)
      let status = try file.status()
      let head = try Fingerprint.head(of: feed)
      for index in pending.splits { splits[index].identify(status, head) }
      self.pending[self.pending.count - 1].feed = feed
      return feed
    } catch let error as SystemError {
      guard error.isGone else {
        throw SourceError(error.description, hint: "the file source must be able to read every file that its pattern matches")
      }
      options.warn("\(pending.file.path) vanished before it was read (\(error))")
      return nil
    }
  }

  private func close(_ file: Pending, _ context: SourceContext) {
    for index in file.splits { splits[index].finish(context.splits, size: file.file.status.size) }
    pending.removeLast()
  }

  func positions() -> [SplitPosition] {
    splits.map(\.current.encoded) + lost.map(\.encoded)
  }

  func close() {
    pending = []
  }
}

/// A split that a reader owns.
final class FileSplit {
  /// Its index in the job's table.
  let index: UInt32
  let reader: LineReader
  private(set) var position: FilePosition

  init(_ position: FilePosition, limit: Int64, isComplete: Bool, _ options: FileSourceOptions, _ table: SplitTable) {
    self.position = position
    self.position.isDone = false
    index = table.register(position.name)
    reader = LineReader(
      stripe: position.stripe, cursor: position.cursor, tail: position.tail, maxLineBytes: options.maxLineBytes, limit: limit,
      isComplete: isComplete)
  }

  /// Remembers which file this is.
  func identify(_ status: FileStatus, _ head: Fingerprint) {
    position.device = status.device
    position.inode = status.inode
    position.head = head
  }

  /// It has no more records in this run.
  ///
  /// - Parameter size: of the file, as far as it was read.
  func finish(_ table: SplitTable, size: Int64) {
    position.isDone = true
    position.size = size
    table.finish(index)
  }

  /// The position behind the last line that was delivered.
  var current: FilePosition {
    var result = position
    result.cursor = reader.cursor
    result.tail = reader.tail
    return result
  }
}
