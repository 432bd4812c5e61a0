/// SHA-256 (FIPS 180-4), for the provenance of artifacts: the target has no library to take it from.
package enum Digest {
  private static let constants: [UInt32] = {
    // The first 32 bits of the fractions of the cube roots of the first 64 primes.
    var constants: [UInt32] = []
    var candidate = 2
    while constants.count < 64 {
      if (2..<candidate).allSatisfy({ candidate % $0 != 0 }) { constants.append(fraction(candidate, root: 3)) }
      candidate += 1
    }
    return constants
  }()

  /// 32 bits of the fraction of a root, by integer search: floating point would be off in the last bits.
  private static func fraction(_ value: Int, root: Int) -> UInt32 {
    // The largest x with x^root <= value * 2^(32*root).
    var low: UInt64 = 0
    var high: UInt64 = 1 << 36
    while high - low > 1 {
      let middle = (low + high) / 2
      if isAtMost(middle, root, UInt64(value)) { low = middle } else { high = middle }
    }
    return UInt32(truncatingIfNeeded: low)
  }

  private static func isAtMost(_ x: UInt64, _ root: Int, _ value: UInt64) -> Bool {
    let wide = UInt128(x)
    if root == 2 { return wide * wide <= UInt128(value) << 64 }
    // x^3 <= value * 2^96 with x < 2^36 and value < 2^9: 108 bits.
    return wide * wide * wide <= UInt128(value) << 96
  }

  /// The digest as 64 hex digits.
  package static func sha256(_ message: [UInt8]) -> String {
    var state: [UInt32] = [2, 3, 5, 7, 11, 13, 17, 19].map { fraction($0, root: 2) }
    var bytes = message
    bytes.append(0x80)
    while bytes.count % 64 != 56 { bytes.append(0) }
    let bits = UInt64(message.count) * 8
    for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift))) }
    var words = [UInt32](repeating: 0, count: 64)
    for block in stride(from: 0, to: bytes.count, by: 64) {
      for i in 0..<16 {
        let at = block + i * 4
        words[i] = UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16 | UInt32(bytes[at + 2]) << 8 | UInt32(bytes[at + 3])
      }
      for i in 16..<64 {
        let s0 = rotate(words[i - 15], 7) ^ rotate(words[i - 15], 18) ^ words[i - 15] >> 3
        let s1 = rotate(words[i - 2], 17) ^ rotate(words[i - 2], 19) ^ words[i - 2] >> 10
        words[i] = words[i - 16] &+ s0 &+ words[i - 7] &+ s1
      }
      mix(words, into: &state)
    }
    return state.map { word in
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 8 - text.utf8.count) + text
    }.joined()
  }

  private static func mix(_ words: [UInt32], into state: inout [UInt32]) {
    var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7])
    for i in 0..<64 {
      let s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      let choice = (e & f) ^ (~e & g)
      let first = h &+ s1 &+ choice &+ constants[i] &+ words[i]
      let s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      let majority = (a & b) ^ (a & c) ^ (b & c)
      (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ s0 &+ majority)
    }
    for (i, value) in [a, b, c, d, e, f, g, h].enumerated() { state[i] &+= value }
  }

  private static func rotate(_ x: UInt32, _ by: UInt32) -> UInt32 { x >> by | x << (32 - by) }
}
