import Gzip
import Testing

@Suite("gzip")
struct GzipTests {
  @Test("members that follow each other come out whole, however they are cut", arguments: [1, 2, 3] as [UInt64])
  func streaming(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var members: [UInt8] = []
    var expected: [UInt8] = []
    for count in [100, 0, 40_000, 1] {
      let bytes = mixedBytes(count, using: &random)
      members += try GzipCompressor.compress(bytes, level: Int32.random(in: 0...9, using: &random))
      members += [UInt8](repeating: 0, count: Int.random(in: 0...20, using: &random))
      expected += bytes
    }
    for _ in 0..<5 {
      let inputStep = Int.random(in: 1...3000, using: &random)
      let outputStep = Int.random(in: 1...3000, using: &random)
      #expect(try stream(members, inputStep: inputStep, outputStep: outputStep) == expected)
    }
  }

  @Test("a cut end, damage and strange bytes behind are told")
  func damage() throws {
    var random = SeededGenerator(seed: 9)
    let bytes = mixedBytes(2000, using: &random)
    let member = try GzipCompressor.compress(bytes)
    #expect(try stream([], inputStep: 10, outputStep: 10) == [])
    for cut in 1..<member.count where cut % 31 == 1 || cut < 20 || cut > member.count - 10 {
      #expect(code { try stream(Array(member.prefix(cut)), inputStep: 100, outputStep: 100) } == .truncated)
    }
    #expect(code { try stream(member + [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7], inputStep: 100, outputStep: 100) } == .corrupt)
    for _ in 0..<500 {
      var damaged = member
      damaged[Int.random(in: 0..<member.count, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
      // Time and system in the header mean nothing; whatever is accepted must be right.
      if let content = try? stream(damaged, inputStep: 700, outputStep: 700) { #expect(content == bytes) }
    }
  }

  @Test("a bomb is refused by its ratio, and honest text is not")
  func bomb() throws {
    let bomb = try GzipCompressor.compress([UInt8](repeating: 0, count: 8 << 20))
    #expect(code { try stream(bomb, inputStep: 1 << 16, outputStep: 1 << 16, ratioLimit: 200) } == .tooLarge)
    #expect(try stream(bomb, inputStep: 1 << 16, outputStep: 1 << 16).count == 8 << 20)
    var random = SeededGenerator(seed: 3)
    let bytes = mixedBytes(3 << 20, using: &random)
    #expect(try stream(GzipCompressor.compress(bytes), inputStep: 1 << 16, outputStep: 1 << 16, ratioLimit: 200) == bytes)
  }

  private func stream(_ members: [UInt8], inputStep: Int, outputStep: Int, ratioLimit: Int = 0) throws -> [UInt8] {
    var gunzip = try GunzipStream(ratioLimit: ratioLimit)
    var result: [UInt8] = []
    var at = 0
    var output = [UInt8](repeating: 0, count: outputStep)
    while true {
      let end = min(members.count, at + inputStep)
      let (consumed, produced) = try members.withUnsafeBytes { input in
        try output.withUnsafeMutableBytes { try gunzip.decompress(.init(rebasing: input[at..<end]), into: $0) }
      }
      at += consumed
      result += output.prefix(produced)
      if at == members.count && produced < outputStep { break }
    }
    try gunzip.finish()
    return result
  }

  private func code<T>(_ body: () throws -> T) -> GzipError.Code? {
    do {
      _ = try body()
      return nil
    } catch { return (error as? GzipError)?.code }
  }
}
