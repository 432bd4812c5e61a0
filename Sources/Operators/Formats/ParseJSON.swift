public import Dataflow

/// Turns one JSON document a record into columns.
///
/// - Input: a bytes field with a document, `line` by default.
/// - Output: the input's fields (or those that `keep` names) and one field for each entry of `fields`, null where the document lacks it.
/// - Errors: `missing-field` (the input is null, or a wanted value is absent under `onMissing: fail`), `malformed-json` with the byte at
///   fault, `wrong-type` with the field and its type. No detail ever shows what the record holds.
/// - State: none. Complexity: O(bytes), no copies but of strings with escapes.
public final class ParseJSON: Operator {
  private let input: Field
  private let schema: Schema
  private let outputs: [Field]
  private let scanner: JSONScanner
  private let failsOnMissing: Bool

  /// - Parameters:
  ///   - input: the bytes field that holds the document.
  ///   - projection: what to take out of it.
  ///   - outputs: where each value goes: columns of `schema`, as many as the projection has fields.
  ///   - failsOnMissing: whether a record that lacks a value is an error.
  public init(input: Field, projection: JSONProjection, outputs: [Field], schema: Schema, failsOnMissing: Bool = false) {
    self.input = input
    self.schema = schema
    self.outputs = outputs
    self.failsOnMissing = failsOnMissing
    scanner = JSONScanner(projection)
  }

  /// Reads the document of each alive row; rows that cannot be read leave the selection.
  public func process(_ batch: RecordBatch, _ output: Output) throws {
    batch.extend(to: schema)
    scanner.bind(batch, outputs)
    let lines = batch.bytes(input)
    let selection = batch.selection
    var kept = 0
    for index in 0..<batch.selectedCount {
      let row = Int(selection[index])
      let line = lines[row]
      let outcome = line.isNull ? nil : scanner.scan(line.buffer, row: row, of: batch)
      if outcome == .record, !failsOnMissing || missing(batch, row) == nil {
        selection[kept] = UInt16(truncatingIfNeeded: row)
        kept += 1
      } else {
        try refuse(batch, row, outcome, output)
      }
    }
    batch.selectedCount = kept
    try output.emit(batch)
  }

  /// The first wanted value that the record lacks.
  private func missing(_ batch: RecordBatch, _ row: Int) -> Field? {
    outputs.first { batch.isNull($0, row) }
  }

  private func refuse(_ batch: RecordBatch, _ row: Int, _ outcome: JSONScanner.Outcome?, _ output: Output) throws {
    let reason: ErrorReason =
      switch outcome {
      case nil, .record: "missing-field"
      case .malformed: "malformed-json"
      case .wrongType, .notAnObject: "wrong-type"
      }
    // Nobody reads the details of what is dropped, and broken records come by the thousand.
    try output.fail(batch, row: row, reason: reason, detail: output.onError == .drop ? "" : detail(batch, row, outcome))
  }

  private func detail(_ batch: RecordBatch, _ row: Int, _ outcome: JSONScanner.Outcome?) -> String {
    switch outcome {
    case nil: "\"\(input.name)\" is null"
    case .record: "the document has no \"\(missing(batch, row)?.name ?? "")\""
    case .malformed(let position): "at byte \(position)"
    case .wrongType(let field): "\"\(outputs[field].name)\" expects \(scanner.projection.fields[field].type.rawValue)"
    case .notAnObject: "the document is not an object"
    }
  }
}
