internal import Dataflow

/// Writes series of Prometheus as rows of `MetricColumns`, and keeps the books of a decoder's input.
///
/// `begin`, then for every row `series` and one of the `append`s, `fail` for what gives none, then `end`; at last `flush`.
final class MetricRows {
  typealias Text = UnsafeRawBufferPointer

  /// What the rows to come say about their family.
  var family = MetricFamilies.Family() {
    didSet { familyViews = nil }
  }
  /// The exemplars of the next row.
  var exemplars: ArraySlice<RemoteWriteSeries.Exemplar> = []

  private let input: RecordBatch
  private let output: Output
  private let splits: SplitTable
  private var prefixes = OTLPSplitNames()
  private var inputRow = 0
  /// Rows and errors of the present input row.
  private var records = 0

  private var batch: RecordBatch?
  private var columns: MetricColumns?
  private var words: MetricWords?
  private var json: [UInt8] = []

  /// What stands in the memory of the batch that is being filled, for series in a row.
  private var nameView = ByteView.null
  private var familyName: [UInt8]?
  private var familyViews: (unit: ByteView, help: ByteView)?
  private var attributes = ByteView.null
  private var service = ByteView.null
  private var environment = ByteView.null
  private var raw = ByteView.null

  init(_ input: RecordBatch, _ output: Output, _ splits: SplitTable) {
    self.input = input
    self.output = output
    self.splits = splits
  }

  // MARK: The books

  func begin(_ row: Int) {
    inputRow = row
    records = 0
    familyName = nil
  }

  /// The books are kept in records: a request of 80 samples counts as 80 that came in. One without any was left out as one.
  func end() {
    if records == 0 { output.filtered(1) } else { output.counters.received += records - 1 }
  }

  func fail(_ reason: ErrorReason, _ detail: String, raw bytes: Text? = nil) throws {
    let ordinal = records
    records += 1
    guard let bytes else { return try output.fail(input, row: inputRow, reason: reason, detail: detail) }
    let batch = try target()
    let row = appendRow(batch, ordinal)
    batch.raws[row] = Self.view(bytes)
    try output.fail(batch, row: row, reason: reason, detail: detail)
    dropRow(batch, row)
  }

  func flush() throws {
    guard let batch else { return }
    self.batch = nil
    familyViews = nil
    try output.emit(batch)
  }

  // MARK: Series

  /// Looks the family of a series up, unless it was the last one asked for.
  func family(of name: Text, in families: MetricFamilies) {
    if let familyName, familyName.elementsEqual(name) { return }
    familyName = Array(name)
    family = families.family(of: name) ?? MetricFamilies.Family()
  }

  /// The series of the next row, for which there is room from here on. Its labels are sorted, and `name` is one of their values.
  func series(_ labels: [RemoteWriteSeries.Label], _ name: Text, raw: Text) throws {
    let batch = try target()
    self.raw = Self.view(raw)
    nameView = utf8(name, batch)
    service = .null
    environment = .null
    json.removeAll(keepingCapacity: true)
    json.append(UInt8(ascii: "{"))
    for label in labels where !(label.name.first == UInt8(ascii: "_") && label.name.elementsEqual("__name__".utf8)) {
      append(label)
      if label.name.elementsEqual("job".utf8) {
        service = utf8(label.value, batch)
      } else if label.name.elementsEqual("environment".utf8) || label.name.elementsEqual("deployment_environment_name".utf8) {
        environment = utf8(label.value, batch)
      }
    }
    json.append(UInt8(ascii: "}"))
    attributes = json.withUnsafeBufferPointer { batch.copy($0) }
  }

  private func append(_ label: RemoteWriteSeries.Label) {
    if json.count > 1 { json.append(UInt8(ascii: ",")) }
    TextWriter.append(string: label.name.bindMemory(to: UInt8.self), to: &json)
    json.append(UInt8(ascii: ":"))
    TextWriter.append(string: label.value.bindMemory(to: UInt8.self), to: &json)
  }

  // MARK: Rows

  func append(_ sample: RemoteWriteSeries.Sample, _ series: RemoteWriteSeries, created: Int64) throws {
    try append(sample.time, series, created: created) { columns, row in
      if StaleMarker.isOne(sample.value) { columns.flags.set(row, 1) } else { columns.value.set(row, sample.value) }
    }
  }

  func append(_ histogram: RemoteWriteHistogram, _ series: RemoteWriteSeries, created: Int64) throws {
    let buckets = try target().copy(String(decoding: histogram.buckets, as: UTF8.self))
    try append(histogram.time, series, created: created) { columns, row in
      columns.type[row] = self.words?.types[MetricType.exponentialHistogram.rawValue] ?? .null
      columns.buckets[row] = buckets
      columns.count.set(row, histogram.count.flatMap { Int64(exactly: $0.rounded()) })
      if let sum = histogram.sum { if StaleMarker.isOne(sum) { columns.flags.set(row, 1) } else { columns.sum.set(row, sum) } }
    }
  }

  func append(onlyExemplar time: Int64, _ series: RemoteWriteSeries) throws {
    try append(time, series, created: 0) { _, _ in }
  }

