internal import Zstd

/// Reads what `RowPacker` wrote. Every place and length is checked: what is damaged is refused, and nothing is read beyond the end. Owns its working memory;
/// keep one per thread.
package struct RowUnpacker: ~Copyable {
  private var decompressor: ZstdDecompressor
  /// Two columns of as many numbers as a batch has rows.
  private let numbers: UnsafeMutablePointer<Int32>
  private let more: UnsafeMutablePointer<Int32>

  /// No frame of rows is larger, so that a damaged size takes no memory.
  package static let bodyLimit = 256 << 20

  /// Takes working memory, about 200 KiB. Throws `ZstdError` when there is none.
  package init() throws {
    decompressor = try ZstdDecompressor()
    numbers = .allocate(capacity: RecordBatch.capacity)
    more = .allocate(capacity: RecordBatch.capacity)
  }

  deinit {
    numbers.deallocate()
    more.deallocate()
  }

  /// Fills an empty batch with the rows, which are all the reader has left, and makes them alive. Their bytes are in the batch's own memory.
  ///
  /// - Parameter split: the number of a split's name.
  /// - Throws: `StateFormatError` for bytes that are not such rows.
  package mutating func read(_ reader: inout ByteReader, into batch: RecordBatch, fields: [Field], split: (String) -> UInt32) throws {
    var body = ByteReader(try body(&reader, batch))
    let count = Int(try body.integer(UInt32.self))
    guard count <= RecordBatch.capacity else { throw StateFormatError("\(count) rows in a frame; a batch has \(RecordBatch.capacity)") }
    let hasRaws = try body.integer(UInt8.self) != 0
    let splits = try (0..<(try body.integer(UInt32.self))).map { _ in split(try body.text()) }
    try Self.unpack(&body, batch.times, count)
    try Self.unpack(&body, batch.offsets, count)
    try Self.unpack(&body, batch.ordinals, count)
    try Self.unpack(&body, numbers, count)
    for row in 0..<count {
      let name = Int(numbers[row])
      guard splits.indices.contains(name) else { throw StateFormatError("split \(name) of \(splits.count) in a frame") }
      batch.splits[row] = splits[name]
    }
    if hasRaws { try unpack(texts: &body, batch.raws, count, within: nil) } else { batch.raws.update(repeating: .null, count: count) }
    for field in fields {
      switch field.type {
      case .bytes, .vector: try unpack(texts: &body, batch.bytes(field), count, within: hasRaws ? batch.raws : nil)
      case .bool:
        try Self.unpack(&body, batch.nulls(field), count)
        try Self.unpack(&body, numbers, count)
        let flags = batch.bools(field)
        for row in 0..<count { flags[row] = numbers[row] != 0 }
      case .int64, .double, .time:
        try Self.unpack(&body, batch.nulls(field), count)
        try Self.unpack(&body, batch.int64s(field), count)
      }
    }
    guard body.isAtEnd else { throw StateFormatError("\(body.remaining) bytes behind the rows of a frame") }
    batch.count = count
    batch.selectAll()
  }

  /// The body in the batch's own memory.
  private mutating func body(_ reader: inout ByteReader, _ batch: RecordBatch) throws -> UnsafeRawBufferPointer {
    let size = Int(try reader.integer(UInt32.self))
    guard size <= Self.bodyLimit else { throw StateFormatError("\(size) bytes of rows in a frame; at most \(Self.bodyLimit) are") }
    let isPacked = try reader.integer(UInt8.self)
    let packed = try reader.take(reader.remaining)
    guard isPacked <= 1, isPacked == 1 || packed.count == size else {
      throw StateFormatError("\(packed.count) bytes of rows in a frame that says \(size)")
    }
    if isPacked == 1 {
      // Before memory is taken: a frame that says it holds another size is no frame of ours.
      guard (try? ZstdDecompressor.contentSize(packed)) == UInt64(size) else { throw StateFormatError("the rows of a frame are damaged") }
    }
    let target = UnsafeMutableRawBufferPointer(start: batch.allocate(max(1, size)), count: size)
    if isPacked == 1 {
      do { try decompressor.decompress(packed, into: target) } catch { throw StateFormatError("the rows of a frame are damaged: \(error)") }
    } else {
      target.copyMemory(from: packed)
    }
    return UnsafeRawBufferPointer(target)
  }

  // MARK: Columns

  private static func unpack<T: FixedWidthInteger & BitwiseCopyable>(
    _ reader: inout ByteReader, _ values: UnsafeMutablePointer<T>, _ count: Int
  ) throws {
    let base = try reader.integer(UInt64.self)
    let width = Int(try reader.integer(UInt8.self))
    func fill<N: FixedWidthInteger & BitwiseCopyable>(_ type: N.Type) throws {
      let bytes = try reader.take(count * MemoryLayout<N>.size)
      for row in 0..<count {
        let distance = N(littleEndian: bytes.loadUnaligned(fromByteOffset: row * MemoryLayout<N>.size, as: N.self))
        values[row] = T(truncatingIfNeeded: base &+ UInt64(truncatingIfNeeded: distance))
      }
    }
    switch width {
    case 0: values.update(repeating: T(truncatingIfNeeded: base), count: count)
    case 1: try fill(UInt8.self)
    case 2: try fill(UInt16.self)
    case 4: try fill(UInt32.self)
    case 8: try fill(UInt64.self)
    default: throw StateFormatError("numbers of \(width) bytes in a frame")
    }
  }

  private func unpack(
    texts reader: inout ByteReader, _ texts: UnsafeMutablePointer<ByteView>, _ count: Int, within raws: UnsafeMutablePointer<ByteView>?
  ) throws {
    guard let kind = TextColumn(rawValue: try reader.integer()) else { throw StateFormatError("an unknown kind of text column in a frame") }
    switch kind {
    case .dictionary:
      let entries = try (0..<(try reader.integer(UInt8.self))).map { _ in try reader.view() }
      guard entries.count != 1 else { return texts.update(repeating: entries[0], count: count) }
      let indexes = try reader.take(entries.isEmpty ? 0 : count)
      guard !entries.isEmpty || count == 0 else { throw StateFormatError("a dictionary without entries in a frame") }
      for row in 0..<count {
        guard indexes[row] < entries.count else { throw StateFormatError("entry \(indexes[row]) of \(entries.count) in a frame") }
        texts[row] = entries[Int(indexes[row])]
      }
    case .cut:
      guard let raws else { throw StateFormatError("texts cut out of raw bytes that did not come") }
      try Self.unpack(&reader, numbers, count)
      try Self.unpack(&reader, more, count)
      for row in 0..<count {
        guard numbers[row] >= 0 else {
          texts[row] = .null
          continue
        }
        let (length, place) = (Int(numbers[row]), Int(more[row]))
        guard place >= 0, place + length <= raws[row].count, length == 0 || !raws[row].isNull else {
          throw StateFormatError("a text outside of its record's \(raws[row].count) bytes")
        }
        texts[row] = ByteView(base: raws[row].base.map { $0 + place } ?? RecordBatch.emptyBytes, count: length)
      }
    case .plain:
      try Self.unpack(&reader, numbers, count)
      for row in 0..<count { texts[row] = numbers[row] < 0 ? .null : try reader.view(Int(numbers[row])) }
    }
  }
}
