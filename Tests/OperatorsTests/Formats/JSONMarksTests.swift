import CScan
import Testing

@Suite struct JSONMarksTests {
  @Test("every implementation marks the same bytes: quotes, backslashes, control bytes, and the end", arguments: [1, 2, 3] as [UInt64])
  func agreement(seed: UInt64) {
    var random = FormatsRandom(seed)
    for count in Array(0...200) + [1000, 4096] {
      let bytes = (0..<count).map { _ in
        Int.random(in: 0..<3, using: &random) == 0
          ? [0x22, 0x5c, 0x1f, 0x20, 0x00, 0x21, 0x23, 0x5b, 0x5d, 0xa2, 0xdc, 0x80].randomElement(using: &random)!
          : UInt8.random(in: 0...255, using: &random)
      }
      var expected = [UInt64](repeating: 0, count: count / 64 + 1)
      for (index, byte) in bytes.enumerated() where byte == 0x22 || byte == 0x5c || byte < 0x20 {
        expected[index / 64] |= 1 << (index % 64)
      }
      expected[count / 64] |= 1 << (count % 64)
      for level in 0...3 as ClosedRange<Int32> {
        var marks = [UInt64](repeating: .max, count: cscan_json_mark_words(count))
        let guarded = GuardedMemory(bytes)
        if cscan_json_mark_with(level, guarded.buffer.baseAddress, count, false, &marks) {
          #expect(marks.dropLast() == expected[...], "level \(level), \(count) bytes, seed \(seed)")
        }
        let padded = bytes + [UInt8](repeating: 0x22, count: 64)
        if cscan_json_mark_with(level, padded, count, true, &marks) {
          #expect(marks.dropLast() == expected[...], "level \(level), \(count) bytes padded, seed \(seed)")
        }
      }
    }
    var marks: [UInt64] = [0, 0]
    #expect(cscan_json_mark_with(0, [0], 0, false, &marks))
    #expect(!cscan_json_mark_with(4, [0], 0, false, &marks))
  }

  @Test("eight digits at a time give what a loop gives, and nothing else passes")
  func digits() {
    var random = FormatsRandom(9)
    for _ in 0..<2000 {
      let number = Int64.random(in: 0...99_999_999, using: &random)
      let text = Array(("0000000" + String(number)).suffix(8).utf8)
      #expect(cscan_json_eight_digits(text) == number)
      var broken = text
      let at = Int.random(in: 0..<8, using: &random)
      broken[at] = UInt8.random(in: 0...255, using: &random)
      let isNumber = broken[at] >= 0x30 && broken[at] <= 0x39
      #expect((cscan_json_eight_digits(broken) >= 0) == isNumber)
    }
  }
}
