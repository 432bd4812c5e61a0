internal import Dataflow

/// The row of one key in a pane: `KeyHash` (16 bytes), the key's values in the log (offset 8, length 4), a changed flag (4), then each aggregate's summary.
struct WindowLayout {
  static let keyPlace = 16
  static let keyLength = 24
  static let changed = 28
  static let firstSummary = 32

  let keys: [Field]
  let functions: [any AggregateFunction]
  /// Where each summary begins in the row.
  let offsets: [Int]
  /// Bytes of a row without the 16 of the key hash.
  let payload: Int

  init(_ keys: [Field], _ functions: [any AggregateFunction]) {
    self.keys = keys
    self.functions = functions
    var next = Self.firstSummary
    var offsets: [Int] = []
    for function in functions {
      offsets.append(next)
      next += function.payload
    }
    self.offsets = offsets
    payload = next - 16
  }

  /// Writes the key's values into the log and their place into a fresh row.
  func initialize(_ row: UnsafeMutableRawPointer, _ batch: RecordBatch, _ index: Int, _ log: ColdLog) {
    var bytes: [UInt8] = []
    for field in keys {
      switch field.type {
      case .bytes, .vector:
        bytes.append(view: batch.bytes(field)[index])
      case .bool:
        bytes.append(batch.nulls(field)[index] != 0 ? 2 : batch.bools(field)[index] ? 1 : 0)
      case .int64, .double, .time:
        bytes.append(batch.nulls(field)[index] != 0 ? 0 : 1)
        bytes.append(integer: batch.int64s(field)[index])
      }
    }
    setKey(row, log.append(bytes), bytes.count)
  }

  func setKey(_ row: UnsafeMutableRawPointer, _ place: Int, _ length: Int) {
    row.storeBytes(of: Int64(place), toByteOffset: Self.keyPlace, as: Int64.self)
    row.storeBytes(of: UInt32(length), toByteOffset: Self.keyLength, as: UInt32.self)
  }

  func key(_ row: UnsafeRawPointer, _ log: ColdLog) -> ByteView {
    log.view(Int(row.load(fromByteOffset: Self.keyPlace, as: Int64.self)), Int(row.load(fromByteOffset: Self.keyLength, as: UInt32.self)))
  }

  /// Writes the key's values into the first columns of a result row.
  func writeKey(_ row: UnsafeRawPointer, _ log: ColdLog, _ batch: RecordBatch, _ outputs: [Field], _ index: Int) {
    // The log holds what `initialize` wrote, so the reader cannot run out of bytes.
    var rest = UnsafeRawBufferPointer(key(row, log).buffer)
    func take(_ count: Int) -> UnsafeRawBufferPointer {
      defer { rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count)) }
      return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
    }
    for output in outputs.prefix(keys.count) {
      switch output.type {
      case .bytes, .vector:
        let count = take(4).loadUnaligned(as: UInt32.self)
        batch.bytes(output)[index] = count == .max ? .null : batch.copy(take(Int(count)).bindMemory(to: UInt8.self))
      case .bool:
        let value = take(1)[0]
        batch.bools(output)[index] = value == 1
        batch.nulls(output)[index] = value == 2 ? 1 : 0
      case .int64, .double, .time:
        batch.nulls(output)[index] = take(1)[0] == 0 ? 1 : 0
        batch.int64s(output)[index] = take(8).loadUnaligned(as: Int64.self)
      }
    }
  }

  /// Merges a row into another of the same key, in another log.
  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, _ from: UnsafeRawPointer, _ fromLog: ColdLog, isNew: Bool) {
    if isNew {
      let key = key(from, fromLog)
      setKey(into, log.append(key.base, key.count), key.count)
    }
    for (function, offset) in zip(functions, offsets) { function.merge(into + offset, log, from + offset, fromLog) }
  }

  // MARK: Checkpoint

  func snapshotShared() -> [UInt8] {
    var bytes: [UInt8] = []
    for function in functions { bytes.append(counted: function.snapshotShared()) }
    return bytes
  }

  /// Per aggregate, how a former subtask's shared numbers map to this one's.
  func restoreShared(_ bytes: [UInt8]) throws -> [[Int]] {
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      return try functions.map { try $0.restoreShared(try reader.counted()) }
    }
  }

  /// Adapts a restored row to this subtask's shared numbers.
  func renumber(_ row: UnsafeMutableRawPointer, _ mappings: [[Int]]) {
    for i in functions.indices { functions[i].renumber(row + offsets[i], mappings[i]) }
  }
}
