internal import Dataflow

/// What turns one log record or span into one row.
protocol OTLPRecordWriter {
  /// The three nested lists of a request, in JSON's spelling and in that of the protocol's definition.
  static var resources: (StaticString, StaticString) { get }
  static var scopes: (StaticString, StaticString) { get }
  static var records: (StaticString, StaticString) { get }
  /// The fields of the rows.
  static var schema: Schema { get }

  /// Writes the record that begins at `index` of the text into the row, whose origin and null columns are set; leaves `index` behind it.
  ///
  /// - Returns: why the record is refused, or nil.
  mutating func write(_ index: inout Int, _ text: OTLPText, _ context: inout OTLPContext, _ row: Int, of batch: RecordBatch) -> OTLPRefusal?

  /// A fresh batch: what was kept in the memory of the last one is gone.
  mutating func begin(_ batch: RecordBatch)

  /// Looks at an item of the innermost list: is it a record, or what several records share? Called again for every batch that gets some of them.
  mutating func enter(_ item: Int, _ text: OTLPText, _ batch: RecordBatch) throws(OTLPRefusal) -> OTLPItem
}

extension OTLPRecordWriter {
  /// It is a record.
  mutating func enter(_ item: Int, _ text: OTLPText, _ batch: RecordBatch) throws(OTLPRefusal) -> OTLPItem { .record }
}

/// What an item of the innermost list holds.
enum OTLPItem {
  case record
  /// A list of records, which stands at this index.
  case records(Int)
  case nothing
}

/// Why a record becomes an error.
struct OTLPRefusal: Error {
  var reason: ErrorReason
  var detail: String

  static let attributes = OTLPRefusal(reason: "wrong-type", detail: "attributes is not a list of keys and values")
}

/// Takes lines with one request each apart into rows, one a record. One line may fill several batches, and one batch hold several lines.
///
/// A line is checked as a whole before its first record is handed on: one that is no JSON gives one error and no records.
final class OTLPLines<Writer: OTLPRecordWriter> {
  private let text = OTLPText()
  private var writer: Writer
  private var context = OTLPContext()
  private let line: Field

  /// The batch that is being filled.
  private var rows: RecordBatch?
  /// Records of the present line, good or not.
  private var records = 0

