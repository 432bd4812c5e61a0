/// Writes text byte by byte into memory that the caller has measured out.
struct LineWriter {
  private(set) var end: UnsafeMutablePointer<UInt8>

  init(_ start: UnsafeMutablePointer<UInt8>) { end = start }

  @inline(__always)
  mutating func byte(_ value: UInt8) {
    end.pointee = value
    end += 1
  }

  /// Counts bytes in that were written through `end`.
  @inline(__always)
  mutating func advance(_ count: Int) { end += count }

  @inline(__always)
  mutating func text(_ text: StaticString) {
    end.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    end += text.utf8CodeUnitCount
  }

  @inline(__always)
  mutating func bytes(_ base: UnsafePointer<UInt8>, _ count: Int) {
    end.update(from: base, count: count)
    end += count
  }

  /// The number in decimal, up to 20 digits.
  @inline(__always)
  mutating func decimal(_ value: UInt64) {
    var digits = 1
    var rest = value
    while rest >= 10 {
      rest /= 10
      digits += 1
    }
    decimal(value, digits: digits)
  }

  /// The number's last `digits` decimal digits, with leading zeros.
  @inline(__always)
  mutating func decimal(_ value: UInt64, digits: Int) {
    var rest = value
    var i = digits - 1
    while i >= 0 {
      end[i] = UInt8(truncatingIfNeeded: rest % 10) | 0x30
      rest /= 10
      i -= 1
    }
    end += digits
  }

  /// The number's lowest `digits` hexadecimal digits, in lower case.
  @inline(__always)
  mutating func hex(_ value: UInt64, digits: Int) {
    var i = digits - 1
    var rest = value
    while i >= 0 {
      let digit = UInt8(truncatingIfNeeded: rest & 15)
      end[i] = digit < 10 ? digit | 0x30 : digit + 0x57
      rest >>= 4
      i -= 1
    }
    end += digits
  }
}
