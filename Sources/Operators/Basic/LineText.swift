internal import Dataflow

/// Bytes of one line that scanners index without fear: past the end there are zeros.
struct LineText {
  let base: UnsafePointer<UInt8>
  let count: Int

  @inline(__always)
  subscript(_ i: Int) -> UInt8 { i < count ? base[i] : 0 }

  @inline(__always)
  func view(_ range: Range<Int>) -> ByteView { ByteView(base: base + range.lowerBound, count: range.count) }

  /// Whether the ASCII text stands at that place.
  @inline(__always)
  func has(_ text: StaticString, at i: Int) -> Bool {
    guard i + text.utf8CodeUnitCount <= count else { return false }
    for j in 0..<text.utf8CodeUnitCount where base[i + j] != text.utf8Start[j] { return false }
    return true
  }

  /// The first place at or after `start` and before `limit` where the byte stands, or nil.
  @inline(__always)
  func find(_ byte: UInt8, from start: Int, limit: Int) -> Int? {
    var i = start
    let end = min(limit, count)
    while i < end {
      if base[i] == byte { return i }
      i += 1
    }
    return nil
  }

  /// The first place at or after `start` without a blank.
  @inline(__always)
  func skipBlanks(_ start: Int) -> Int {
    var i = start
    while self[i].isBlank { i += 1 }
    return i
  }

  /// The decimal number of exactly `digits` digits at that place, or nil.
  @inline(__always)
  func number(_ digits: Int, at start: Int) -> Int? {
    var value = 0
    for i in start..<start + digits {
      let digit = Int(self[i]) - 0x30
      guard digit >= 0, digit <= 9 else { return nil }
      value = value * 10 + digit
    }
    return value
  }
}

extension UInt8 {
  @inline(__always) var isBlank: Bool { self == 0x20 || self == 0x09 }
  @inline(__always) var isDigit: Bool { self >= 0x30 && self <= 0x39 }
  @inline(__always) var isLetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7A }
}