  init(_ line: Field, _ writer: Writer) {
    self.line = line
    self.writer = writer
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    let lines = batch.bytes(line)
    defer { rows = nil }
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      guard !lines[row].isNull else {
        try output.fail(batch, row: row, reason: "missing-field", detail: "\"\(line.name)\" is null")
        continue
      }
      if let position = text.load(lines[row].buffer) {
        try output.fail(batch, row: row, reason: "malformed-json", detail: "at byte \(position)")
        continue
      }
      records = 0
      let place = Place(input: batch, row: row, output: output)
      guard try request(place) else {
        try output.fail(batch, row: row, reason: "wrong-type", detail: "the line is not an OTLP request")
        continue
      }
      // The books are kept in records: a line of 80 records counts as 80 that came in. One without any was left out as a line.
      if records == 0 { output.filtered(1) } else { output.counters.received += records - 1 }
    }
    try flush(output)
  }

  /// The line that is being taken apart, and where its records go.
  private struct Place {
    let input: RecordBatch
    let row: Int
    let output: Output
  }

  // MARK: The three levels

  /// False when the text is no request of any signal; nothing has been handed on then. Those of other signals hold no records of this one.
  private func request(_ place: Place) throws -> Bool {
    guard var index = text.object(text.root) else { return false }
    var members = 0
    var isKnown = false
    while let member = text.next(&index) {
      members += 1
      if member.is(Writer.resources.0, Writer.resources.1) {
        isKnown = true
        try forEachItem(member.value, &index, Writer.resources.0, place) { try resource(&$0, place) }
      } else {
        isKnown =
          isKnown || member.is("resourceLogs", "resource_logs") || member.is("resourceSpans", "resource_spans")
          || member.is("resourceMetrics", "resource_metrics") || member.is("resourceProfiles", "resource_profiles")
        index = text.end(of: member.value)
      }
    }
    return isKnown || members == 0
  }

  private func resource(_ index: inout Int, _ place: Place) throws {
    var parts = OTLPContext.Parts()
    (parts.resource, parts.resourceSchema) = text.heading("resource", Writer.scopes, in: index)
    try level(Writer.scopes, &index, place) { try scope(&$0, parts, place) }
  }

  private func scope(_ index: inout Int, _ outer: OTLPContext.Parts, _ place: Place) throws {
    var parts = outer
    (parts.scope, parts.scopeSchema) = text.heading("scope", Writer.records, in: index)
    guard context.load(text, parts, target(place)) else {
      try refuse("the attributes of a resource or scope are not a list", place)
      index = text.end(of: index)
      return
    }
    try level(Writer.records, &index, place) { index in
      try makeRoom(parts, place)
      let item: OTLPItem
      do throws(OTLPRefusal) {
        item = try writer.enter(index, text, target(place))
      } catch {
        try refuse(error, place)
        item = .nothing
      }
      switch item {
      case .record: try record(&index, place)
      case .records(let list): try records(list, of: &index, parts, place)
      case .nothing: index = text.end(of: index)
      }
    }
  }

  /// The records of an item that holds several, which `index` is left behind.
  private func records(_ list: Int, of index: inout Int, _ parts: OTLPContext.Parts, _ place: Place) throws {
    let item = index
    index = list
    try forEachItem(list, &index, "the data of a metric", place) { index in
      if try makeRoom(parts, place) { _ = try? writer.enter(item, text, target(place)) }
      try record(&index, place)
    }
    index = text.end(of: item)
  }

  /// A batch that is full leaves; then what records share is loaded into the next one, and the answer is true. It was good a moment ago.
  @discardableResult
  private func makeRoom(_ parts: OTLPContext.Parts, _ place: Place) throws -> Bool {
    guard target(place).isFull else { return false }
    try flush(place.output)
    _ = context.load(text, parts, target(place))
    return true
  }

  private func record(_ index: inout Int, _ place: Place) throws {
    let batch = target(place)
    guard text.object(index) != nil else {
      try refuse("a record is not an object", place)
      index = text.end(of: index)
      return
    }
    let row = batch.appendRow()
    batch.copyOrigin(row, from: place.input, place.row)
    batch.times[row] = RecordBatch.noTime
    batch.ordinals[row] = Int32(truncatingIfNeeded: records)
    records += 1
    let start = index
    let refusal = writer.write(&index, text, &context, row, of: batch)
    batch.raws[row] = text.view(start..<index)
    if let refusal {
      try place.output.fail(batch, row: row, reason: refusal.reason, detail: refusal.detail)
      batch.count -= 1
      batch.selectedCount -= 1
      // A fresh row is null; the next record gets this one.
      for field in Writer.schema.fields {
        if field.type == .bytes { batch.bytes(field)[row] = .null } else { batch.nulls(field)[row] = 1 }
      }
    }
  }

  // MARK: Helpers

  /// Walks the list of the next level inside the object at `index`, which it leaves behind the object.
  private func level(
    _ name: (StaticString, StaticString), _ index: inout Int, _ place: Place, _ body: (inout Int) throws -> Void
  ) throws {
    guard let start = text.object(index) else {
      try refuse("an item above \(name.0) is not an object", place)
      index = text.end(of: index)
      return
    }
    index = start
    while let member = text.next(&index) {
      if member.is(name.0, name.1) {
        try forEachItem(member.value, &index, name.0, place, body)
      } else {
        index = text.end(of: member.value)
      }
    }
  }

  private func forEachItem(
    _ list: Int, _ index: inout Int, _ name: StaticString, _ place: Place, _ body: (inout Int) throws -> Void
  ) throws {
    guard let start = text.array(list) else {
      if !text.isNull(list) { try refuse("\(name) is not a list", place) }
      index = text.end(of: list)
      return
    }
    index = start
    while text.nextItem(&index) != nil { try body(&index) }
  }

  /// Something that should hold records is of another type: one error, as nobody knows how many.
  private func refuse(_ detail: String, _ place: Place) throws {
    try refuse(OTLPRefusal(reason: "wrong-type", detail: detail), place)
  }

  private func refuse(_ refusal: OTLPRefusal, _ place: Place) throws {
    records += 1
    try place.output.fail(place.input, row: place.row, reason: refusal.reason, detail: refusal.detail)
  }

  private func target(_ place: Place) -> RecordBatch {
    if let rows { return rows }
    let batch = RecordBatch(schema: Writer.schema)
    batch.retainMemory(of: place.input)
    writer.begin(batch)
    rows = batch
    return batch
  }

  private func flush(_ output: Output) throws {
    guard let batch = rows else { return }
    rows = nil
    try output.emit(batch)
  }
}
