internal import CScan
internal import Dataflow

/// What a segment file is called and how it begins. A partition is a folder of segments, each named after its first offset.
///
/// ```
/// "SLTS" │ version u32 │ topic u64 │ first offset i64 │ made at i64 │ partition u32 │ crc u32 │ frames …
/// ```
package struct TopicSegment: Equatable {
  package static let headSize = 40
  private static let magic: [UInt8] = Array("SLTS".utf8)
  private static let version: UInt32 = 1
  private static let suffix = ".segment"

  /// The id of the topic that it belongs to.
  package var topic: UInt64
  package var partition: Int
  /// The offset of its first record.
  package var base: Int64
  /// When it was begun, in nanoseconds since 1970.
  package var created: Int64

  /// The head of the file.
  package var encoded: [UInt8] {
    var bytes = Self.magic
    bytes.append(integer: Self.version)
    bytes.append(integer: topic)
    bytes.append(integer: base)
    bytes.append(integer: created)
    bytes.append(integer: UInt32(partition))
    bytes.append(integer: bytes.withUnsafeBytes { cscan_crc32c(0, $0.baseAddress, $0.count) })
    return bytes
  }

  package init(topic: UInt64, partition: Int, base: Int64, created: Int64) {
    self.topic = topic
    self.partition = partition
    self.base = base
    self.created = created
  }

  /// Reads a head; nil when it is damaged or of another version.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.headSize, bytes.starts(with: Self.magic) else { return nil }
    let fields = bytes.withUnsafeBytes { raw in
      (
        raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self), raw.loadUnaligned(fromByteOffset: 16, as: Int64.self),
        raw.loadUnaligned(fromByteOffset: 24, as: Int64.self), raw.loadUnaligned(fromByteOffset: 32, as: UInt32.self)
      )
    }
    self.init(
      topic: UInt64(littleEndian: fields.0), partition: Int(UInt32(littleEndian: fields.3)), base: Int64(littleEndian: fields.1),
      created: Int64(littleEndian: fields.2))
    if encoded != bytes { return nil }
  }

  /// The file that begins with this offset: 20 digits, so that names sort as offsets do.
  package static func name(_ base: Int64) -> String {
    let digits = String(base)
    return String(repeating: "0", count: max(0, 20 - digits.utf8.count)) + digits + suffix
  }

  /// The first offset of a file of that name; nil for a file that is no segment.
  package static func base(_ name: String) -> Int64? {
    guard name.hasSuffix(suffix), name.utf8.count == 20 + suffix.utf8.count else { return nil }
    let digits = name.dropLast(suffix.count)
    return digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(digits) : nil
  }

  /// The first offsets of the segments among these names, rising.
  package static func bases(_ names: [String]) -> [Int64] { names.compactMap(base).sorted() }
}
