import Testing
import Zstd

@Suite("zstd")
struct ZstdTests {
  @Test("what was compressed comes back, at any size and level", arguments: [1, 2, 3] as [UInt64])
  func roundTrip(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var compressor = try ZstdCompressor(checksum: seed == 2)
    var decompressor = try ZstdDecompressor()
    for count in [0, 1, 17, 1000, 65_536, 300_000] {
      let bytes = mixedBytes(count, using: &random)
      let frame = try compressor.compress(bytes, level: Int32.random(in: -3...6, using: &random))
      #expect(frame.count <= ZstdCompressor.bound(count))
      #expect(try decompressor.decompress(frame, limit: count) == bytes)
      #expect(try frame.withUnsafeBytes { try ZstdDecompressor.contentSize($0) } == UInt64(count))
    }
  }

  @Test("appending leaves what stood before, also when it fails")
  func appending() throws {
    var compressor = try ZstdCompressor()
    var decompressor = try ZstdDecompressor()
    var frames: [UInt8] = [9, 9]
    let first = try compressor.compress([1, 2, 3], appendingTo: &frames)
    let second = try compressor.compress([UInt8](repeating: 7, count: 5000), appendingTo: &frames)
    #expect(frames.count == 2 + first + second)
    var content: [UInt8] = [5]
    try frames.withUnsafeBytes { try decompressor.decompress(.init(rebasing: $0[2..<2 + first]), limit: 10, appendingTo: &content) }
    #expect(content == [5, 1, 2, 3])
    var damaged = frames
    damaged[damaged.count - 1] ^= 0xff
    #expect(throws: ZstdError.self) {
      try damaged.withUnsafeBytes { try decompressor.decompress(.init(rebasing: $0[2...]), limit: 10_000, appendingTo: &content) }
    }
    #expect(content == [5, 1, 2, 3])
  }

  @Test("a frame that says it is larger than the limit is refused before memory is taken")
  func bomb() throws {
    var compressor = try ZstdCompressor()
    var decompressor = try ZstdDecompressor()
    let frame = try compressor.compress([UInt8](repeating: 0, count: 5_000_000))
    #expect(frame.count < 10_000)
    #expect(throws: ZstdError.self) { try decompressor.decompress(frame, limit: 4_999_999) }
    #expect(code { try decompressor.decompress(frame, limit: 1000) } == .tooLarge)

    // A header that claims 2^62 bytes: single segment, eight bytes of size, one empty last block.
    let claims: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0, 0, 0, 0, 0x40, 1, 0, 0]
    #expect(code { try decompressor.decompress(claims, limit: 1 << 30) } == .tooLarge)
    #expect(code { try decompressor.decompress(claims, limit: -1) } == .tooLarge)
  }

  @Test("a frame without a size is refused in one piece and read as a stream")
  func unknownSize() throws {
    // Window descriptor 0, one last raw block of three bytes.
    let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x00, 0x19, 0, 0, 97, 98, 99]
    var decompressor = try ZstdDecompressor()
    #expect(code { try decompressor.decompress(frame, limit: 100) } == .unknownSize)
    #expect(try stream(frame, inputStep: 100, outputStep: 100) == [97, 98, 99])
  }

  @Test("damage and bytes after the frame are told")
  func damage() throws {
    var compressor = try ZstdCompressor(checksum: true)
    var decompressor = try ZstdDecompressor()
    var random = SeededGenerator(seed: 4)
    let bytes = mixedBytes(3000, using: &random)
    let frame = try compressor.compress(bytes)
    #expect(code { try decompressor.decompress([], limit: 10) } != nil)
    #expect(code { try decompressor.decompress([1, 2, 3, 4, 5, 6, 7, 8], limit: 10) } == .corrupt)
    #expect(code { try decompressor.decompress(frame + [0], limit: 3000) } == .corrupt)
    for cut in stride(from: 0, to: frame.count, by: 37) {
      #expect(code { try decompressor.decompress(Array(frame.prefix(cut)), limit: 3000) } != nil)
    }
    for _ in 0..<500 {
      var damaged = frame
      damaged[Int.random(in: 0..<frame.count, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
      // Some header bits mean nothing; whatever is accepted must be right.
      if let content = try? decompressor.decompress(damaged, limit: 3000) { #expect(content == bytes) }
    }
  }

  @Test("a stream of frames comes out whole, however it is cut", arguments: [5, 6, 7] as [UInt64])
  func streaming(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var compressor = try ZstdCompressor()
    var frames: [UInt8] = []
    var expected: [UInt8] = []
    for count in [100, 0, 40_000, 1] {
      let bytes = mixedBytes(count, using: &random)
      try compressor.compress(bytes, appendingTo: &frames)
      expected += bytes
    }
    for _ in 0..<5 {
      let inputStep = Int.random(in: 1...3000, using: &random)
      let outputStep = Int.random(in: 1...3000, using: &random)
      #expect(try stream(frames, inputStep: inputStep, outputStep: outputStep) == expected)
    }
    #expect(throws: ZstdError.self) { try stream(Array(frames.dropLast(1)), inputStep: 500, outputStep: 500) }
    #expect(throws: ZstdError.self) { try stream(Array(frames.prefix(3)), inputStep: 500, outputStep: 500) }
    #expect(throws: ZstdError.self) { try stream(frames + [1, 2, 3, 4, 5], inputStep: 500, outputStep: 500) }
  }

  private func stream(_ frames: [UInt8], inputStep: Int, outputStep: Int) throws -> [UInt8] {
    var decompressor = try ZstdStreamDecompressor()
    var result: [UInt8] = []
    var at = 0
    var output = [UInt8](repeating: 0, count: outputStep)
    while true {
      let end = min(frames.count, at + inputStep)
      let (consumed, produced) = try frames.withUnsafeBytes { input in
        try output.withUnsafeMutableBytes { try decompressor.decompress(.init(rebasing: input[at..<end]), into: $0) }
      }
      at += consumed
      result += output.prefix(produced)
      if at == frames.count && produced < outputStep { break }
    }
    try decompressor.finish()
    return result
  }

  private func code<T>(_ body: () throws -> T) -> ZstdError.Code? {
    do {
      _ = try body()
      return nil
    } catch { return (error as? ZstdError)?.code }
  }
}
