internal import Dataflow
internal import Glibc

/// Cuts the content of one split into lines, which are views of the blocks the content was read into.
///
/// ```
/// block   |....delivered....|partial line|   room   |
///         blockOffset       start        end        capacity
/// ```
/// A line that crosses the end of a block is moved, as far as it has been read, to the beginning of the next.
final class LineReader {
  enum Outcome {
    /// The batch is full, or enough was read for one call.
    case more
    /// The end of a stripe's block: the next lines of the split stand elsewhere.
    case endOfBlock
    /// The end of what there is to read, for now.
    case end
  }

  /// Of a line that is refused for its length this much is kept.
  static let rawLimit = 16 << 20
  /// The most content that one call reads, so that the subtask's other work need not wait.
  private static let readBudget = 4 << 20
  /// Read past the end of a stripe's block at first, for the line that crosses it.
  private static let overhang = 2 << 10
  private static let smallestRead = 16 << 10

  private let stripe: Stripe
  private let maxLineBytes: Int
  /// Lines that begin at or after this offset are not read.
  let limit: Int64
  /// Whether a last line without a newline is delivered: no more content will come.
  var isComplete: Bool
  private(set) var cursor: LineCursor

  private var block: MemoryBlock?
  private var blockOffset: Int64 = 0
  private var start = 0
  private var end = 0
  /// There is no newline in `start..<searched`.
  private var searched = 0
  /// False as long as `start` need not be the beginning of a line.
  private var isAligned: Bool
  /// The line that is being skipped because it is far too long: what was kept of it, and where it began.
  private var skipped: (raw: ByteView, block: MemoryBlock, offset: Int64)?
  /// Of the content before the cursor, when there is no block to take it from.
  private var releasedTail: Fingerprint

  init(stripe: Stripe, cursor: LineCursor, tail: Fingerprint, maxLineBytes: Int, limit: Int64 = .max, isComplete: Bool) {
    self.stripe = stripe
    self.maxLineBytes = min(maxLineBytes, Self.rawLimit)
    self.limit = limit
    self.isComplete = isComplete
    self.cursor = cursor
    releasedTail = tail
    isAligned = cursor.isInsideLine || cursor.offset == 0
  }

  /// Adds lines to the batch.
  func fill(_ rows: inout LineBatch, from feed: any ByteFeed) throws -> Outcome {
    var budget = Self.readBudget
    while true {
      // A rest of a line that an earlier run delivered belongs to this split, wherever the block ends.
      let blockEnd = cursor.isInsideLine ? Int64.max : stripe.end(ofBlock: cursor.block)
      if skipped == nil {
        if cursor.offset >= limit { return release(.end) }
        if cursor.offset >= blockEnd {
          nextBlock()
          return cursor.offset >= limit ? .end : .endOfBlock
        }
        if rows.isFull { return .more }
      }
      if scan(&rows, blockEnd) { continue }
      guard budget > 0 else { return .more }
      let count = try read(feed, blockEnd)
      budget -= count
      if count == 0 {
        guard isComplete else {
          // A quiet file holds a block only for the beginning of a line.
          return start == end && skipped == nil ? release(.end) : .end
        }
        try feed.finish()
        deliverRest(&rows)
        return release(.end)
      }
    }
  }

  /// The beginning of what may be read next: by this the stripes of a file take turns.
  var offset: Int64 { cursor.offset }

  /// Of the content just before the cursor, as far as it is still in memory.
  var tail: Fingerprint {
    guard let block, isAligned, skipped == nil else { return releasedTail }
    let length = min(start, Fingerprint.span)
    return length == 0 ? releasedTail : Fingerprint(of: UnsafeRawBufferPointer(start: block.base + start - length, count: length))
  }

  // MARK: Scanning

  /// Delivers the whole lines that are in the block. False when more must be read first.
  private func scan(_ rows: inout LineBatch, _ blockEnd: Int64) -> Bool {
    guard let block, searched < end else { return false }
    if skipped != nil { return scanSkipped(&rows, block) }
    if !isAligned { return align(block, blockEnd) }
    let base = UnsafePointer(block.base)
    let maxLineBytes = maxLineBytes
    let offset = blockOffset
    // Lines must begin before this.
    let limit = Int(min(Int64(end), min(blockEnd, limit) - offset))
    let (lines, raws, offsets) = (rows.lines, rows.raws, rows.offsets)
    var row = rows.count
    let capacity = RecordBatch.capacity
    var begin = start
    var from = searched
    var isTooLong = false
    while begin < limit, row < capacity {
      guard let hit = memchr(base + from, 0x0A, end - from) else {
        from = end
        break
      }
      let newline = UnsafeRawPointer(hit) - UnsafeRawPointer(base)
      var length = newline - begin
      if length > 0 && base[newline - 1] == 0x0D { length -= 1 }
      if length > maxLineBytes {
        isTooLong = true
        from = newline
        break
      }
      if length > 0 {
        let view = ByteView(base: base + begin, count: length)
        lines[row] = view
        raws[row] = view
        offsets[row] = offset &+ Int64(begin)
        row += 1
      }
      begin = newline + 1
      from = begin
      // The rest of a delivered line is only one line.
      if cursor.isInsideLine { break }
    }
    rows.advance(to: row, in: block, bytes: begin - start)
    if isTooLong {
      var length = from - begin
      if base[from - 1] == 0x0D { length -= 1 }
      rows.appendTooLong(ByteView(base: base + begin, count: min(length, Self.rawLimit)), in: block, at: offset + Int64(begin))
      begin = from + 1
      from = begin
    }
    let isProgress = begin > start
    start = begin
    searched = from
    if isProgress { cursor = LineCursor(block: cursor.block, offset: offset + Int64(begin)) }
    return isProgress
  }

