internal import Dataflow

/// Encodes rows as records into the stage.
final class TopicSinkWriter<Encoder: TopicEncoder>: SinkWriter {
  private let layout: TopicSinkLayout
  private var encoder: Encoder
  private var splits = SplitTable()
  private var stage: [UInt8] = []
  private var rows = 0

  init(_ layout: TopicSinkLayout, _ encoder: Encoder) {
    self.layout = layout
    self.encoder = encoder
  }

  func open(_ context: OperatorContext) {
    splits = context.splits
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    if let source = layout.splitName { name(source, batch) }
    // Taken out of the object while it is written to: a class's stored value is checked for exclusive access at every touch.
    var (stage, encoder) = (self.stage, self.encoder)
    self.stage = []
    defer { (self.stage, self.encoder) = (stage, encoder) }
    if stage.isEmpty { stage = TopicStage.signature }
    var taken = 0
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      let mark = stage.count
      if let fault = try append(batch, row, &encoder, to: &stage) {
        stage.removeLast(stage.count - mark)
        try output.fail(batch, row: row, reason: fault.reason, detail: fault.detail)
      } else {
        taken += 1
      }
    }
    rows += taken
    output.absorb(taken)
  }

  private func append(_ batch: RecordBatch, _ row: Int, _ encoder: inout Encoder, to stage: inout [UInt8]) throws -> TopicRowFault? {
    let time = layout.timestamp.map { batch.isNull($0, row) ? RecordBatch.noTime : batch.int64s($0)[row] } ?? batch.times[row]
    let key = layout.key.map { TopicSinkLayout.text(batch, $0, row) } ?? .null
    let start = TopicRecord.begin(timestamp: time, key: key, to: &stage)
    let value = stage.count
    if let fault = encoder.append(batch, row, to: &stage) { return fault }
    var count = encoder.isNull(batch, row) ? -1 : stage.count - value
    var headers = layout.headers.count
    var reference: [UInt8]?
    if let oversized = layout.oversized, count > oversized.above {
      reference = try oversized.keep(Array(stage[value...]))
      stage.removeLast(count)
      (count, headers) = (0, headers + 1)
    }
    for header in layout.headers { TopicRecord.append(header: header.name, TopicSinkLayout.text(batch, header.field, row), to: &stage) }
    if let reference {
      reference.withUnsafeBufferPointer {
        TopicRecord.append(header: Array(OversizedValues.header.utf8), ByteView(base: $0.baseAddress, count: $0.count), to: &stage)
      }
    }
    guard stage.count - start <= layout.recordBytes else {
      return TopicRowFault(
        reason: "record-too-large", detail: "\(stage.count - start) bytes; a record of this topic has at most \(layout.recordBytes)")
    }
    TopicRecord.finish(start, valueCount: count, headers: headers, in: &stage)
    return nil
  }

  /// Error records say in `source` which split they came from: only where they leave the job the table of names is at hand.
  private func name(_ source: Field, _ batch: RecordBatch) {
    let column = batch.bytes(source)
    var names: [UInt32: ByteView] = [:]
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      guard column[row].isNull else { continue }
      let split = batch.splits[row]
      let name = names[split] ?? batch.copy(splits.name(split))
      names[split] = name
      column[row] = name
    }
  }

  func takeStage() -> (bytes: [UInt8], rows: Int) {
    defer {
      stage = []
      rows = 0
    }
    return (stage, rows)
  }
}

/// Which fields of a row become which parts of a record, besides its value.
struct TopicSinkLayout: Sendable {
  var key: Field?
  /// Nil: the record's event time.
  var timestamp: Field?
  var headers: [(name: [UInt8], field: Field)] = []
  /// The column `source` of error records.
  var splitName: Field?
  /// Bytes that a record may have.
  var recordBytes = TopicLimits.recordBytes
  /// What becomes of long values; nil when they go into the topic.
  var oversized: OversizedValues?

  /// A field as text for keys and headers: bytes as they are, numbers in decimal, times as RFC 3339.
  static func text(_ batch: RecordBatch, _ field: Field, _ row: Int) -> ByteView {
    if field.type == .bytes { return batch.bytes(field)[row] }
    if batch.isNull(field, row) { return .null }
    var text: [UInt8] = []
    switch field.type {
    case .int64: TextWriter.append(batch.int64s(field)[row], to: &text)
    case .double: TextWriter.append(batch.doubles(field)[row], to: &text)
    case .bool: text.append(contentsOf: (batch.bools(field)[row] ? "true" : "false").utf8)
    case .time: TextWriter.append(time: batch.int64s(field)[row], to: &text)
    case .bytes, .vector: return batch.bytes(field)[row]
    }
    return text.withUnsafeBufferPointer { batch.copy($0) }
  }
}
