import Connectors
import Dataflow
import Testing

/// A decoder fed with lines; keeps what it hands on as text.
final class OTLPRun: Output {
  static let lines = Schema([("line", .bytes)])
  static let line = lines.fields[0]

  private let decoder: any Operator
  private let schema: Schema
  let splits: SplitTable
  private var offset: Int64 = 0

  /// One dictionary a row: the fields that are not null, and `#raw`, `#time`, `#ordinal`, `#offset` from the row itself.
  private(set) var rows: [[String: String]] = []
  /// "reason: detail", one an error.
  private(set) var errors: [String] = []
  private(set) var errorRaws: [String] = []
  private(set) var batches = 0

  init(traces: Bool = false) {
    let splits = SplitTable()
    _ = splits.register("first.jsonl")
    _ = splits.register("telemetry.jsonl")
    self.splits = splits
    if traces {
      decoder = DecodeOTLPSpans(line: Self.line)
      schema = DecodeOTLPSpans.schema
    } else {
      decoder = DecodeOTLPLogs(line: Self.line, splits: splits)
      schema = DecodeOTLPLogs.schema
    }
    super.init(operatorID: "telemetry", onError: .route)
  }

  /// Feeds the lines as one batch, as the runtime does, and checks the books. A nil line is null.
  @discardableResult
  func feed(_ lines: [String?]) throws -> Self {
    let batch = RecordBatch(schema: Self.lines)
    for line in lines {
      let row = batch.appendRow()
      batch.bytes(Self.line)[row] = line.map { batch.copy($0) } ?? .null
      batch.raws[row] = batch.bytes(Self.line)[row]
      batch.offsets[row] = offset
      batch.splits[row] = 1
      offset += Int64(line?.utf8.count ?? 0) + 1
    }
    return try feed(batch)
  }

  @discardableResult
  func feed(_ batch: RecordBatch) throws -> Self {
    counters.received += batch.selectedCount
    try decoder.process(batch, self)
    try flushErrors()
    #expect(counters.imbalance == 0)
    return self
  }

  @discardableResult
  func feed(_ line: String) throws -> Self { try feed([line]) }

  /// What each row holds; off for large runs.
  var keepsRows = true
  var onBatch: (RecordBatch) -> Void = { _ in }

  override func deliver(_ batch: RecordBatch) {
    batches += 1
    onBatch(batch)
    guard keepsRows else { return }
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      var values: [String: String] = [
        "#raw": batch.raws[row].string, "#time": "\(batch.times[row])", "#ordinal": "\(batch.ordinals[row])",
        "#offset": "\(batch.offsets[row])",
      ]
      for field in schema.fields where !batch.isNull(field, row) {
        values[field.name] = field.type == .bytes ? batch.bytes(field)[row].string : "\(batch.int64s(field)[row])"
      }
      rows.append(values)
    }
  }

  override func deliver(_ batch: RecordBatch, to side: SideOutput) {
    let fields = ErrorRecords.schema.fields
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      errors.append("\(batch.bytes(fields[1])[row].string): \(batch.bytes(fields[2])[row].string)")
      errorRaws.append(batch.bytes(fields[5])[row].string)
    }
  }
}
