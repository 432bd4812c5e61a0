#if Snappy
import Snappy
import Testing

@Suite("snappy")
struct SnappyTests {
  @Test("what was compressed comes out again", arguments: [1, 2, 3] as [UInt64])
  func roundTrip(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for count in [0, 1, 59, 60, 61, 65_536, 65_537, 300_000] {
      let bytes = mixedBytes(count, using: &random)
      let block = SnappyBlock.compress(bytes)
      #expect(try SnappyBlock.decompress(block, limit: count) == bytes)
      if count > 0 { #expect(code { try SnappyBlock.decompress(block, limit: count - 1) } == .tooLarge) }
    }
  }

  @Test("a block that was written by hand is read: a literal, then a copy that overlaps itself")
  func format() throws {
    // Length 9; literal of 3 bytes; copy of 6 bytes from 3 bytes back (tag 01, length-4 in bits 2…4).
    #expect(try SnappyBlock.decompress([9, 0x08, 97, 98, 99, 0x09, 3], limit: 100) == Array("abcabcabc".utf8))
  }

  @Test("a block that says more than it can hold is refused before memory is taken for it")
  func bomb() throws {
    // 4 GiB less one byte in five bytes, and more than 32 bits.
    #expect(code { try SnappyBlock.decompress([0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x00, 97], limit: 1 << 20) } == .tooLarge)
    #expect(code { try SnappyBlock.decompress([0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x00, 97], limit: .max) } == .corrupt)
    #expect(code { try SnappyBlock.decompress([0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x00, 97], limit: .max) } == .corrupt)
    // A real one: a megabyte of zeros takes 49 kB, the densest that there is, and is no lie.
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    let block = SnappyBlock.compress(zeros)
    #expect(block.count < 52_000)
    #expect(code { try SnappyBlock.decompress(block, limit: 1 << 19) } == .tooLarge)
    #expect(try SnappyBlock.decompress(block, limit: 1 << 20) == zeros)
  }

  @Test("cut ends, bytes behind and damage are told or change the content; nothing else happens", arguments: [7, 8] as [UInt64])
  func damage(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let bytes = mixedBytes(3000, using: &random)
    let block = SnappyBlock.compress(bytes)
    #expect(code { try SnappyBlock.decompress([], limit: 10) } == .corrupt)
    for cut in 1..<block.count where cut % 17 == 1 || cut > block.count - 5 {
      #expect(code { try SnappyBlock.decompress(Array(block.prefix(cut)), limit: 1 << 20) } == .corrupt)
    }
    #expect(code { try SnappyBlock.decompress(block + [0], limit: 1 << 20) } == .corrupt)
    for _ in 0..<2000 {
      var damaged = block
      for _ in 0...Int.random(in: 0...3, using: &random) {
        damaged[Int.random(in: 0..<block.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if let content = try? SnappyBlock.decompress(damaged, limit: 1 << 20) { #expect(content.count <= 1 << 20) }
    }
  }

  private func code<T>(_ body: () throws -> T) -> SnappyError.Code? {
    do {
      _ = try body()
      return nil
    } catch { return (error as? SnappyError)?.code }
  }
}
#endif
