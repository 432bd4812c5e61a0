internal import Dataflow
internal import Postgres

/// Encodes rows as the tuples of a binary COPY, one after the other in one growing run of bytes.
///
/// ```
/// signature, once │ int16 fields │ int32 length (-1: NULL), bytes │ … │ next row
/// ```
/// Numbers are big-endian; times are microseconds since 2000, rounded down.
struct RowEncoder {
  /// Values that were no storable text and were repaired.
  private(set) var repaired = 0
  /// Rows since the last `take`.
  private(set) var rows = 0

  private let columns: [TablePlan.Column]
  private let signature: [UInt8]
  /// The column that is filled with the name of the row's split when it is null.
  private let splitColumn: Int?
  /// Names of splits by index, storable.
  private var splitNames: [[UInt8]?] = []
  /// Bytes up to `used` are rows; the rest is room.
  private var bytes: [UInt8] = []
  private var used = 0

  init(_ plan: TablePlan, splitColumn: Int? = nil) {
    columns = plan.columns
    signature = plan.signature
    self.splitColumn = splitColumn
  }

  /// Adds the alive rows of the batch. O(their bytes).
  mutating func append(_ batch: RecordBatch, splits: SplitTable) {
    guard batch.selectedCount > 0 else { return }
    if let splitColumn { learnNames(batch, columns[splitColumn].field, splits) }
    withUnsafeTemporaryAllocation(of: Cursor.self, capacity: columns.count) { cursors in
      var bound = batch.selectedCount * 2
      for (index, column) in columns.enumerated() {
        var cursor = Cursor(column, batch, fillsSplit: index == splitColumn)
        bound += cursor.measure(batch, splitNames)
        cursors.initializeElement(at: index, to: cursor)
      }
      reserve(bound)
      bytes.withUnsafeMutableBytes { buffer in
        // `reserve` made it non-empty.
        var out = Tuples(base: buffer.baseAddress!, at: used)
        for i in 0..<batch.selectedCount {
          let row = Int(batch.selection[i])
          out.put(Int16(cursors.count))
          for cursor in cursors { cursor.encode(row, batch, splitNames, &out, &repaired) }
        }
        used = out.at
      }
    }
    rows += batch.selectedCount
  }

  /// Hands over what was encoded and starts anew; empty when there were no rows.
  mutating func take() -> (bytes: [UInt8], rows: Int) {
    bytes.removeLast(bytes.count - used)
    defer {
      bytes = []
      used = 0
      rows = 0
    }
    return (bytes, rows)
  }

  private mutating func reserve(_ count: Int) {
    if used == 0 {
      bytes = signature
      used = signature.count
    }
    guard used + count > bytes.count else { return }
    let target = max(used + count, bytes.count * 2)
    bytes.reserveCapacity(target)
    bytes.append(contentsOf: repeatElement(0, count: target - bytes.count))
  }

  private mutating func learnNames(_ batch: RecordBatch, _ field: Field, _ splits: SplitTable) {
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      let split = Int(batch.splits[row])
      guard batch.bytes(field)[row].isNull, split >= splitNames.count || splitNames[split] == nil else { continue }
      while splitNames.count <= split { splitNames.append(nil) }
      splitNames[split] = Array(splits.name(batch.splits[row]).utf8).filter { $0 != 0 }
    }
  }
}

/// A column of the batch at hand. Holds no references: it is copied for every value.
private struct Cursor: BitwiseCopyable {
  let wire: WireType
  let fillsSplit: Bool
  /// No text of this batch needs repair.
  var isClean = true
  let values: UnsafeRawPointer
  /// For numbers, times and truth values.
  let nulls: UnsafePointer<UInt8>?

  init(_ column: TablePlan.Column, _ batch: RecordBatch, fillsSplit: Bool) {
    wire = column.wire
    self.fillsSplit = fillsSplit
    switch wire {
    case .text, .bytea, .vector:
      values = UnsafeRawPointer(batch.bytes(column.field))
      nulls = nil
    case .int64, .time, .double, .bool:
      // One address whatever the type: `int64s` only says how to read it.
      values = UnsafeRawPointer(batch.int64s(column.field))
      nulls = UnsafePointer(batch.nulls(column.field))
    }
  }

  @inline(__always)
  private func value<Value: BitwiseCopyable>(_ row: Int, as type: Value.Type) -> Value {
    values.load(fromByteOffset: row &* MemoryLayout<Value>.stride, as: type)
  }

  /// The most bytes that the batch's values can take.
  mutating func measure(_ batch: RecordBatch, _ splitNames: [[UInt8]?]) -> Int {
    let rows = batch.selectedCount
    switch wire {
    case .int64, .double, .time: return rows * 12
    case .bool: return rows * 5
    case .text, .bytea, .vector: break
    }
    var total = 0
    for i in 0..<rows {
      let row = Int(batch.selection[i])
      let view = value(row, as: ByteView.self)
      guard let base = view.base else {
        if fillsSplit { total += splitNames[Int(batch.splits[row])]?.count ?? 0 }
        continue
      }
      total += view.count
      if wire == .text, isClean, !StorableText.isStorable(base, view.count) { isClean = false }
    }
    switch wire {
    case .vector: return rows * 24 + total * 2
    case .text where !isClean: return rows * 4 + total * 3
    default: return rows * 4 + total
    }
  }

  @inline(__always)
  func encode(_ row: Int, _ batch: RecordBatch, _ splitNames: [[UInt8]?], _ out: inout Tuples, _ repaired: inout Int) {
    if let nulls, nulls[row] != 0 { return out.putNull() }
    switch wire {
    case .int64, .double: out.put(eight: value(row, as: UInt64.self))
    case .time: out.put(eight: UInt64(bitPattern: PostgresTime.micros(value(row, as: Int64.self))))
    case .bool: out.put(one: value(row, as: UInt8.self))
    case .vector: out.put(floats: value(row, as: ByteView.self))
    case .text, .bytea:
      let view = value(row, as: ByteView.self)
      guard let base = view.base else {
        guard fillsSplit, let name = splitNames[Int(batch.splits[row])] else { return out.putNull() }
        name.withUnsafeBufferPointer { out.put($0) }
        return
      }
      if isClean || StorableText.isStorable(base, view.count) {
        out.put(view.buffer)
      } else {
        out.put(repairing: base, view.count)
        repaired += 1
      }
    }
  }
}
