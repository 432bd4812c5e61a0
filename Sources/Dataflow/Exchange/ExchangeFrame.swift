/// What one shard sends to one partition of an exchange that crosses between processes: rows, or a mark that says how far its time has come.
///
/// ```
/// SLX1 │ kind u8 │ flags u8 │ 0 0 │ shard u32 │ incarnation u64 │ sequence u64 │ watermark i64 │ rows, when it is a frame of rows
/// ```
/// All integers are little-endian. Frames of one shard to one partition are numbered without holes from 1 on, so a reader knows duplicates and gaps.
package struct ExchangeFrame: Equatable {
  package enum Kind: UInt8 {
    case rows = 1
    case mark = 2
    /// A mark, and the last frame of the shard in this cut of the job: what comes behind it, the shards of the next cut send.
    case last = 3
  }

  static let magic: [UInt8] = Array("SLX1".utf8)
  private static let idle: UInt8 = 1
  private static let ended: UInt8 = 2
  /// Bytes before the rows.
  package static let headBytes = 36

  package var kind: Kind
  /// Which shard of the sending stage.
  package var shard: UInt32
  /// Random, from the shard's first start: a shard that lost its state counts from 1 again, and must not be taken for the one that went before.
  package var incarnation: UInt64
  package var sequence: UInt64
  /// Of a mark: no later row of the shard is at or before it, unless it is late. `Int64.min` before there is any.
  package var watermark = Int64.min
  /// Of a mark: the shard does not hold the time back.
  package var isIdle = false
  /// Of a mark: the shard's input is at its end, and no more rows come.
  package var isEnded = false

  package init(kind: Kind, shard: UInt32, incarnation: UInt64, sequence: UInt64) {
    self.kind = kind
    self.shard = shard
    self.incarnation = incarnation
    self.sequence = sequence
  }

  /// Appends the head.
  package func append(to bytes: inout [UInt8]) {
    bytes += Self.magic
    bytes.append(kind.rawValue)
    bytes.append((isIdle ? Self.idle : 0) | (isEnded ? Self.ended : 0))
    bytes.append(integer: UInt16(0))
    bytes.append(integer: shard)
    bytes.append(integer: incarnation)
    bytes.append(integer: sequence)
    bytes.append(integer: watermark)
  }

  /// Reads the head and leaves the reader at the rows. Throws `StateFormatError` for bytes that are no frame.
  package init(_ reader: inout ByteReader) throws {
    guard try reader.take(4).elementsEqual(Self.magic), let kind = Kind(rawValue: try reader.integer()) else {
      throw StateFormatError("no frame of an exchange, or one of a later version")
    }
    let flags = try reader.integer(UInt8.self)
    _ = try reader.integer(UInt16.self)
    self.init(kind: kind, shard: try reader.integer(), incarnation: try reader.integer(), sequence: try reader.integer())
    watermark = try reader.integer()
    (isIdle, isEnded) = (flags & Self.idle != 0, flags & Self.ended != 0)
  }
}

