internal import CScan
internal import Dataflow
internal import Glibc

/// One JSON text, checked as a whole and then walked by index: `members` of objects, `items` of arrays, strings and their meaning.
///
/// Everything that walks relies on `load` having accepted the text; every index comes from here.
final class OTLPText {
  private let json: UnsafeMutablePointer<cscan_json>
  private var marks: UnsafeMutablePointer<UInt64>
  private var words = 1024
  /// Where keys with escapes are unescaped to; longer ones are none that OTLP knows.
  private let plainKey: UnsafeMutablePointer<UInt8>
  private static let plainKeyLimit = 128
  /// Where "ema" of a "schema" stands next, as of the last time it was looked for; `Int.max` when nowhere.
  private var nextSchema = -1

  init() {
    json = .allocate(capacity: 1)
    json.initialize(to: cscan_json(text: nil, count: 0, marks: nil))
    marks = .allocate(capacity: words)
    plainKey = .allocate(capacity: Self.plainKeyLimit)
  }

  deinit {
    json.deallocate()
    marks.deallocate()
    plainKey.deallocate()
  }

  /// Takes a text up to be walked; its memory must outlive the walk, and 64 bytes behind it must be readable.
  ///
  /// - Returns: the index of the byte at fault when it is not one JSON value and nothing else.
  func load(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let base = line.baseAddress, line.count > 0 else { return 0 }
    let needed = cscan_json_mark_words(line.count)
    if needed > words {
      marks.deallocate()
      marks = .allocate(capacity: needed)
      words = needed
    }
    cscan_json_mark(base, line.count, true, marks)
    json.pointee = cscan_json(text: base, count: line.count, marks: marks)
    nextSchema = -1
    let end = cscan_json_skip(json, 0, 0)
    if end < 0 { return ~end }
    let rest = Int(cscan_json_space(json, end))
    return rest < line.count ? rest : nil
  }

  /// The first index of the value of the text.
  var root: Int { Int(cscan_json_space(json, 0)) }

  private var base: UnsafePointer<UInt8> { json.pointee.text.unsafelyUnwrapped }  // `load` came first

  /// The first byte of a value, which says its type.
  func first(_ value: Int) -> UInt8 { base[value] }

  /// The index behind a value.
  func end(of value: Int) -> Int { cscan_json_skip(json, value, 0) }

