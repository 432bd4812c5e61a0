/// Just enough base64 to look into tokens.
enum Base64 {
  typealias Pointer = UnsafePointer<UInt8>

  private static func value(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) + 4
    case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: nil
    }
  }

  /// Decodes the first bytes of [start, stop) into the buffer. Stops at `=`. Returns how many bytes came out, or nil for a foreign character.
  private static func decode(_ start: Pointer, _ stop: Pointer, into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int? {
    var bits: UInt32 = 0
    var count = 0
    var filled = 0
    var p = start
    while p < stop, p.pointee != UInt8(ascii: "="), filled < buffer.count {
      guard let value = value(p.pointee) else { return nil }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        buffer[filled] = UInt8(truncatingIfNeeded: bits >> UInt32(count))
        filled += 1
      }
      p += 1
    }
    return filled
  }

  /// Whether the decoded text (its first 512 bytes) holds the word.
  static func decoded(_ start: Pointer, _ stop: Pointer, contains word: StaticString) -> Bool {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 512) { buffer in
      guard let base = buffer.baseAddress, let count = decode(start, stop, into: buffer) else { return false }
      return Bytes.find(word, base, base + count) != nil
    }
  }

  /// Whether [start, stop) decodes to printable text with a colon in it, as HTTP Basic credentials do.
  static func isUserAndPassword(_ start: Pointer, _ stop: Pointer) -> Bool {
    guard stop - start >= 4 else { return false }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 512) { buffer in
      guard let base = buffer.baseAddress, let count = decode(start, stop, into: buffer), count > 0 else { return false }
      var hasColon = false
      for i in 0..<count {
        if base[i] < 0x20 { return false }
        if base[i] == UInt8(ascii: ":") { hasColon = true }
      }
      return hasColon
    }
  }
}
