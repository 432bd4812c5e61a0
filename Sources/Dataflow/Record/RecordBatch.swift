/// Up to 1,024 records in columns, with an event time, the raw bytes and the origin of each, and a selection of the rows that are still alive.
///
/// One owner at a time: a batch is filled by a source, edited in place along a chain and handed over at an exchange.
/// Rows are never moved; an operator that drops rows rewrites `selection`.
///
/// ```
/// selection  [0, 2, 3]            rows that are alive, ascending
/// times      [t0, t1, t2, t3]     event time, nanoseconds
/// raws       [r0, r1, r2, r3]     the record as it was read, for the errors output
/// column 0   [v0, v1, v2, v3]     one typed array a column
/// ```
///
/// `@unchecked Sendable`: ownership moves with the reference; no two tasks hold a batch at once.
public final class RecordBatch: @unchecked Sendable {
  /// The most rows a batch holds.
  public static let capacity = 1024
  /// The time of a record whose event time is not known (yet).
  public static let noTime = Int64.min

  /// Rows in use, alive or not.
  public var count = 0
  /// The rows that are alive, ascending. Valid up to `selectedCount`.
  public let selection: UnsafeMutablePointer<UInt16>
  /// How many entries of `selection` count.
  public var selectedCount = 0

  /// Event times in nanoseconds since 1970, or `noTime`.
  public let times: UnsafeMutablePointer<Int64>
  /// The record as it was read. For rows that operators made (window results) null.
  public let raws: UnsafeMutablePointer<ByteView>
  /// Where the record began in its split: a byte offset, or a sequence number.
  public let offsets: UnsafeMutablePointer<Int64>
  /// The ordinal of the record among those that share an offset (several log records in one OTLP line).
  public let ordinals: UnsafeMutablePointer<Int32>
  /// The split each record came from: an index into the job's `SplitTable`.
  public let splits: UnsafeMutablePointer<UInt32>
  /// The 128-bit hash of the record's key. Set by a keyed exchange.
  public let keys: UnsafeMutablePointer<KeyHash>

  @usableFromInline var columns: [Column] = []
  /// The blocks that views of this batch may point into.
  public private(set) var memory: [MemoryBlock] = []
  @usableFromInline var arenaUsed = 0
  @usableFromInline var arena: MemoryBlock?
  @usableFromInline var lastIsInArena = false

  @usableFromInline
  struct Column {
    @usableFromInline var type: ColumnType
    /// Nil for a column that no schema of this batch names.
    @usableFromInline var values: UnsafeMutableRawPointer?
    /// One byte a row, 1 = null, in the same buffer as the values. Nil for bytes and vectors, whose views say it themselves.
    @usableFromInline var nulls: UnsafeMutablePointer<UInt8>?
  }

  private let frame: UnsafeMutableRawPointer

  /// An empty batch with the columns of the schema, all null.
  public convenience init(schema: Schema) {
    self.init()
    extend(to: schema)
  }

  /// An empty batch without columns.
  init() {
    typealias Frame = BatchBuffers.Frame
    let n = Self.capacity
    frame = BatchBuffers.takeFrame()
    keys = (frame + Frame.keys).bindMemory(to: KeyHash.self, capacity: n)
    raws = (frame + Frame.raws).bindMemory(to: ByteView.self, capacity: n)
    times = (frame + Frame.times).bindMemory(to: Int64.self, capacity: n)
    offsets = (frame + Frame.offsets).bindMemory(to: Int64.self, capacity: n)
    ordinals = (frame + Frame.ordinals).bindMemory(to: Int32.self, capacity: n)
    splits = (frame + Frame.splits).bindMemory(to: UInt32.self, capacity: n)
    selection = (frame + Frame.selection).bindMemory(to: UInt16.self, capacity: n)
  }

  deinit {
    BatchBuffers.give(frame: frame)
    for column in columns { if let values = column.values { BatchBuffers.give(column: values) } }
  }

  /// Gives the batch the columns of the schema that it lacks, all null. O(fields) when there is nothing to add.
  public func extend(to schema: Schema) {
    addColumns(of: schema, areNull: true)
  }

  /// - Parameter areNull: false when the caller writes every row that it adds.
  func addColumns(of schema: Schema, areNull: Bool) {
    while columns.count < schema.width { columns.append(Column(type: .bytes, values: nil, nulls: nil)) }
    for field in schema.fields where columns[field.column].values == nil {
      columns[field.column] = Self.makeColumn(field.type, isNull: areNull)
    }
  }

  private static func makeColumn(_ type: ColumnType, isNull: Bool) -> Column {
    let values = BatchBuffers.takeColumn()
    switch type {
    case .int64, .double, .time, .bool:
      let nulls = (values + BatchBuffers.nullsOffset).bindMemory(to: UInt8.self, capacity: capacity)
      if isNull { nulls.initialize(repeating: 1, count: capacity) }
      return Column(type: type, values: values, nulls: nulls)
    case .bytes, .vector:
      let views = values.bindMemory(to: ByteView.self, capacity: capacity)
      if isNull { views.initialize(repeating: .null, count: capacity) }
      return Column(type: type, values: values, nulls: nil)
    }
  }

  // MARK: Columns

  /// The values of an `int64` or `time` column.
  @inlinable
  public func int64s(_ field: Field) -> UnsafeMutablePointer<Int64> {
    columns[field.column].values.unsafelyUnwrapped.assumingMemoryBound(to: Int64.self)
  }

