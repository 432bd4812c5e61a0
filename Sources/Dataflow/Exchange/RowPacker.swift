internal import Zstd

/// Writes the rows of a frame, column by column, as small as is cheap: they cross a checkpoint and a broker, and every byte is paid for several times.
///
/// ```
/// size u32 │ 1 = zstd, 0 = as it is │ the body, so packed
/// body: count u32 │ 1 = with raws │ split names u32, (size u32, text)* │ times │ offsets │ ordinals │ splits │ raws, when there │ fields …
/// ```
/// Numbers are their distance from the smallest, in as few bytes as hold it (frame of reference; Zukowski et al., *Super-Scalar RAM-CPU Cache Compression*,
/// 2006). Nulls are a column of 0 and 1. Texts are a dictionary where few differ, places in the row's raw bytes where they are all cut out of those, and
/// else lengths and bytes. Owns its working memory; keep one per thread.
package struct RowPacker: ~Copyable {
  private var compressor: ZstdCompressor
  private var body: [UInt8] = []
  private let dictionary = TextDictionary()
  /// Two columns of as many numbers as a batch has rows.
  private let numbers: UnsafeMutablePointer<Int32>
  private let more: UnsafeMutablePointer<Int32>
  /// A column of packed numbers.
  private let narrow: UnsafeMutableRawPointer

  /// Takes working memory, about 1 MiB. Throws `ZstdError` when there is none.
  package init() throws {
    compressor = try ZstdCompressor()
    numbers = .allocate(capacity: RecordBatch.capacity)
    more = .allocate(capacity: RecordBatch.capacity)
    narrow = .allocate(byteCount: RecordBatch.capacity * 8, alignment: 8)
  }

  deinit {
    numbers.deallocate()
    more.deallocate()
    narrow.deallocate()
  }

  /// Appends rows of a batch, alive or not. O(bytes).
  ///
  /// - Parameter raws: whether the bytes that the records were made of travel too; those who come later need them for records that they refuse.
  package mutating func append(
    _ batch: RecordBatch, _ rows: Range<Int>, fields: [Field], raws: Bool, splitName: (UInt32) -> String, to bytes: inout [UInt8]
  ) {
    body.removeAll(keepingCapacity: true)
    body.append(integer: UInt32(rows.count))
    body.append(raws ? 1 : 0)
    packSplits(batch, rows, splitName)
    pack(batch.times + rows.lowerBound, rows.count)
    pack(batch.offsets + rows.lowerBound, rows.count)
    pack(batch.ordinals + rows.lowerBound, rows.count)
    pack(numbers, rows.count)
    let raw = raws ? batch.raws + rows.lowerBound : nil
    if let raw { pack(texts: raw, rows.count, within: nil) }
    for field in fields {
      switch field.type {
      case .bytes, .vector: pack(texts: batch.bytes(field) + rows.lowerBound, rows.count, within: raw)
      case .bool:
        pack(batch.nulls(field) + rows.lowerBound, rows.count)
        let flags = batch.bools(field) + rows.lowerBound
        for row in 0..<rows.count { numbers[row] = flags[row] ? 1 : 0 }
        pack(numbers, rows.count)
      case .int64, .double, .time:
        pack(batch.nulls(field) + rows.lowerBound, rows.count)
        pack(batch.int64s(field) + rows.lowerBound, rows.count)
      }
    }
    finish(&bytes)
  }

  /// Names the splits of the rows, and leaves in `numbers` which row has which.
  private mutating func packSplits(_ batch: RecordBatch, _ rows: Range<Int>, _ splitName: (UInt32) -> String) {
    var names: [UInt32] = []
    var (last, place) = (UInt32.max, 0)
    for row in rows {
      let split = batch.splits[row]
      if split != last || names.isEmpty {
        place = names.firstIndex(of: split) ?? names.count
        if place == names.count { names.append(split) }
        last = split
      }
      numbers[row - rows.lowerBound] = Int32(place)
    }
    body.append(integer: UInt32(names.count))
    for name in names { body.append(counted: splitName(name)) }
  }

  /// Puts the body behind what is there, smaller when that helps.
  private mutating func finish(_ bytes: inout [UInt8]) {
    bytes.append(integer: UInt32(body.count))
    let kind = bytes.count
    bytes.append(1)
    // It fails only when there is no memory for it; the body goes as it is then.
    if let size = try? compressor.compress(body, appendingTo: &bytes), size < body.count { return }
    bytes.removeSubrange(kind...)
    bytes.append(0)
    bytes += body
  }

  // MARK: Columns

  /// `smallest i64 │ bytes each u8 │ distances`.
  private mutating func pack<T: FixedWidthInteger & BitwiseCopyable>(_ values: UnsafePointer<T>, _ count: Int) {
    var (low, high) = count == 0 ? (0, 0) : (values[0], values[0])
    for row in 0..<count {
      low = min(low, values[row])
      high = max(high, values[row])
    }
    let base = UInt64(truncatingIfNeeded: low)
    body.append(integer: base)
    let width = Self.width(UInt64(truncatingIfNeeded: high) &- base)
    body.append(UInt8(width))
    func fill<N: FixedWidthInteger>(_ type: N.Type) {
      let target = narrow.assumingMemoryBound(to: N.self)
      for row in 0..<count { target[row] = N(truncatingIfNeeded: UInt64(truncatingIfNeeded: values[row]) &- base).littleEndian }
    }
    switch width {
    case 0: return
    case 1: fill(UInt8.self)
    case 2: fill(UInt16.self)
    case 4: fill(UInt32.self)
    default: fill(UInt64.self)
    }
    body.append(contentsOf: UnsafeRawBufferPointer(start: narrow, count: count * width))
  }

  private static func width(_ distance: UInt64) -> Int {
    switch distance {
    case 0: 0
    case ..<(1 << 8): 1
    case ..<(1 << 16): 2
    case ..<(1 << 32): 4
    default: 8
    }
  }

  private mutating func pack(texts: UnsafeMutablePointer<ByteView>, _ count: Int, within raws: UnsafeMutablePointer<ByteView>?) {
    if dictionary.fill(texts, count) {
      body.append(TextColumn.dictionary.rawValue)
      body.append(UInt8(dictionary.count))
      for entry in 0..<dictionary.count { body.append(view: dictionary.entries[entry]) }
      if dictionary.count > 1 { body.append(contentsOf: UnsafeRawBufferPointer(start: dictionary.indexes, count: count)) }
    } else if let raws, cut(texts, count, outOf: raws) {
      body.append(TextColumn.cut.rawValue)
      pack(numbers, count)
      pack(more, count)
    } else {
      body.append(TextColumn.plain.rawValue)
      for row in 0..<count { numbers[row] = Self.length(texts[row]) }
      pack(numbers, count)
      for row in 0..<count where !texts[row].isNull { body.append(contentsOf: texts[row].buffer) }
    }
  }

  /// Leaves in `numbers` the lengths and in `more` the places of texts that all lie in the raw bytes of their rows. False when one does not.
  private func cut(_ texts: UnsafeMutablePointer<ByteView>, _ count: Int, outOf raws: UnsafeMutablePointer<ByteView>) -> Bool {
    for row in 0..<count {
      (numbers[row], more[row]) = (Self.length(texts[row]), 0)
      guard texts[row].count > 0, !texts[row].isNull else { continue }
      guard let start = texts[row].base, let raw = raws[row].base, start >= raw, start + texts[row].count <= raw + raws[row].count else {
        return false
      }
      more[row] = Int32(truncatingIfNeeded: start - raw)
    }
    return true
  }

  private static func length(_ view: ByteView) -> Int32 { view.isNull ? -1 : Int32(clamping: view.count) }
}

/// How a column of texts is written.
enum TextColumn: UInt8 {
  /// `count u8 │ (length i32, bytes)* │ entry u8 a row, unless there is but one`.
  case dictionary
  /// The lengths as numbers, the places in the rows' raw bytes as numbers.
  case cut
  /// The lengths as numbers, then the bytes. A length of -1 is null.
  case plain
}
