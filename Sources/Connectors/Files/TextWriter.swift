/// Writes values as text that is at home in JSON and on a terminal.
enum TextWriter {
  static func append(null output: inout [UInt8]) {
    output.append(contentsOf: [0x6E, 0x75, 0x6C, 0x6C])
  }

  static func append(_ value: Int64, to output: inout [UInt8]) {
    if value < 0 { output.append(UInt8(ascii: "-")) }
    append(value.magnitude, digits: 1, to: &output)
  }

  /// The shortest text that reads as the same number; `null` for infinities and NaN.
  static func append(_ value: Double, to output: inout [UInt8]) {
    guard value.isFinite else { return append(null: &output) }
    output.append(contentsOf: value.description.utf8)
  }

  /// RFC 3339 in UTC: `2026-01-31T23:59:59.123456789Z`.
  static func append(time nanoseconds: Int64, to output: inout [UInt8]) {
    let day: Int64 = 86_400_000_000_000
    let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: day)
    // Rounded down also before 1970.
    let days = Int(remainder < 0 ? quotient - 1 : quotient)
    let rest = UInt64(remainder < 0 ? remainder + day : remainder)
    // The civil date, counted in years that begin in March, so that the leap day is the last one.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let civilMonth = month < 10 ? month + 3 : month - 9
    let year = yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0)
    append(UInt64(year), digits: 4, to: &output)  // nanoseconds in 64 bits reach from 1677 to 2262
    output.append(UInt8(ascii: "-"))
    append(UInt64(civilMonth), digits: 2, to: &output)
    output.append(UInt8(ascii: "-"))
    append(UInt64(dayOfYear - (153 * month + 2) / 5 + 1), digits: 2, to: &output)
    output.append(UInt8(ascii: "T"))
    append(rest / 3_600_000_000_000, digits: 2, to: &output)
    output.append(UInt8(ascii: ":"))
    append(rest / 60_000_000_000 % 60, digits: 2, to: &output)
    output.append(UInt8(ascii: ":"))
    append(rest / 1_000_000_000 % 60, digits: 2, to: &output)
    output.append(UInt8(ascii: "."))
    append(rest % 1_000_000_000, digits: 9, to: &output)
    output.append(UInt8(ascii: "Z"))
  }

  /// A JSON string, with its quotes.
  static func append(string bytes: [UInt8], to output: inout [UInt8]) {
    bytes.withUnsafeBufferPointer { append(string: $0, to: &output) }
  }

  /// A JSON string, with its quotes.
  static func append(string bytes: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    append(text: bytes, isQuoted: true, to: &output)
    output.append(UInt8(ascii: "\""))
  }

  /// Text with control characters escaped, so that it stays on its line and does nothing to a terminal, and invalid UTF-8 repaired.
  ///
  /// - Parameter isQuoted: escapes quotes and backslashes too.
  static func append(text bytes: UnsafeBufferPointer<UInt8>, isQuoted: Bool, to output: inout [UInt8]) {
    let raw = UnsafeRawBufferPointer(bytes)
    var done = 0
    var i = 0
    while i < bytes.count {
      if i + 8 <= bytes.count, isPlain(raw.loadUnaligned(fromByteOffset: i, as: UInt64.self)) {
        i += 8
        continue
      }
      let byte = bytes[i]
      if byte >= 0x80 {
        let (length, isValid) = sequence(bytes, i)
        if !isValid {
          output.append(contentsOf: bytes[done..<i])
          output.append(contentsOf: [0xEF, 0xBF, 0xBD])
          done = i + length
        }
        i += length
        continue
      }
      if byte < 0x20 || byte == 0x7F || isQuoted && (byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")) {
        output.append(contentsOf: bytes[done..<i])
        append(escaped: byte, to: &output)
        done = i + 1
      }
      i += 1
    }
    output.append(contentsOf: bytes[done...])
  }

  /// Whether none of eight bytes is a control character, a quote, a backslash or beyond ASCII.
  private static func isPlain(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    func hasZero(_ x: UInt64) -> UInt64 { (x &- ones) & ~x & tops }
    let control = (word &- ones &* 0x20) & ~word & tops
    return (word & tops) | control | hasZero(word ^ ones &* 0x22) | hasZero(word ^ ones &* 0x5C) | hasZero(word ^ ones &* 0x7F) == 0
  }

  private static func append(escaped byte: UInt8, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
    case 0x0A: output.append(UInt8(ascii: "n"))
    case 0x0D: output.append(UInt8(ascii: "r"))
    case 0x09: output.append(UInt8(ascii: "t"))
    default:
      let digits = Array("0123456789abcdef".utf8)
      output.append(contentsOf: [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0"), digits[Int(byte >> 4)], digits[Int(byte & 15)]])
    }
  }

  /// The length of the UTF-8 sequence at an index; if it is broken, how much of it one replacement character stands for.
  private static func sequence(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> (length: Int, isValid: Bool) {
    let lead = bytes[index]
    // How many bytes follow, and what the first of them may be: this rules out overlong forms, surrogates and what lies past U+10FFFF.
    let (following, second): (Int, ClosedRange<UInt8>) =
      switch lead {
      case 0xC2...0xDF: (1, 0x80...0xBF)
      case 0xE0: (2, 0xA0...0xBF)
      case 0xED: (2, 0x80...0x9F)
      case 0xE1...0xEF: (2, 0x80...0xBF)
      case 0xF0: (3, 0x90...0xBF)
      case 0xF1...0xF3: (3, 0x80...0xBF)
      case 0xF4: (3, 0x80...0x8F)
      default: (0, 0...0)
      }
    guard following > 0 else { return (1, false) }
    for step in 1...following {
      guard index + step < bytes.count, (step == 1 ? second : 0x80...0xBF).contains(bytes[index + step]) else { return (step, false) }
    }
    return (following + 1, true)
  }

  private static func append(_ value: UInt64, digits: Int, to output: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { buffer in
      var rest = value
      var at = 20
      while rest > 0 || at > 20 - digits {
        at -= 1
        buffer[at] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      }
      output.append(contentsOf: buffer[at...])
    }
  }
}
