import Connectors
import Testing

@Suite("Storable text")
struct StorableTextTests {
  /// The repair as Swift's own decoder does it, NUL replaced on top.
  static func model(_ bytes: [UInt8]) -> [UInt8] {
    Array(String(decoding: bytes, as: UTF8.self).replacing("\0", with: "\u{FFFD}").utf8)
  }

  private func repair(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: bytes.count * 3 + 1) { buffer, count in
      count = bytes.withUnsafeBufferPointer { source in
        // An empty array may have no address.
        guard let base = source.baseAddress, let target = buffer.baseAddress else { return 0 }
        return StorableText.repair(base, source.count, into: target)
      }
    }
  }

  private func isStorable(_ bytes: [UInt8]) -> Bool {
    (bytes + [0xFF]).withUnsafeBufferPointer { source in
      guard let base = source.baseAddress else { return true }
      return StorableText.isStorable(base, bytes.count)
    }
  }

  private func check(_ bytes: [UInt8]) {
    let expected = Self.model(bytes)
    #expect(repair(bytes) == expected, "\(bytes)")
    #expect(isStorable(bytes) == (expected == bytes), "\(bytes)")
  }

  @Test("every single byte, every pair, and every start of a long sequence is repaired as Unicode says")
  func short() {
    for a in 0...255 as ClosedRange<UInt8> {
      check([a])
      for b in 0...255 as ClosedRange<UInt8> { check([a, b]) }
    }
    let edges: [UInt8] = [0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF]
    for a in edges { for b in edges { for c in edges { for d in edges { check([a, b, c, d]) } } } }
  }

  @Test("random bytes and damaged text are repaired as Swift's decoder does, at every alignment")
  func random() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(seed: seed)
    let text = Array("user 42 logged in from Zürich — 価格 🎉 ok".utf8)
    for _ in 0..<3_000 {
      var bytes = text + text.prefix(Int.random(in: 0...text.count, using: &random))
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      check(Array(bytes.dropFirst(Int.random(in: 0..<9, using: &random))))
    }
  }
}