  private func append(_ milliseconds: Int64, _ series: RemoteWriteSeries, created: Int64, _ body: (MetricColumns, Int) -> Void) throws {
    let batch = try target()
    let ordinal = records
    records += 1
    let row = appendRow(batch, ordinal)
    batch.raws[row] = raw
    guard let columns, let words else { preconditionFailure("a batch begins before its rows") }
    let (time, isBeyond) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
    guard !isBeyond, TimePolicy.defaultPlausible.contains(time) else {
      try output.fail(
        batch, row: row, reason: "impossible-time", detail: "a sample of \"\(nameView.string)\" is of \(milliseconds) ms")
      return dropRow(batch, row)
    }
    columns.id[row] = OTLPIdentifier.position(prefixes.name(batch.splits[row], splits), batch.offsets[row], Int32(ordinal), batch)
    columns.name[row] = nameView
    columns.type[row] = words.types[family.type.rawValue]
    let views = familyViews ?? (Self.copy(family.unit, batch), Self.copy(family.help, batch))
    familyViews = views
    columns.unit[row] = views.unit
    columns.description[row] = views.help
    switch family.type {
    case .sum, .histogram, .summary: columns.temporality[row] = words.temporalities[2]
    default: break
    }
    if family.type == .sum { columns.isMonotonic.set(row, true) }
    columns.service[row] = service.count > 0 ? service : words.unknown
    columns.environment[row] = environment.count > 0 ? environment : words.unknown
    columns.attributes[row] = attributes
    columns.start.set(row, created > 0 && created < Int64.max / 1_000_000 ? created * 1_000_000 : nil)
    columns.time.set(row, time)
    batch.times[row] = time
    body(columns, row)
    if !exemplars.isEmpty { columns.exemplars[row] = exemplarText(series, batch) }
  }

  /// Exemplars as OTLP writes them, with the ids of traces where labels name them.
  private func exemplarText(_ series: RemoteWriteSeries, _ batch: RecordBatch) -> ByteView {
    json.removeAll(keepingCapacity: true)
    for exemplar in exemplars {
      json.append(UInt8(ascii: json.isEmpty ? "[" : ","))
      json.append(contentsOf: "{\"timeUnixNano\":\"".utf8)
      TextWriter.append(exemplar.sample.time.multipliedReportingOverflow(by: 1_000_000).partialValue, to: &json)
      json.append(contentsOf: "\",\"asDouble\":".utf8)
      TextWriter.append(exemplar.sample.value, to: &json)
      var others: [RemoteWriteSeries.Label] = []
      for label in series.exemplarLabels[exemplar.labels] {
        let isTrace = label.name.elementsEqual("trace_id".utf8)
        guard isTrace || label.name.elementsEqual("span_id".utf8) else {
          others.append(label)
          continue
        }
        json.append(contentsOf: (isTrace ? ",\"traceId\":" : ",\"spanId\":").utf8)
        TextWriter.append(string: label.value.bindMemory(to: UInt8.self), to: &json)
      }
      for (index, label) in others.enumerated() {
        json.append(contentsOf: (index == 0 ? ",\"filteredAttributes\":[{\"key\":" : ",{\"key\":").utf8)
        TextWriter.append(string: label.name.bindMemory(to: UInt8.self), to: &json)
        json.append(contentsOf: ",\"value\":{\"stringValue\":".utf8)
        TextWriter.append(string: label.value.bindMemory(to: UInt8.self), to: &json)
        json.append(contentsOf: "}}".utf8)
      }
      json.append(contentsOf: (others.isEmpty ? "}" : "]}").utf8)
    }
    json.append(UInt8(ascii: "]"))
    return json.withUnsafeBufferPointer { batch.copy($0) }
  }

  // MARK: The batch

  private func target() throws -> RecordBatch {
    if let batch, !batch.isFull { return batch }
    try flush()
    let fresh = RecordBatch(schema: MetricColumns.schema)
    fresh.retainMemory(of: input)
    columns = MetricColumns(fresh)
    words = MetricWords(fresh)
    batch = fresh
    return fresh
  }

  private func appendRow(_ batch: RecordBatch, _ ordinal: Int) -> Int {
    let row = batch.appendRow()
    batch.copyOrigin(row, from: input, inputRow)
    batch.times[row] = RecordBatch.noTime
    batch.ordinals[row] = Int32(truncatingIfNeeded: ordinal)
    return row
  }

  /// Takes the last row back, which was written to in its frame only.
  private func dropRow(_ batch: RecordBatch, _ row: Int) {
    batch.count -= 1
    batch.selectedCount -= 1
  }

  private static func view(_ text: Text) -> ByteView {
    ByteView(base: text.baseAddress?.assumingMemoryBound(to: UInt8.self), count: text.count)
  }

  private static func copy(_ text: [UInt8], _ batch: RecordBatch) -> ByteView {
    text.isEmpty ? .null : text.withUnsafeBufferPointer { batch.copy($0) }
  }

  /// The text where it stands, or a repaired copy when it is no UTF-8.
  private func utf8(_ text: Text, _ batch: RecordBatch) -> ByteView {
    if text.allSatisfy({ $0 < 0x80 }) || String(validating: text, as: UTF8.self) != nil { return Self.view(text) }
    return batch.copy(String(decoding: text, as: UTF8.self))
  }
}

/// The value by which Prometheus says that a series has ended: one of the many that are no number.
enum StaleMarker {
  static func isOne(_ value: Double) -> Bool { value.bitPattern == 0x7FF0_0000_0000_0002 }
}
