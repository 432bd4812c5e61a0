/// A small generator with a seed, so that a failing run can be repeated (SplitMix64, public domain).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Bytes that compress well in parts and not at all in others.
func mixedBytes(_ count: Int, using random: inout SeededGenerator) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count)
  while bytes.count < count {
    let run = Int.random(in: 1...200, using: &random)
    if Bool.random(using: &random) {
      bytes.append(contentsOf: repeatElement(UInt8.random(in: 0...255, using: &random), count: run))
    } else {
      for _ in 0..<run { bytes.append(UInt8.random(in: 0...255, using: &random)) }
    }
  }
  return Array(bytes.prefix(count))
}
