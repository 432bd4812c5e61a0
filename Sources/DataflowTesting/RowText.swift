public import Dataflow

/// Values of a batch as text, for comparing what came out with what should have.
public enum RowText {
  /// The value of a field, "null" for null.
  public static func of(_ batch: RecordBatch, _ field: Field, _ row: Int) -> String {
    if batch.isNull(field, row) { return "null" }
    return switch field.type {
    case .bytes, .vector: batch.bytes(field)[row].string
    case .bool: "\(batch.bools(field)[row])"
    case .double: "\(batch.doubles(field)[row])"
    case .int64, .time: "\(batch.int64s(field)[row])"
    }
  }

  /// Every alive row with its event time, `time|field=value|…`, in the order of the selection.
  public static func rows(_ batch: RecordBatch, _ schema: Schema) -> [String] {
    (0..<batch.selectedCount).map { i in
      let row = Int(batch.selection[i])
      return (["\(batch.times[row])"] + schema.fields.map { "\($0.name)=\(of(batch, $0, row))" }).joined(separator: "|")
    }
  }
}