  /// Looks for the first beginning of a line. The byte before the cursor is in the block, in case it is a newline.
  private func align(_ block: MemoryBlock, _ blockEnd: Int64) -> Bool {
    let hit = memchr(block.base + searched, 0x0A, end - searched)
    guard let hit else {
      // Nothing of it is needed; the block may be filled again, since no view points into it.
      blockOffset += Int64(end)
      start = 0
      end = 0
      searched = 0
      // No line begins here: the next may begin at the earliest behind the byte that comes now.
      guard blockOffset >= min(blockEnd, limit) else { return false }
      cursor.offset = blockOffset
      releasedTail = Fingerprint()
      return true
    }
    start = UnsafeRawPointer(hit) - UnsafeRawPointer(block.base) + 1
    searched = start
    isAligned = true
    cursor.offset = blockOffset + Int64(start)
    return true
  }

  private func scanSkipped(_ rows: inout LineBatch, _ block: MemoryBlock) -> Bool {
    guard !rows.isFull, let line = skipped else { return false }
    guard let hit = memchr(block.base + searched, 0x0A, end - searched) else {
      blockOffset += Int64(end)
      end = 0
      return false
    }
    rows.appendTooLong(line.raw, in: line.block, at: line.offset)
    skipped = nil
    start = UnsafeRawPointer(hit) - UnsafeRawPointer(block.base) + 1
    searched = start
    cursor = LineCursor(block: cursor.block, offset: blockOffset + Int64(start))
    return true
  }

  /// The content is at its end: what is left is a line.
  private func deliverRest(_ rows: inout LineBatch) {
    if let line = skipped {
      rows.appendTooLong(line.raw, in: line.block, at: line.offset)
      skipped = nil
    } else if let block, isAligned, start < end {
      let offset = blockOffset + Int64(start)
      var length = end - start
      if block.base[end - 1] == 0x0D { length -= 1 }
      let view = ByteView(base: block.base + start, count: length)
      if length > maxLineBytes {
        rows.appendTooLong(view, in: block, at: offset)
      } else if length > 0 {
        rows.lines[rows.count] = view
        rows.raws[rows.count] = view
        rows.offsets[rows.count] = offset
        rows.advance(to: rows.count + 1, in: block, bytes: length)
      }
    } else {
      return
    }
    start = end
    cursor = LineCursor(block: cursor.block, offset: blockOffset + Int64(end), isInsideLine: true)
  }

  // MARK: Reading

  /// Reads on behind `end`. Answers with how many bytes came; 0 at the end of the content.
  private func read(_ feed: any ByteFeed, _ blockEnd: Int64) throws -> Int {
    let partial = end - start
    if skipped == nil, isAligned, partial > Self.rawLimit, let full = block {
      // Enough is kept: the rest of the line goes into a block that nobody sees.
      skipped = (ByteView(base: full.base + start, count: Self.rawLimit), full, blockOffset + Int64(start))
      blockOffset += Int64(end)
      block = MemoryBlock()
      start = 0
      end = 0
      searched = 0
    }
    let wanted =
      stripe.count == 1 || cursor.isInsideLine || skipped != nil
      ? Int.max : max(Int(blockEnd + Int64(Self.overhang) - blockOffset) - end, max(Self.overhang, partial))
    if let full = block {
      let room = full.capacity - end
      if room < min(wanted, Self.smallestRead) { move(partial, from: full) }
    } else {
      // One byte earlier, to see whether it is a newline.
      block = MemoryBlock()
      blockOffset = isAligned ? cursor.offset : cursor.offset - 1
    }
    guard let block else { return 0 }
    let room = min(wanted, block.capacity - end, MemoryBlock.standardSize)
    let target = UnsafeMutableRawBufferPointer(start: block.base + end, count: room)
    let count = try feed.read(into: target, at: blockOffset + Int64(end))
    end += count
    return count
  }

  /// Begins a new block with the part of a line that is at the end of the full one.
  private func move(_ partial: Int, from full: MemoryBlock) {
    let isLong = partial >= MemoryBlock.standardSize / 2
    let fresh = MemoryBlock(minimum: isLong ? min(2 * partial, Self.rawLimit) + Self.smallestRead : MemoryBlock.standardSize)
    // Some of what stands before moves along: the tail is made from it.
    let kept = min(start, Fingerprint.span)
    fresh.base.update(from: full.base + start - kept, count: kept + partial)
    block = fresh
    blockOffset += Int64(start - kept)
    searched -= start - kept
    start = kept
    end = kept + partial
  }

  private func nextBlock() {
    cursor.block += Int64(stripe.count)
    cursor.offset = cursor.block * Int64(stripe.blockSize)
    cursor.isInsideLine = false
    _ = release(.end)
    isAligned = false
    releasedTail = Fingerprint()
  }

  private func release(_ outcome: Outcome) -> Outcome {
    releasedTail = tail
    block = nil
    start = 0
    end = 0
    searched = 0
    skipped = nil
    return outcome
  }
}
