/// The 128-bit hash of a record's key. Tables compare all 128 bits, so two keys are taken for one with probability 2^-128.
@frozen
public struct KeyHash: Hashable, BitwiseCopyable, Sendable, Comparable {
  /// The first half: key groups are made from it.
  public var high: UInt64
  /// The second half.
  public var low: UInt64

  /// A hash of two halves.
  @inlinable
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// By the first half, then by the second.
  @inlinable
  public static func < (a: KeyHash, b: KeyHash) -> Bool {
    a.high != b.high ? a.high < b.high : a.low < b.low
  }

  /// The key group: which of the 720 units of rescaling the key belongs to.
  @inlinable
  public var group: Int { KeyGroup.of(self) }
}

/// Key groups are the units in which keyed state moves when a job is rescaled. 720 for ever: state written at one parallelism is read at any other.
public enum KeyGroup {
  /// How many there are.
  public static let count = 720
  /// Stands in manifests: state hashed otherwise is refused.
  public static let hashID = "mum128-1"

  /// Contiguous in the hash: `group = (top 32 bits * 720) >> 32`.
  @inlinable
  public static func of(_ key: KeyHash) -> Int {
    Int(((key.high >> 32) &* UInt64(count)) >> 32)
  }

  /// The subtask that owns a group when there are `parallelism` of them.
  @inlinable
  public static func subtask(ofGroup group: Int, parallelism: Int) -> Int {
    group * parallelism / count
  }

  /// The groups a subtask owns, contiguous.
  public static func range(ofSubtask subtask: Int, parallelism: Int) -> Range<Int> {
    let lower = (subtask * count + parallelism - 1) / parallelism
    let upper = ((subtask + 1) * count + parallelism - 1) / parallelism
    return lower..<upper
  }
}

/// An incremental 128-bit hash of byte strings and integers, by multiply-and-fold (the mixing step of Wang Yi's wyhash, public domain), two lanes.
///
/// Not cryptographic. Every value is hashed with its length, so ("a", "bc") and ("ab", "c") differ.
@frozen
public struct KeyHasher {
  @usableFromInline var a: UInt64
  @usableFromInline var b: UInt64

  /// Nothing hashed yet; another seed gives other hashes.
  @inlinable
  public init(seed: UInt64 = 0) {
    a = seed ^ 0x9E37_79B9_7F4A_7C15
    b = seed ^ 0xC2B2_AE3D_27D4_EB4F
  }

  @inlinable
  static func mix(_ x: UInt64, _ y: UInt64) -> UInt64 {
    let product = x.multipliedFullWidth(by: y)
    return product.high ^ product.low
  }

  /// Hashes an integer.
  @inlinable
  public mutating func combine(_ value: UInt64) {
    a = Self.mix(a ^ value, 0xA076_1D64_78BD_642F ^ b)
    b = Self.mix(b ^ value, 0xE703_7ED1_A0B4_28DB) &+ a
  }

  /// Hashes the bytes and their count. Reads exactly `count` bytes.
  @inlinable
  public mutating func combine(_ bytes: UnsafePointer<UInt8>?, _ count: Int) {
    guard let bytes else {
      combine(UInt64.max)
      return
    }
    let raw = UnsafeRawPointer(bytes)
    a ^= UInt64(truncatingIfNeeded: count) &* 0x8EBC_6AF0_9C88_C6E3
    var i = 0
    while i + 16 <= count {
      let x = raw.loadUnaligned(fromByteOffset: i, as: UInt64.self)
      let y = raw.loadUnaligned(fromByteOffset: i + 8, as: UInt64.self)
      a = Self.mix(a ^ x, y ^ 0xA076_1D64_78BD_642F)
      b = Self.mix(b ^ y, x ^ 0xE703_7ED1_A0B4_28DB) &+ a
      i += 16
    }
    var x: UInt64 = 0
    var y: UInt64 = 0
    let rest = count - i
    if rest >= 8 {
      x = raw.loadUnaligned(fromByteOffset: i, as: UInt64.self)
      // Overlapping load: the last 8 bytes of the string, some of them already in x.
      y = raw.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
    } else if rest >= 4 {
      x = UInt64(raw.loadUnaligned(fromByteOffset: i, as: UInt32.self))
      y = UInt64(raw.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
    } else if rest > 0 {
      x = UInt64(bytes[i]) | UInt64(bytes[i + rest / 2]) << 8 | UInt64(bytes[count - 1]) << 16
    }
    a = Self.mix(a ^ x, y ^ 0xA076_1D64_78BD_642F)
    b = Self.mix(b ^ y, x ^ 0xE703_7ED1_A0B4_28DB) &+ a
  }

  /// Hashes the bytes of a view; null differs from empty.
  @inlinable
  public mutating func combine(_ view: ByteView) {
    combine(view.base, view.count)
  }

  /// The hash of everything combined so far.
  @inlinable
  public func finish() -> KeyHash {
    KeyHash(high: Self.mix(a, 0x8EBC_6AF0_9C88_C6E3) ^ b, low: Self.mix(b, 0x5899_65CC_7537_4CC3) ^ a)
  }
}
