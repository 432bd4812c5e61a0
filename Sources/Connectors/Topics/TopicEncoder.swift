internal import Dataflow

/// Makes a record's value of a row. One format each; the writer is specialised for it, so that a row costs no dynamic call.
protocol TopicEncoder {
  /// Appends the value's bytes. O(bytes).
  ///
  /// - Returns: nil when the value is written, or what is wrong with the row: nothing of it may be left in `output` then.
  mutating func append(_ batch: RecordBatch, _ row: Int, to output: inout [UInt8]) -> TopicRowFault?
  /// Whether the value of the row is null rather than empty.
  func isNull(_ batch: RecordBatch, _ row: Int) -> Bool
}

extension TopicEncoder {
  func isNull(_ batch: RecordBatch, _ row: Int) -> Bool { false }
}

/// Why a row cannot be sent.
struct TopicRowFault {
  var reason: ErrorReason
  var detail: String
}

/// The value is one field's bytes, as they are.
struct RawTopicEncoder: TopicEncoder {
  let field: Field

  mutating func append(_ batch: RecordBatch, _ row: Int, to output: inout [UInt8]) -> TopicRowFault? {
    output.append(contentsOf: batch.bytes(field)[row].buffer)
    return nil
  }

  func isNull(_ batch: RecordBatch, _ row: Int) -> Bool { batch.bytes(field)[row].isNull }
}

/// The value is a JSON object with all fields of the row.
struct JSONTopicEncoder: TopicEncoder {
  let encoder: JSONRowEncoder

  mutating func append(_ batch: RecordBatch, _ row: Int, to output: inout [UInt8]) -> TopicRowFault? {
    encoder.append(batch, row, to: &output)
    return nil
  }
}
