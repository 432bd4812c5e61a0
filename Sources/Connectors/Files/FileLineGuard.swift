internal import Dataflow

/// Turns lines that the file source refused into errors of their operator, with the reason that the source gave.
///
/// - Output: the other lines, as they came.
final class FileLineGuard: Operator {
  private let detail: String

  init(maxLineBytes: Int) {
    detail = "longer than \(maxLineBytes) bytes"
  }

  static func planned(_ options: FileSourceOptions) -> PlannedOperator {
    let maxLineBytes = options.maxLineBytes
    // Downstream sees the line only.
    let schema = LineColumns.schema.selecting([(LineColumns.line, LineColumns.line.name)])
    return PlannedOperator(schema: schema) { FileLineGuard(maxLineBytes: maxLineBytes) }
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    let errors = batch.bytes(LineColumns.error)
    try batch.filterSelection { row in
      guard !errors[row].isNull else { return true }
      try output.fail(batch, row: row, reason: ErrorReason(rawValue: errors[row].string), detail: detail)
      return false
    }
    try output.emit(batch)
  }
}