  /// A value as it is written.
  func raw(_ value: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: base + value, count: end(of: value) - value)
  }

  /// Part of the text, as it is written.
  func view(_ range: Range<Int>) -> ByteView { ByteView(base: base + range.lowerBound, count: range.count) }

  /// Whether the value is `null`, which OTLP treats as absent.
  func isNull(_ value: Int) -> Bool { first(value) == UInt8(ascii: "n") }

  // MARK: Objects and arrays

  /// One key of an object, and where its value begins.
  struct Member {
    /// Without quotes; escapes are resolved. Valid until the next member is asked for.
    var key: UnsafeBufferPointer<UInt8>
    /// As it is written, with quotes.
    var rawKey: UnsafeBufferPointer<UInt8>
    var value: Int

    /// Whether the key is this one.
    func `is`(_ name: StaticString) -> Bool {
      guard key.count == name.utf8CodeUnitCount, let base = key.baseAddress else { return false }
      return memcmp(base, name.utf8Start, key.count) == 0
    }

    /// Whether the key is this one, in the spelling of JSON or in that of the protocol's definition.
    func `is`(_ camelCase: StaticString, _ snakeCase: StaticString) -> Bool { self.is(camelCase) || self.is(snakeCase) }
  }

  /// Where to start `next` in an object, or nil when the value is none.
  func object(_ value: Int) -> Int? { first(value) == UInt8(ascii: "{") ? value + 1 : nil }

  /// The member at or behind `index`, which then stands at its value; nil at the end, with `index` behind the brace.
  ///
  /// Before the next call move `index` behind the value.
  func next(_ index: inout Int) -> Member? {
    index = Int(cscan_json_space(json, index))
    if base[index] == UInt8(ascii: ",") { index = Int(cscan_json_space(json, index + 1)) }
    guard base[index] == UInt8(ascii: "\"") else {
      index += 1
      return nil
    }
    let start = index + 1
    var isEscaped = false
    let end = cscan_json_string(json, start, &isEscaped)
    let colon = Int(cscan_json_space(json, end + 1))
    index = Int(cscan_json_space(json, colon + 1))
    var key = UnsafeBufferPointer(start: base + start, count: end - start)
    if isEscaped && key.count <= Self.plainKeyLimit {
      key = UnsafeBufferPointer(start: plainKey, count: Int(cscan_json_unescape(key.baseAddress, key.count, plainKey)))
    }
    return Member(key: key, rawKey: UnsafeBufferPointer(start: base + start - 1, count: end - start + 2), value: index)
  }

  /// Where to start `nextItem` in an array, or nil when the value is none.
  func array(_ value: Int) -> Int? { first(value) == UInt8(ascii: "[") ? value + 1 : nil }

  /// The item at or behind `index`; nil at the end, with `index` behind the bracket.
  ///
  /// Before the next call move `index` behind the item.
  func nextItem(_ index: inout Int) -> Int? {
    index = Int(cscan_json_space(json, index))
    if base[index] == UInt8(ascii: ",") { index = Int(cscan_json_space(json, index + 1)) }
    guard base[index] != UInt8(ascii: "]") else {
      index += 1
      return nil
    }
    return index
  }

  /// The value of a key of the object at `value`, or nil when there is none or it is no object. Of equal keys the first.
  func find(_ name: StaticString, in value: Int) -> Int? {
    guard var index = object(value) else { return nil }
    while let member = next(&index) {
      if member.is(name) { return member.value }
      index = end(of: member.value)
    }
    return nil
  }

  /// The member `name` and the `schemaUrl` of the object at `value`, which holds a long list besides.
  ///
  /// Both mostly stand before the list, or the URL nowhere: then the list is not walked through.
  func heading(_ name: StaticString, _ list: (StaticString, StaticString), in value: Int) -> (Int?, url: Int?) {
    guard var index = object(value) else { return (nil, nil) }
    var found: Int?
    var url: Int?
    while let member = next(&index) {
      if member.is(name), found == nil {
        found = member.value
      } else if member.is("schemaUrl", "schema_url"), url == nil {
        url = member.value
      } else if member.is(list.0, list.1), found != nil && (url != nil || !mentionsSchema(from: index)) {
        break
      }
      index = end(of: member.value)
    }
    return (found, url)
  }

  /// Whether a schema's URL may stand in the rest of the text. Asked with rising indexes; looks at every byte once.
  private func mentionsSchema(from index: Int) -> Bool {
    if nextSchema < index { nextSchema = findSchema(from: index) }
    return nextSchema < .max
  }

  /// A list as it is written; null for an empty one, and for what is none.
  func list(_ value: Int) -> ByteView {
    guard var index = array(value), nextItem(&index) != nil else { return .null }
    let raw = raw(value)
    return ByteView(base: raw.baseAddress, count: raw.count)
  }

  private func findSchema(from start: Int) -> Int {
    var index = start
    while let found = memchr(base + index, Int32(UInt8(ascii: "m")), json.pointee.count - index) {
      // A letter is never the first byte of the text, and 64 bytes behind it are readable.
      index = UnsafeRawPointer(found) - UnsafeRawPointer(base)
      if base[index - 1] == UInt8(ascii: "e"), base[index + 1] == UInt8(ascii: "a") { return index }
      index += 1
    }
    return .max
  }

  // MARK: Values

  /// What stands between the quotes of a string; nil when the value is none.
  func content(_ value: Int) -> (bytes: UnsafeBufferPointer<UInt8>, isEscaped: Bool)? {
    guard first(value) == UInt8(ascii: "\"") else { return nil }
    var isEscaped = false
    let end = cscan_json_string(json, value + 1, &isEscaped)
    return (UnsafeBufferPointer(start: base + value + 1, count: end - value - 1), isEscaped)
  }

  /// The characters of a string: a view into the text, or a copy in the batch's memory when there are escapes. Null when the value is none.
  func string(_ value: Int, _ batch: RecordBatch) -> ByteView {
    guard let content = content(value) else { return .null }
    guard content.isEscaped else { return ByteView(base: content.bytes.baseAddress, count: content.bytes.count) }
    let copy = batch.allocate(content.bytes.count)
    return ByteView(base: copy, count: Int(cscan_json_unescape(content.bytes.baseAddress, content.bytes.count, copy)))
  }

  /// Writes the characters of what stands between quotes; answers with their number, at most that of `content`.
  func unescape(_ content: UnsafeBufferPointer<UInt8>, into target: UnsafeMutablePointer<UInt8>) -> Int {
    Int(cscan_json_unescape(content.baseAddress, content.count, target))
  }

  /// A whole number, written as a number or as a string; beyond 64 bits it is held at the border. Nil when it is neither.
  func integer(_ value: Int) -> Int64? {
    let digits = content(value)?.bytes ?? raw(value)
    var index = 0
    let isNegative = digits.count > 1 && digits[0] == UInt8(ascii: "-")
    if isNegative { index = 1 }
    guard index < digits.count else { return nil }
    var result: Int64 = 0
    var isBeyond = false
    while index < digits.count {
      let digit = digits[index] &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      let (product, overflow) = result.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int64(digit))
      isBeyond = isBeyond || overflow || carry
      result = sum
      index += 1
    }
    if isBeyond { return isNegative ? .min : .max }
    return isNegative ? -result : result
  }

  /// A number, or one of the strings that protobuf's JSON writes for what JSON has no number for. Nil when it is neither.
  func double(_ value: Int) -> Double? {
    if let content = content(value)?.bytes {
      let text = String(decoding: content, as: UTF8.self)
      return text == "NaN" ? .nan : text == "Infinity" ? .infinity : text == "-Infinity" ? -.infinity : Double(text)
    }
    let byte = first(value)
    guard byte == UInt8(ascii: "-") || byte &- UInt8(ascii: "0") <= 9 else { return nil }
    var whole: Int64 = 0
    if cscan_json_small_int(base, json.pointee.count, value, &whole) > 0, whole != 0 { return Double(whole) }
    // The text is valid JSON, and 64 bytes behind it are readable: what ends the number is there.
    return UnsafeRawPointer(base + value).withMemoryRebound(to: CChar.self, capacity: 1) { strtod($0, nil) }
  }
}
