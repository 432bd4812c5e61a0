import Connectors
import Dataflow
import Testing

/// What an operator handed over for a checkpoint, as bytes.
enum TestSections {
  static func bytes(_ builder: SnapshotBuilder) throws -> [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    for (name, content) in builder.sections {
      switch content {
      case .bytes(let bytes): result[name] = bytes
      case .lazy(let section): try section.encode(full: true) { result[name, default: []] += Array($0) }
      }
    }
    return result
  }
}

/// A decoder of metrics fed with requests; keeps what it hands on, and checks the books after every batch.
final class MetricRun: Output {
  static let requests = Schema([("value", .bytes)])
  static let request = requests.fields[0]
  static let schema = DecodeOTLPMetrics.schema

  let decoder: any Operator
  /// One dictionary a row: the fields that are not null.
  private(set) var rows: [[String: String]] = []
  /// "reason: detail", one an error.
  private(set) var errors: [String] = []
  private var offset: Int64 = 0

  init(_ decoder: any Operator) {
    self.decoder = decoder
    super.init(operatorID: "metrics", onError: .route)
  }

  static func remoteWrite() throws -> MetricRun {
    let splits = SplitTable()
    _ = splits.register("spool")
    return MetricRun(DecodeRemoteWrite(request: request, splits: splits))
  }

  static func otlp() throws -> MetricRun {
    let splits = SplitTable()
    _ = splits.register("spool")
    return MetricRun(DecodeOTLPMetrics(line: request, splits: splits))
  }

  @discardableResult
  func feed(_ requests: [[UInt8]]) throws -> Self {
    let batch = RecordBatch(schema: Self.requests)
    for bytes in requests {
      let row = batch.appendRow()
      batch.bytes(Self.request)[row] = bytes.withUnsafeBufferPointer { batch.copy($0) }
      batch.raws[row] = batch.bytes(Self.request)[row]
      batch.offsets[row] = offset
      offset += 1
    }
    counters.received += batch.selectedCount
    try decoder.process(batch, self)
    try flushErrors()
    #expect(counters.imbalance == 0)
    return self
  }

  @discardableResult
  func feed(_ text: String) throws -> Self { try feed([Array(text.utf8)]) }

  override func deliver(_ batch: RecordBatch) {
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      var values: [String: String] = [:]
      for field in Self.schema.fields where !batch.isNull(field, row) {
        switch field.type {
        case .double: values[field.name] = "\(batch.doubles(field)[row])"
        case .bool: values[field.name] = "\(batch.bools(field)[row])"
        case .int64, .time: values[field.name] = "\(batch.int64s(field)[row])"
        default: values[field.name] = batch.bytes(field)[row].string
        }
      }
      rows.append(values)
    }
  }

  override func deliver(_ batch: RecordBatch, to side: SideOutput) {
    let fields = ErrorRecords.schema.fields
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      errors.append("\(batch.bytes(fields[1])[row].string): \(batch.bytes(fields[2])[row].string)")
    }
  }
}
