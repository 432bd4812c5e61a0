internal import Dataflow

/// 128-bit ids as 32 lower-case hexadecimal digits.
enum HexID {
  /// The id that the digits say; nil for anything but 32 of them.
  static func read(_ view: ByteView) -> KeyHash? {
    guard view.count == 32 else { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    var i = 0
    for byte in view.buffer {
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x61...0x66: digit = byte - 0x57
      default: return nil
      }
      if i < 16 { words.0 = words.0 << 4 | UInt64(digit) } else { words.1 = words.1 << 4 | UInt64(digit) }
      i += 1
    }
    return KeyHash(high: words.0, low: words.1)
  }

  /// The digits of the id, in the batch's memory.
  static func write(_ id: KeyHash, in batch: RecordBatch) -> ByteView {
    let text = batch.allocate(32)
    ShapeCache.write(id, to: text)
    return ByteView(base: text, count: 32)
  }
}
