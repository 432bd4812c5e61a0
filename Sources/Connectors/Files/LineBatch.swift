internal import Dataflow

/// The columns that a file source fills, and how rows get into them.
struct LineColumns: Sendable {
  /// `line`: the text, null when the line is refused. `line#error`: null, or the reason why the line is refused.
  static let schema = Schema([("line", .bytes), ("line#error", .bytes)])
  static let line = schema.fields[0]
  static let error = schema.fields[1]
  /// The reason for lines longer than the source's `maxLineBytes`.
  static let tooLong: ErrorReason = "line-too-long"
}

/// Writes lines into a batch: first the columns that differ from row to row, at the end all others at once.
struct LineBatch {
  /// Lines of a batch hold at most about this many bytes, so that a batch of long lines does not take memory without end.
  static let byteBudget = 512 << 10

  let batch: RecordBatch
  let lines: UnsafeMutablePointer<ByteView>
  let raws: UnsafeMutablePointer<ByteView>
  let offsets: UnsafeMutablePointer<Int64>
  private let errors: UnsafeMutablePointer<ByteView>
  private let first: Int
  private(set) var count: Int
  private var bytes = 0

  init(_ batch: RecordBatch) {
    self.batch = batch
    lines = batch.bytes(LineColumns.line)
    errors = batch.bytes(LineColumns.error)
    raws = batch.raws
    offsets = batch.offsets
    first = batch.count
    count = batch.count
  }

  var isFull: Bool { count == RecordBatch.capacity || bytes >= Self.byteBudget }

  /// Takes the rows below `count` as written by the caller from `block`, which is kept alive; `bytes` is the stretch they came from.
  mutating func advance(to count: Int, in block: MemoryBlock, bytes: Int) {
    guard count > self.count else { return }
    (errors + self.count).update(repeating: .null, count: count - self.count)
    batch.retain(block)
    self.count = count
    self.bytes += bytes
  }

  /// Adds a line that is refused for its length, with as much of it as was kept.
  mutating func appendTooLong(_ raw: ByteView, in block: MemoryBlock, at offset: Int64) {
    lines[count] = .null
    errors[count] = batch.copy(LineColumns.tooLong.rawValue)
    raws[count] = raw
    offsets[count] = offset
    batch.retain(block)
    count += 1
    bytes += raw.count
  }

  /// Gives all new rows their split, no time, and makes them alive.
  func finish(split: UInt32) {
    let added = count - first
    (batch.splits + first).update(repeating: split, count: added)
    (batch.times + first).update(repeating: RecordBatch.noTime, count: added)
    (batch.ordinals + first).update(repeating: 0, count: added)
    for row in first..<count { batch.selection[batch.selectedCount + row - first] = UInt16(truncatingIfNeeded: row) }
    batch.selectedCount += added
    batch.count = count
  }
}
