internal import Dataflow

/// How many records had each value of a text field, as a JSON object: `{"ERROR":3,"INFO":10}`, names sorted, null counted as `"null"`.
///
/// All rows of a subtask share one dictionary of at most `categories` values; what comes when it is full is counted as `"other"`. So keep it for
/// fields with few values (severities, status classes).
final class Distribution: AggregateFunction {
  let payload: Int
  let outputType = ColumnType.bytes
  private let field: Field
  private let categories: Int
  private static let other = Array("other".utf8)
  private var names: [[UInt8]] = []
  /// For each name its first 8 bytes, or all bytes of a shorter one: with the length they decide for names up to 8 bytes.
  private var prefixes: [UInt64] = []

  init(_ field: Field, categories: Int) {
    self.field = field
    self.categories = categories
    payload = (categories + 1) * 8
  }

  func add(
    _ batch: RecordBatch, _ rows: UnsafeBufferPointer<UInt16>, _ slots: UnsafePointer<UnsafeMutableRawPointer>, _ offset: Int,
    _ log: ColdLog
  ) {
    let values = batch.bytes(field)
    for i in rows.indices {
      let value = values[Int(rows[i])]
      Prefetch.view(values, rows, ahead: i)
      let category = value.isNull ? number(of: Self.nullName) : value.count <= 8 ? number(ofShort: value) : number(of: value)
      (slots[i] + offset + category &* 8).assumingMemoryBound(to: Int64.self).pointee &+= 1
    }
  }

  // A constant of the process: allocated once, never written again.
  nonisolated(unsafe) private static let nullName: ByteView = {
    let text = UnsafeMutablePointer<UInt8>.allocate(capacity: 16)
    text.initialize(repeating: 0, count: 16)
    for (i, byte) in "null".utf8.enumerated() { text[i] = byte }
    return ByteView(base: text, count: 4)  // lives as long as the process
  }()

  @inline(__always)
  private func number(ofShort value: ByteView) -> Int {
    let prefix = value.prefix
    for i in prefixes.indices where prefixes[i] == prefix && names[i].count == value.count { return i }
    return add(value, prefix)
  }

  private func number(of value: ByteView) -> Int {
    guard value.count > 8 else { return number(ofShort: value) }
    let prefix = value.prefix
    for i in prefixes.indices where prefixes[i] == prefix && names[i].elementsEqual(value.buffer) { return i }
    return add(value, prefix)
  }

  private func add(_ value: ByteView, _ prefix: UInt64) -> Int {
    guard names.count < categories else { return categories }
    names.append([UInt8](value.buffer))
    prefixes.append(prefix)
    return names.count - 1
  }

  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, _ from: UnsafeRawPointer, _ fromLog: ColdLog) {
    let target = into.assumingMemoryBound(to: Int64.self)
    for i in 0...categories { target[i] &+= from.load(fromByteOffset: i * 8, as: Int64.self) }
  }

  var texts: [Field] { [field] }
  var encodedLimit: Int { 1 + (categories + 1) * (12 + WindowCombiner.textLimit) }

  func encode(_ summary: UnsafeRawPointer, _ log: ColdLog, to bytes: inout [UInt8]) {
    for i in 0...categories {
      let count = summary.load(fromByteOffset: i * 8, as: Int64.self)
      if count == 0 { continue }
      bytes.append(1)
      bytes.append(integer: count)
      // What found no room has no name.
      guard i < names.count else { bytes.append(view: .null); continue }
      names[i].withUnsafeBufferPointer { bytes.append(view: ByteView(base: $0.baseAddress ?? Self.nullName.base, count: $0.count)) }
    }
    bytes.append(0)
  }

  func merge(_ into: UnsafeMutableRawPointer, _ log: ColdLog, encoded: inout ByteReader) throws {
    while try encoded.integer(UInt8.self) == 1 {
      let count = try encoded.integer(Int64.self)
      let name = try encoded.view()
      let category = name.isNull ? categories : number(of: name)
      (into + category * 8).assumingMemoryBound(to: Int64.self).pointee &+= count
    }
  }

  func write(_ summary: UnsafeRawPointer, _ log: ColdLog, _ batch: RecordBatch, _ field: Field, _ row: Int) {
    var entries: [(name: [UInt8], count: Int64)] = []
    var other: Int64 = 0
    for i in 0...categories {
      let count = summary.load(fromByteOffset: i * 8, as: Int64.self)
      if count == 0 { continue }
      // The value "other" is counted with what found no room: JSON names each member once.
      if i < names.count, names[i] != Self.other { entries.append((names[i], count)) } else { other += count }
    }
    if other > 0 { entries.append((Self.other, other)) }
    entries.sort { $0.name.lexicographicallyPrecedes($1.name) }
    var text: [UInt8] = [UInt8(ascii: "{")]
    for (i, entry) in entries.enumerated() {
      if i > 0 { text.append(UInt8(ascii: ",")) }
      entry.name.withUnsafeBufferPointer { TextWriter.append(string: $0, to: &text) }
      text.append(UInt8(ascii: ":"))
      text.append(contentsOf: String(entry.count).utf8)
    }
    text.append(UInt8(ascii: "}"))
    batch.bytes(field)[row] = text.withUnsafeBufferPointer { batch.copy($0) }
  }

  func snapshotShared() -> [UInt8] {
    var bytes: [UInt8] = []
    for name in names { bytes.append(counted: name) }
    return bytes
  }

  func restoreShared(_ bytes: [UInt8]) throws -> [Int] {
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      var mapping: [Int] = []
      while !reader.isAtEnd {
        let name = try reader.counted()
        mapping.append(name.withUnsafeBufferPointer { number(of: ByteView(base: $0.baseAddress ?? Self.nullName.base, count: $0.count)) })
      }
      return mapping
    }
  }

  func renumber(_ summary: UnsafeMutableRawPointer, _ mapping: [Int]) {
    guard !mapping.enumerated().allSatisfy({ $0.offset == $0.element }) else { return }
    let counts = summary.assumingMemoryBound(to: Int64.self)
    let old = (0...categories).map { counts[$0] }
    for i in 0...categories { counts[i] = 0 }
    for i in 0...categories { counts[i < mapping.count ? mapping[i] : categories] &+= old[i] }
  }
}
