/// Random numbers that are a pure function of a seed and a place: SplitMix64 (Steele, Lea, Flood; public domain) started at a mixed state.
struct ShopRandom {
  private var state: UInt64

  /// The stream of one place. Streams of different places or salts do not overlap in practice (they start 2^64 apart at random).
  @inline(__always)
  init(seed: UInt64, salt: UInt64, place: UInt64) {
    state = Self.mix(seed ^ salt) ^ Self.mix(place &+ salt)
  }

  @inline(__always)
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  /// Uniform below `bound`, by multiplication; the bias is below 2^-32.
  @inline(__always)
  mutating func below(_ bound: Int) -> Int { Self.scale(next(), below: bound) }

  @inline(__always)
  static func scale(_ bits: UInt64, below bound: Int) -> Int {
    Int(bits.multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A bijection of 64 bits: distinct places give distinct numbers.
  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
