/// Numbers as JSON writes them, read exactly. The text has passed the grammar; the plain short integers never come here.
enum JSONNumber {
  /// The number as an `Int64`, or nil when it is not whole or does not fit. `1e3`, `1.50e1` and `-0` are whole.
  static func int64(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
    var isNegative = false
    var magnitude: UInt64 = 0
    var exponent = 0
    // Zeros are held back until a digit follows them, so that 1.000…0 of any length is whole.
    var heldZeros = 0
    var inFraction = false
    var index = 0
    scan: while index < text.count {
      let c = text[index]
      index += 1
      switch c {
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "."): inFraction = true
      case UInt8(ascii: "e"), UInt8(ascii: "E"):
        exponent += writtenExponent(text, from: index)
        break scan
      default:
        if inFraction { exponent -= 1 }
        if c == UInt8(ascii: "0") {
          if magnitude != 0 { heldZeros += 1 }
          continue
        }
        for _ in 0...heldZeros {
          let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
          if overflow { return nil }
          magnitude = product
        }
        heldZeros = 0
        let (sum, overflow) = magnitude.addingReportingOverflow(UInt64(c &- UInt8(ascii: "0")))
        if overflow { return nil }
        magnitude = sum
      }
    }
    if magnitude == 0 { return 0 }
    exponent += heldZeros
    while exponent < 0 {
      guard magnitude.isMultiple(of: 10) else { return nil }
      magnitude /= 10
      exponent += 1
    }
    while exponent > 0 {
      let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      magnitude = product
      exponent -= 1
    }
    if isNegative { return magnitude <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil }
    return Int64(exactly: magnitude)
  }

  /// The exponent after `e`, held within a range in which a longer one makes no difference.
  private static func writtenExponent(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var isNegative = false
    var value = 0
    for index in start..<text.count {
      switch text[index] {
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "+"): continue
      default: value = min(value * 10 + Int(text[index] &- UInt8(ascii: "0")), 1 << 40)
      }
    }
    return isNegative ? -value : value
  }

  /// Powers of ten that a `Double` holds exactly.
  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  /// The nearest `Double`, or nil beyond its range. Too small is zero.
  static func double(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    if let value = exactDouble(text) { return value }
    guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
    return value
  }

  /// Up to 15 digits and a small power of ten: both sides are exact doubles, so one rounding gives the nearest (Clinger's fast path).
  private static func exactDouble(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    var isNegative = false
    var magnitude = 0
    var digits = 0
    var exponent = 0
    var inFraction = false
    var index = 0
    while index < text.count {
      let c = text[index]
      index += 1
      switch c {
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "."): inFraction = true
      case UInt8(ascii: "e"), UInt8(ascii: "E"):
        exponent += writtenExponent(text, from: index)
        index = text.count
      default:
        digits += 1
        guard digits <= 15 else { return nil }
        magnitude = magnitude * 10 + Int(c &- UInt8(ascii: "0"))
        if inFraction { exponent -= 1 }
      }
    }
    guard abs(exponent) <= 22 else { return nil }
    let value = exponent < 0 ? Double(magnitude) / powers[-exponent] : Double(magnitude) * powers[exponent]
    return isNegative ? -value : value
  }
}
