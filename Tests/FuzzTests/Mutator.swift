import DataflowTesting

/// Damages good inputs as transmission, other implementations and enemies do. The same seed gives the same damage.
struct Mutator {
  /// Bytes that decoders take for lengths, ends and marks.
  private static let edges: [UInt8] = [0x00, 0x01, 0x7F, 0x80, 0xFF, 0x0A, 0x0D, 0x20, 0x22, 0x5B, 0x5C, 0x7B, 0xC0, 0xED, 0xF4]

  let seeds: [[UInt8]]
  /// Pieces of the language that a decoder reads.
  var tokens: [[UInt8]] = []

  /// A good input with one to eight faults; every sixteenth is good.
  func input(_ random: inout SeededRandom) -> [UInt8] {
    var bytes = seeds[random.int(0...seeds.count - 1)]
    if random.chance(1 / 16) { return bytes }
    for _ in 0..<random.int(1...8) { damage(&bytes, &random) }
    return bytes
  }

  private func damage(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
    let at = random.int(0...bytes.count)
    let end = min(bytes.count, at + random.int(0...(random.chance(0.1) ? 400 : 12)))
    switch random.int(0...9) {
    case 0: if at < bytes.count { bytes[at] = UInt8(truncatingIfNeeded: random.next()) }
    case 1: if at < bytes.count { bytes[at] ^= 1 << UInt8(random.int(0...7)) }
    case 2: if at < bytes.count { bytes[at] = Self.edges[random.int(0...Self.edges.count - 1)] }
    case 3: bytes.removeSubrange(at..<end)
    case 4: bytes.insert(contentsOf: Array(bytes[at..<end]), at: random.int(0...bytes.count))
    case 5:
      // The same piece many times: deep nesting, long lists.
      let piece = Array(bytes[at..<min(end, at + 16)])
      bytes.insert(contentsOf: (0..<random.int(1...200)).flatMap { _ in piece }, at: at)
    case 6, 7:
      guard !tokens.isEmpty else { return damageEdge(&bytes, at, &random) }
      bytes.insert(contentsOf: tokens[random.int(0...tokens.count - 1)], at: at)
    case 8:
      let other = seeds[random.int(0...seeds.count - 1)]
      let from = random.int(0...other.count)
      bytes.replaceSubrange(at..<end, with: other[from..<min(other.count, from + random.int(0...100))])
    default: if random.chance(0.3) { bytes.removeSubrange(at...) } else { damageEdge(&bytes, at, &random) }
    }
  }

  /// Writes a run of one edge over what is there: numbers and lengths that are as large as they can be.
  private func damageEdge(_ bytes: inout [UInt8], _ at: Int, _ random: inout SeededRandom) {
    let edge = Self.edges[random.int(0...Self.edges.count - 1)]
    for index in at..<min(bytes.count, at + random.int(1...10)) { bytes[index] = edge }
  }
}
