/// The records of every `errors` output: what was refused, why, by whom, and where it stood.
public enum ErrorRecords {
  /// The fields of an error record.
  public static let schema: Schema = {
    var schema = Schema()
    for name in ["operator", "reason", "detail", "source"] { schema.append(name, .bytes) }
    schema.append("offset", .int64)
    schema.append("raw", .bytes)
    return schema
  }()
}

/// Collects refused records into batches of `ErrorRecords.schema`.
final class ErrorBatchBuilder {
  private static let fields = ErrorRecords.schema.fields
  private let operatorID: String
  private var batch: RecordBatch?

  init(operatorID: String) { self.operatorID = operatorID }

  /// Returns true when the batch is full.
  func append(_ source: RecordBatch, _ row: Int, _ reason: ErrorReason, _ detail: String) -> Bool {
    let target = batch ?? RecordBatch(schema: ErrorRecords.schema)
    batch = target
    target.retainMemory(of: source)
    let index = target.appendRow()
    target.copyOrigin(index, from: source, row)
    let fields = Self.fields
    target.bytes(fields[0])[index] = target.copy(operatorID)
    target.bytes(fields[1])[index] = target.copy(reason.rawValue)
    target.bytes(fields[2])[index] = target.copy(detail)
    target.bytes(fields[3])[index] = .null  // the name of the split: resolved where the record is written
    target.int64s(fields[4])[index] = source.offsets[row]
    target.nulls(fields[4])[index] = 0
    target.bytes(fields[5])[index] = source.raws[row]
    return target.isFull
  }

  func take() -> RecordBatch? {
    defer { batch = nil }
    return batch
  }
}