  /// The values of a `double` column.
  @inlinable
  public func doubles(_ field: Field) -> UnsafeMutablePointer<Double> {
    columns[field.column].values.unsafelyUnwrapped.assumingMemoryBound(to: Double.self)
  }

  /// The values of a `bool` column.
  @inlinable
  public func bools(_ field: Field) -> UnsafeMutablePointer<Bool> {
    columns[field.column].values.unsafelyUnwrapped.assumingMemoryBound(to: Bool.self)
  }

  /// The views of a `bytes` column, or of a `vector` column (whose bytes are `Float`s).
  @inlinable
  public func bytes(_ field: Field) -> UnsafeMutablePointer<ByteView> {
    columns[field.column].values.unsafelyUnwrapped.assumingMemoryBound(to: ByteView.self)
  }

  /// One byte a row, 1 = null, for an `int64`, `time`, `double` or `bool` column. Bytes and vector views carry their own null.
  @inlinable
  public func nulls(_ field: Field) -> UnsafeMutablePointer<UInt8> {
    // The planner resolved the field's column and type: a missing one here is a defect of the operator, not of the input.
    columns[field.column].nulls.unsafelyUnwrapped
  }

  /// Whether the row's value is null, whatever the type.
  @inlinable
  public func isNull(_ field: Field, _ row: Int) -> Bool {
    if let nulls = columns[field.column].nulls { return nulls[row] != 0 }
    return bytes(field)[row].isNull
  }

  // MARK: Rows

  /// Makes all rows alive.
  @inlinable
  public func selectAll() {
    for row in 0..<count { selection[row] = UInt16(truncatingIfNeeded: row) }
    selectedCount = count
  }

  /// Keeps the alive rows for which `keep` answers true; the order stays. Returns how many were dropped.
  @inlinable
  @discardableResult
  public func filterSelection(_ keep: (Int) throws -> Bool) rethrows -> Int {
    let before = selectedCount
    var kept = 0
    for i in 0..<before {
      let row = selection[i]
      if try keep(Int(row)) {
        selection[kept] = row
        kept += 1
      }
    }
    selectedCount = kept
    return before - kept
  }

  /// Whether no further row fits.
  @inlinable
  public var isFull: Bool { count == Self.capacity }

  /// Adds a row after the last and selects it: no time, no raw bytes, null columns where the caller writes none. Returns its index.
  ///
  /// Only for batches that are being built: `selection` must cover all rows so far.
  @inlinable
  public func appendRow() -> Int {
    let row = count
    count += 1
    selection[selectedCount] = UInt16(truncatingIfNeeded: row)
    selectedCount += 1
    times[row] = Self.noTime
    raws[row] = .null
    offsets[row] = 0
    ordinals[row] = 0
    splits[row] = 0
    return row
  }

  /// Copies the record's provenance (time, raw bytes, offset, ordinal, split) from a row of another batch whose memory this one retains.
  @inlinable
  public func copyOrigin(_ row: Int, from source: RecordBatch, _ sourceRow: Int) {
    times[row] = source.times[sourceRow]
    raws[row] = source.raws[sourceRow]
    offsets[row] = source.offsets[sourceRow]
    ordinals[row] = source.ordinals[sourceRow]
    splits[row] = source.splits[sourceRow]
  }

  // MARK: Memory

  /// Room for `count` bytes that live as long as the batch and everything its rows are handed to. Never moves.
  @inlinable
  public func allocate(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    if let arena, arenaUsed + count <= arena.capacity {
      let result = arena.base + arenaUsed
      arenaUsed += count
      lastIsInArena = true
      return result
    }
    return allocateInFreshBlock(count)
  }

  @usableFromInline
  func allocateInFreshBlock(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    let block = MemoryBlock(minimum: count)
    memory.append(block)
    lastIsInArena = count <= MemoryBlock.standardSize / 2
    if !lastIsInArena { return block.base }  // a huge value gets a block of its own
    arena = block
    arenaUsed = count
    return block.base
  }

  /// Gives back the unused tail of the last allocation. Nothing for one that got a block of its own.
  @inlinable
  public func trim(_ unused: Int) {
    if lastIsInArena { arenaUsed -= unused }
  }

  /// A copy of the bytes in the batch's own memory.
  @inlinable
  public func copy(_ bytes: UnsafeBufferPointer<UInt8>) -> ByteView {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return ByteView(base: Self.emptyBytes, count: 0) }
    let target = allocate(bytes.count)
    target.update(from: source, count: bytes.count)
    return ByteView(base: target, count: bytes.count)
  }

  /// A copy of the text in the batch's own memory.
  public func copy(_ text: String) -> ByteView {
    var text = text
    return text.withUTF8 { copy($0) }
  }

  /// Where empty, non-null views point. Never written: it is a constant of the process.
  @usableFromInline
  nonisolated(unsafe) static let emptyBytes: UnsafePointer<UInt8> = {
    let byte = UnsafeMutablePointer<UInt8>.allocate(capacity: 64)
    byte.initialize(repeating: 0, count: 64)
    return UnsafePointer(byte)
  }()

  /// Keeps the block alive as long as this batch.
  @inlinable
  public func retain(_ block: MemoryBlock) {
    if let last = memory.last, last === block { return }
    appendMemory(block)
  }

  @usableFromInline
  func appendMemory(_ block: MemoryBlock) {
    if !memory.contains(where: { $0 === block }) { memory.append(block) }
  }

  /// Keeps everything alive that the other batch's views point into. O(blocks), a handful.
  public func retainMemory(of other: RecordBatch) {
    for block in other.memory { appendMemory(block) }
  }
}
