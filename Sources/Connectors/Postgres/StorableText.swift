/// What PostgreSQL can keep as text: valid UTF-8 without NUL bytes. Everything else is repaired to U+FFFD.
package enum StorableText {
  /// Whether the bytes can be stored as they are. Eight at a time while they are ASCII.
  package static func isStorable(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    let raw = UnsafeRawPointer(bytes)
    var i = 0
    while i < count {
      while i + 8 <= count {
        let word = raw.loadUnaligned(fromByteOffset: i, as: UInt64.self)
        // A high bit: not ASCII. A borrow into a high bit: a zero byte.
        if (word | (word &- 0x0101_0101_0101_0101)) & 0x8080_8080_8080_8080 != 0 { break }
        i += 8
      }
      if i == count { return true }
      let length = scalarLength(bytes, i, count)
      if length <= 0 { return false }
      i += length
    }
    return true
  }

  /// Writes the text with each NUL and each ill-formed sequence replaced by U+FFFD. `target` has room for `3 * count` bytes. Returns the bytes written.
  package static func repair(_ bytes: UnsafePointer<UInt8>, _ count: Int, into target: UnsafeMutablePointer<UInt8>) -> Int {
    var i = 0
    var written = 0
    while i < count {
      let length = scalarLength(bytes, i, count)
      if length > 0 {
        for k in 0..<length { target[written + k] = bytes[i + k] }
        written += length
        i += length
      } else {
        target[written] = 0xEF
        target[written + 1] = 0xBF
        target[written + 2] = 0xBD
        written += 3
        i += -length
      }
    }
    return written
  }

  /// The bytes of the scalar at `i`, or minus the bytes of the ill-formed run there: the longest start of a valid sequence (Unicode 3.9, table 3-7), or NUL.
  private static func scalarLength(_ bytes: UnsafePointer<UInt8>, _ i: Int, _ count: Int) -> Int {
    let first = bytes[i]
    if first < 0x80 { return first == 0 ? -1 : 1 }
    let length: Int
    var lower: UInt8 = 0x80
    var upper: UInt8 = 0xBF
    switch first {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, lower) = (3, 0xA0)
    case 0xED: (length, upper) = (3, 0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, lower) = (4, 0x90)
    case 0xF4: (length, upper) = (4, 0x8F)
    case 0xF1...0xF3: length = 4
    default: return -1
    }
    for k in 1..<length {
      guard i + k < count, bytes[i + k] >= lower, bytes[i + k] <= upper else { return -k }
      lower = 0x80
      upper = 0xBF
    }
    return length
  }
}
