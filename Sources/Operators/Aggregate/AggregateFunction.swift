package import Dataflow

/// A running summary of the records of one key and window, kept in a fixed number of bytes of the window's row.
///
/// One object a subtask, no state of its own beyond dictionaries that all rows share. All of them are order-free: the same records give the
/// same result in any order, at any parallelism and after any replay.
package protocol AggregateFunction: AnyObject {
  /// Bytes in the row, a multiple of 8. Zero bytes are the empty summary.
  var payload: Int { get }
  var outputType: ColumnType { get }

  /// Takes records in: `slots[i]` is the summary for row `rows[i]` of the batch.
  func add(
    _ batch: RecordBatch, _ rows: UnsafeBufferPointer<UInt16>, _ slots: UnsafePointer<UnsafeMutableRawPointer>, _ offset: Int,
    _ log: ColdLog)

  /// Takes another summary in, whose variable-length values are in another log.
  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, _ from: UnsafeRawPointer, _ fromLog: ColdLog)

  /// Writes the result into a column.
  func write(_ summary: UnsafeRawPointer, _ log: ColdLog, _ batch: RecordBatch, _ field: Field, _ row: Int)

  /// The text fields whose values a summary keeps as they are: a combiner leaves records alone in which one is longer than `WindowCombiner.textLimit`.
  var texts: [Field] { get }
  /// The most bytes that `encode` appends when no such text is longer than that.
  var encodedLimit: Int { get }
  /// Appends a summary so that another process can take it in: no places in a log, no shared numbers.
  func encode(_ summary: UnsafeRawPointer, _ log: ColdLog, to bytes: inout [UInt8])
  /// Takes in what `encode` wrote. Throws `StateFormatError` for other bytes.
  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, encoded: inout ByteReader) throws

  /// What all rows share, for the checkpoint.
  func snapshotShared() -> [UInt8]
  /// Takes a saved shared part in; answers with how its numbers map to this object's.
  func restoreShared(_ bytes: [UInt8]) throws -> [Int]
  /// Adapts a restored summary: shared numbers map by `mapping`.
  func renumber(_ summary: UnsafeMutableRawPointer, _ mapping: [Int])
}

extension AggregateFunction {
  package var texts: [Field] { [] }
  package func snapshotShared() -> [UInt8] { [] }
  package func restoreShared(_ bytes: [UInt8]) throws -> [Int] { [] }
  package func renumber(_ summary: UnsafeMutableRawPointer, _ mapping: [Int]) {}
}
