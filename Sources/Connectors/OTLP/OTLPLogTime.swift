internal import Dataflow

/// Points in time as applications write them into their logs, to nanoseconds since 1970.
enum OTLPLogTime {
  /// A JSON value: a text, or a number of seconds, milliseconds, microseconds or nanoseconds, told apart by its size. Nil when it is neither.
  static func nanoseconds(_ value: Int, _ text: OTLPText) -> Int64? {
    guard text.content(value) != nil else { return number(text.raw(value)) }
    return text.withString(value) { nanoseconds($0) } ?? nil
  }

  /// A text: RFC 3339, also with a comma before the fraction, an offset without a colon, or without an offset (UTC then); or a number.
  static func nanoseconds(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
    if let time = RFC3339.parse(text) { return time }
    if let first = text.first, text.count < 19 || !text.contains(UInt8(ascii: ":")), first != UInt8(ascii: "+") { return number(text) }
    guard text.count >= 19, text.count <= 40 else { return nil }
    var usual = text.map { $0 == UInt8(ascii: ",") ? UInt8(ascii: ".") : $0 }
    let zone = usual[19...].lastIndex { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
    if let zone, usual.count - zone == 5 {
      usual.insert(UInt8(ascii: ":"), at: zone + 3)
    } else if zone == nil {
      usual.append(UInt8(ascii: "Z"))
    }
    return usual.withUnsafeBufferPointer { RFC3339.parse($0) }
  }

  /// A number whose size says its unit: seconds below 10¹¹, milliseconds below 10¹⁴, microseconds below 10¹⁷, nanoseconds above.
  private static func number(_ digits: UnsafeBufferPointer<UInt8>) -> Int64? {
    var whole: Int64 = 0
    var index = 0
    while index < digits.count, let digit = digit(digits[index]) {
      let (product, overflow) = whole.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(digit)
      if overflow || carry { return nil }
      whole = sum
      index += 1
    }
    guard index > 0 else { return nil }
    let unit: Int64 =
      switch whole {
      case ..<100_000_000_000: 1_000_000_000
      case ..<100_000_000_000_000: 1_000_000
      case ..<100_000_000_000_000_000: 1_000
      default: 1
      }
    var fraction: Int64 = 0
    if index < digits.count, digits[index] == UInt8(ascii: ".") {
      index += 1
      var scale = unit / 10
      while index < digits.count, let digit = digit(digits[index]) {
        fraction += digit * scale
        scale /= 10
        index += 1
      }
    }
    if index < digits.count {
      // An exponent, as some write doubles: 1.7e9.
      guard digits[index] | 0x20 == UInt8(ascii: "e"), let value = Double(String(decoding: digits, as: UTF8.self)), value < 9e18 else {
        return nil
      }
      let text = Array("\(Int64(value))".utf8)
      return text.withUnsafeBufferPointer { number($0) }
    }
    let (time, overflow) = whole.multipliedReportingOverflow(by: unit)
    return overflow ? nil : time + fraction
  }

  private static func digit(_ byte: UInt8) -> Int64? {
    let digit = byte &- UInt8(ascii: "0")
    return digit <= 9 ? Int64(digit) : nil
  }
}
