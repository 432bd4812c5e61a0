internal import CScan
internal import Dataflow

/// The 128-bit hash of a shape: literal text and token kinds in order. Multiply-and-fold in two lanes, as `KeyHasher`.
///
/// Each step takes in up to 16 bytes of literal together with what follows it, so a token costs one step however it is cut off.
struct ShapeHasher {
  /// Raise it whenever any text may get another shape: stored ids of different versions must not meet.
  static let version: UInt64 = 2

  private var a: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ version &* 0xD6E8_FEB8_6659_FD93
  private var b: UInt64 = 0xC2B2_AE3D_27D4_EB4F ^ version &* 0xA5A3_5642_5F1B_6A0D

  @inline(__always)
  private static func mix(_ x: UInt64, _ y: UInt64) -> UInt64 {
    let product = x.multipliedFullWidth(by: y)
    return product.high ^ product.low
  }

  @inline(__always)
  private mutating func step(_ x: UInt64, _ y: UInt64, _ tag: UInt64) {
    a = Self.mix(a ^ x, y ^ tag ^ 0xA076_1D64_78BD_642F)
    b = Self.mix(b ^ y ^ tag, x ^ 0xE703_7ED1_A0B4_28DB) &+ a
  }

  /// Takes in the literal [start, stop) of a text that begins at `begin`, and the kind of the token that follows (0: the text ends).
  @inline(__always)
  mutating func combine(_ start: UnsafePointer<UInt8>, _ stop: UnsafePointer<UInt8>, then kind: UInt8, in begin: UnsafePointer<UInt8>) {
    var start = start
    let tag = (UInt64(truncatingIfNeeded: stop - start) << 8 | UInt64(kind)) &* 0x8EBC_6AF0_9C88_C6E3
    while stop - start > 16 {
      let raw = UnsafeRawPointer(start)
      step(raw.loadUnaligned(as: UInt64.self), raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self), 0)
      start += 16
    }
    let last = cscan_last16(stop, stop - start, begin)
    step(last.first, last.second, tag)
  }

  func finish() -> KeyHash {
    KeyHash(high: Self.mix(a, 0x8EBC_6AF0_9C88_C6E3) ^ b, low: Self.mix(b, 0x5899_65CC_7537_4CC3) ^ a)
  }
}
