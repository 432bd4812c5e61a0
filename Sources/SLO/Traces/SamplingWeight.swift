/// How many spans a sampled one stands for, as its trace state says: `ot=th:c` is the threshold of consistent sampling, `ot=p:3` its
/// older form.
package enum SamplingWeight {
  /// The adjusted count; 1 where the state says nothing, or something that cannot be.
  package static func adjustedCount(traceState: UnsafeBufferPointer<UInt8>) -> Float {
    guard !traceState.isEmpty else { return 1 }
    for member in traceState.split(separator: UInt8(ascii: ",")) {
      let member = member.drop { $0 == 0x20 || $0 == 0x09 }
      guard member.starts(with: "ot=".utf8) else { continue }
      for field in member.dropFirst(3).split(separator: UInt8(ascii: ";")) {
        if field.starts(with: "th:".utf8) { return threshold(field.dropFirst(3)) ?? 1 }
        if field.starts(with: "p:".utf8) { return power(field.dropFirst(2)) ?? 1 }
      }
    }
    return 1
  }

  /// Hexadecimal digits of a fraction of 2^56: how much is dropped.
  private static func threshold(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Float? {
    let digits = digits.reversed().drop { $0 == 0x20 }.reversed()
    guard !digits.isEmpty, digits.count <= 14 else { return nil }
    var value: UInt64 = 0
    for byte in digits {
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
      value = value << 4 | UInt64(digit)
    }
    value <<= UInt64(4 * (14 - digits.count))
    let all = UInt64(1) << 56
    return Float(Double(all) / Double(all - value))
  }

  /// A power of two.
  private static func power(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Float? {
    guard let exponent = Int(String(decoding: digits, as: UTF8.self)), (0...62).contains(exponent) else { return nil }
    return Float(UInt64(1) << UInt64(exponent))
  }
}
