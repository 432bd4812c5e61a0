internal import Dataflow

/// Ids of traces and spans, and of records.
enum OTLPIdentifier {
  /// A hexadecimal id of `digits` digits in lower case; null where it is empty or all zeros, which OTLP writes for "none".
  ///
  /// - Returns: nil when the value is something else.
  private static func hex(_ value: Int, digits: Int, _ text: OTLPText, _ batch: RecordBatch) -> ByteView? {
    if text.isNull(value) { return .null }
    guard let content = text.content(value)?.bytes else { return nil }
    if content.count == 0 { return .null }
    guard content.count == digits else { return nil }
    var isZero = true
    var isLower = true
    for byte in content {
      switch byte {
      case UInt8(ascii: "0"): break
      case UInt8(ascii: "1")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): isZero = false
      case UInt8(ascii: "A")...UInt8(ascii: "F"):
        isZero = false
        isLower = false
      default: return nil
      }
    }
    if isZero { return .null }
    if isLower { return ByteView(base: content.baseAddress, count: digits) }
    let copy = batch.allocate(digits)
    // Digits have this bit already, so only letters change.
    for index in 0..<digits { copy[index] = content[index] | 0x20 }
    return ByteView(base: copy, count: digits)
  }

  /// The id in the member `name`; null where there is none.
  ///
  /// - Throws: the refusal when there is something else.
  static func hex(
    _ value: Int?, _ digits: Int, _ name: StaticString, _ text: OTLPText, _ batch: RecordBatch
  ) throws(OTLPRefusal) -> ByteView {
    guard let value else { return .null }
    guard let view = hex(value, digits: digits, text, batch) else {
      throw OTLPRefusal(reason: "wrong-type", detail: "\(name) expects \(digits) hexadecimal digits")
    }
    return view
  }

  /// `<trace id>:<span id>`: the same however often a span is delivered.
  static func joined(_ trace: ByteView, _ span: ByteView, _ batch: RecordBatch) -> ByteView {
    let copy = batch.allocate(trace.count + 1 + span.count)
    if let base = trace.base { copy.update(from: base, count: trace.count) }
    copy[trace.count] = UInt8(ascii: ":")
    if let base = span.base { (copy + trace.count + 1).update(from: base, count: span.count) }
    return ByteView(base: copy, count: trace.count + 1 + span.count)
  }

  /// `<prefix>:<offset>:<ordinal>`: where a record stands, which is the same at every reading.
  static func position(_ prefix: [UInt8], _ offset: Int64, _ ordinal: Int32, _ batch: RecordBatch) -> ByteView {
    // A sign and 19 digits, and the same again, are the longest numbers.
    let room = prefix.count + 42
    let start = batch.allocate(room)
    prefix.withUnsafeBufferPointer { if let base = $0.baseAddress { start.update(from: base, count: prefix.count) } }
    var end = start + prefix.count
    for number in [offset, Int64(ordinal)] {
      end[0] = UInt8(ascii: ":")
      end += 1
      end += write(number, end)
    }
    return ByteView(base: start, count: end - start)
  }

  private static func write(_ number: Int64, _ target: UnsafeMutablePointer<UInt8>) -> Int {
    var rest = number.magnitude
    var length = number < 0 ? 1 : 0
    var power = rest
    repeat {
      length += 1
      power /= 10
    } while power > 0
    var index = length
    repeat {
      index -= 1
      target[index] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    } while rest > 0
    if number < 0 { target[0] = UInt8(ascii: "-") }
    return length
  }
}
