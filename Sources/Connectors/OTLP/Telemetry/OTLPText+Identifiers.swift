extension OTLPText {
  /// The two halves of a trace's id, which stay as they are where there is none. False when the value is no id.
  func trace(_ value: Int, _ high: inout UInt64, _ low: inout UInt64) -> Bool {
    guard let content = content(value)?.bytes, content.count == 32, let base = content.baseAddress else {
      return isNull(value) || content(value)?.bytes.isEmpty == true
    }
    guard let first = HexDigits.word(base), let second = HexDigits.word(base + 16) else { return false }
    (high, low) = (first, second)
    return true
  }

  /// The id of a span; nil when the value is none.
  func identifier(_ value: Int) -> UInt64? {
    guard let content = content(value)?.bytes, content.count == 16, let base = content.baseAddress else { return nil }
    return HexDigits.word(base)
  }

  /// What an item of a list of links refers to; nil where it names no trace.
  func link(_ item: Int) -> TelemetryLink? {
    var link = TelemetryLink(traceHigh: 0, traceLow: 0, span: 0)
    guard let value = find("traceId", in: item) ?? find("trace_id", in: item), trace(value, &link.traceHigh, &link.traceLow),
      link.traceHigh | link.traceLow != 0
    else { return nil }
    link.span = (find("spanId", in: item) ?? find("span_id", in: item)).flatMap { identifier($0) } ?? 0
    return link
  }
}

/// Ids as they are written.
package enum HexDigits {
  /// 16 hexadecimal digits, in either case; nil when one is something else.
  package static func word(_ digits: UnsafePointer<UInt8>) -> UInt64? {
    var result: UInt64 = 0
    var fault: UInt8 = 0
    for index in 0..<16 {
      let byte = digits[index]
      let digit = byte &- UInt8(ascii: "0")
      let letter = (byte | 0x20) &- UInt8(ascii: "a")
      let value = digit <= 9 ? digit : letter <= 5 ? letter &+ 10 : 0xFF
      fault |= value & 0x80
      result = result << 4 | UInt64(value & 15)
    }
    return fault == 0 ? result : nil
  }
}