/// The rows of a frame, column by column.
///
/// ```
/// count u32 │ flags u8 │ split names u32, (size u32, text)* │ times │ offsets │ ordinals │ splits │ raws, when flagged │ fields …
/// ```
/// A column of numbers is one byte a row, 1 = null, and then the values; a column of bytes is a length a row, -1 = null, and then the bytes.
package enum ExchangeRows {
  private static let hasRaws: UInt8 = 1

  /// Appends rows of a batch, alive or not. O(bytes).
  ///
  /// - Parameter raws: whether the bytes that the records were made of travel too; those who come later need them for records that they refuse.
  package static func append(
    _ batch: RecordBatch, _ rows: Range<Int>, fields: [Field], raws: Bool, splitName: (UInt32) -> String, to bytes: inout [UInt8]
  ) {
    bytes.append(integer: UInt32(rows.count))
    bytes.append(raws ? hasRaws : 0)
    var names: [UInt32] = []
    for row in rows where names.last != batch.splits[row] && !names.contains(batch.splits[row]) { names.append(batch.splits[row]) }
    bytes.append(integer: UInt32(names.count))
    for name in names { bytes.append(counted: splitName(name)) }
    append(batch.times, rows, to: &bytes)
    append(batch.offsets, rows, to: &bytes)
    append(batch.ordinals, rows, to: &bytes)
    for row in rows { bytes.append(integer: UInt32(names.firstIndex(of: batch.splits[row]) ?? 0)) }
    if raws { append(views: batch.raws, rows, to: &bytes) }
    for field in fields {
      switch field.type {
      case .bytes, .vector: append(views: batch.bytes(field), rows, to: &bytes)
      case .bool:
        append(batch.nulls(field), rows, to: &bytes)
        append(batch.bools(field), rows, to: &bytes)
      case .int64, .double, .time:
        append(batch.nulls(field), rows, to: &bytes)
        append(batch.int64s(field), rows, to: &bytes)
      }
    }
  }

  private static func append<T: BitwiseCopyable>(_ values: UnsafeMutablePointer<T>, _ rows: Range<Int>, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: UnsafeRawBufferPointer(start: values + rows.lowerBound, count: rows.count * MemoryLayout<T>.stride))
  }

  private static func append(views: UnsafeMutablePointer<ByteView>, _ rows: Range<Int>, to bytes: inout [UInt8]) {
    for row in rows { bytes.append(integer: views[row].isNull ? -1 : Int32(clamping: views[row].count)) }
    for row in rows where !views[row].isNull { bytes.append(contentsOf: views[row].buffer) }
  }

  /// Fills an empty batch with the rows and makes them alive. Its views point into the reader's bytes, which the batch must keep alive.
  ///
  /// - Parameter split: the number of a split's name.
  /// - Throws: `StateFormatError` for bytes that are not such rows.
  package static func read(_ reader: inout ByteReader, into batch: RecordBatch, fields: [Field], split: (String) -> UInt32) throws {
    let count = Int(try reader.integer(UInt32.self))
    guard count <= RecordBatch.capacity else { throw StateFormatError("\(count) rows in a frame; a batch has \(RecordBatch.capacity)") }
    let flags = try reader.integer(UInt8.self)
    var splits: [UInt32] = []
    for _ in 0..<(try reader.integer(UInt32.self)) { splits.append(split(try reader.text())) }
    try read(&reader, batch.times, count)
    try read(&reader, batch.offsets, count)
    try read(&reader, batch.ordinals, count)
    for row in 0..<count {
      let name = Int(try reader.integer(UInt32.self))
      guard splits.indices.contains(name) else { throw StateFormatError("split \(name) of \(splits.count) in a frame") }
      batch.splits[row] = splits[name]
    }
    if flags & hasRaws != 0 { try read(&reader, views: batch.raws, count) } else { batch.raws.update(repeating: .null, count: count) }
    for field in fields {
      switch field.type {
      case .bytes, .vector: try read(&reader, views: batch.bytes(field), count)
      case .bool:
        try read(&reader, batch.nulls(field), count)
        try read(&reader, batch.bools(field), count)
      case .int64, .double, .time:
        try read(&reader, batch.nulls(field), count)
        try read(&reader, batch.int64s(field), count)
      }
    }
    guard reader.isAtEnd else { throw StateFormatError("\(reader.remaining) bytes behind the rows of a frame") }
    batch.count = count
    batch.selectAll()
  }

  private static func read<T: BitwiseCopyable>(_ reader: inout ByteReader, _ values: UnsafeMutablePointer<T>, _ count: Int) throws {
    let bytes = try reader.take(count * MemoryLayout<T>.stride)
    UnsafeMutableRawBufferPointer(start: values, count: bytes.count).copyMemory(from: bytes)
  }

  private static func read(_ reader: inout ByteReader, views: UnsafeMutablePointer<ByteView>, _ count: Int) throws {
    let lengths = try reader.take(count * 4)
    for row in 0..<count {
      let length = Int(Int32(littleEndian: lengths.loadUnaligned(fromByteOffset: row * 4, as: Int32.self)))
      guard length >= 0 else {
        views[row] = .null
        continue
      }
      // An empty view is not null: it points at the lengths.
      let start = try reader.take(length).baseAddress ?? lengths.baseAddress
      views[row] = ByteView(base: start?.assumingMemoryBound(to: UInt8.self), count: length)
    }
  }
}
