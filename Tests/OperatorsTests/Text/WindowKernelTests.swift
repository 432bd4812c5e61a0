import CScan
import Testing

/// The bit-map kernels against the tables they stand for.
@Suite("window kernels")
struct WindowKernelTests {
  /// The bit maps of the first 64 bytes, one byte at a time.
  private func reference(_ bytes: ArraySlice<UInt8>) -> [UInt64] {
    var maps = [UInt64](repeating: 0, count: 5)
    for (i, byte) in bytes.prefix(64).enumerated() {
      let bit: UInt64 = 1 << UInt64(i)
      if cscan_is_trigger(byte) != 0 { maps[0] |= bit }
      if cscan_lane(byte) != 0 { maps[1] |= bit }
      if byte >= 0x30 && byte <= 0x39 { maps[2] |= bit }
      if byte == 0x2E { maps[3] |= bit }
      if byte == 0x3A { maps[4] |= bit }
    }
    return maps
  }

  private func maps(_ window: cscan_window) -> [UInt64] { [window.triggers, window.atoms, window.digits, window.dots, window.colons] }

  @Test("agree with the tables on every byte, at every length and place")
  func agree() {
    var random = SplitMix(seed: 11)
    var texts: [[UInt8]] = [Array(0...255)]
    for count in 1...140 { texts.append((0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }) }
    for count in [64, 65, 100] { texts.append((0..<count).map { _ in Array("a9.:/-_~@%+$<=\\ Z".utf8)[Int(random.next() % 17)] }) }
    for text in texts {
      text.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        let end = base + text.count
        for start in 0..<text.count {
          let expected = reference(text[start...])
          #expect(maps(cscan_window_at(base + start, base, end)) == expected, "\(text), \(start)")
          #expect(maps(cscan_window_portable(base + start, base, end)) == expected, "\(text), \(start)")
        }
      }
    }
  }

  @Test("the last sixteen bytes are padded in front with zeros")
  func lastBytes() {
    let text = Array("0123456789abcdefghijklmnop".utf8)
    text.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for end in 0...text.count {
        for count in 0...min(16, end) {
          let pair = cscan_last16(base + end, count, base)
          var expected = [UInt8](repeating: 0, count: 16 - count)
          expected += text[(end - count)..<end]
          let words = [pair.first, pair.second]
          let bytes = (0..<16).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64($0 % 8 * 8)) }
          #expect(bytes == expected)
        }
      }
    }
  }
}
