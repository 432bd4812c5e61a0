#if Snappy
internal import CSnappy

/// Snappy's block format, as Prometheus and Loki send it: one piece that begins with its length and carries no checksum. Holds no state.
public enum SnappyBlock {
  /// The most bytes that come out of one that goes in: the densest element, a copy of 64 bytes, takes three.
  private static let densest = 22

  /// The content of exactly one block.
  ///
  /// - Parameter limit: the most bytes the content may have; checked, like what the block's own length can hold at all, before memory is taken.
  /// - Throws: `SnappyError`: `.tooLarge` above the limit, `.corrupt` for everything else that is wrong (also bytes after the block).
  public static func decompress(_ block: UnsafeRawBufferPointer, limit: Int) throws(SnappyError) -> [UInt8] {
    guard let input = block.baseAddress?.assumingMemoryBound(to: CChar.self) else {
      throw SnappyError(.corrupt, "snappy: an empty body is no block")
    }
    var declared = 0
    guard snappy_uncompressed_length(input, block.count, &declared) == SNAPPY_OK else {
      throw SnappyError(.corrupt, "snappy: the bytes do not begin with a length")
    }
    guard declared <= max(0, limit) else {
      throw SnappyError(.tooLarge, "snappy: the block holds \(declared) bytes, more than the allowed \(limit)")
    }
    guard declared / densest <= block.count else {
      throw SnappyError(.corrupt, "snappy: \(block.count) bytes cannot hold the \(declared) that they say")
    }
    var length = declared
    var status = SNAPPY_INVALID_INPUT
    // The library writes at most `length` bytes, and fails when the elements say anything else than the length in front of them.
    let content = [UInt8](unsafeUninitializedCapacity: max(1, declared)) { target, count in
      target.withMemoryRebound(to: CChar.self) { status = snappy_uncompress(input, block.count, $0.baseAddress, &length) }
      count = status == SNAPPY_OK ? length : 0
    }
    guard status == SNAPPY_OK else { throw SnappyError(.corrupt, "snappy: the block is damaged or cut short") }
    return content
  }

  /// The content of exactly one block. Throws as its twin for pointers.
  public static func decompress(_ block: [UInt8], limit: Int) throws(SnappyError) -> [UInt8] {
    let span = block.span.bytes
    return try span.withUnsafeBytes { bytes throws(SnappyError) in try decompress(bytes, limit: limit) }
  }

  /// The bytes as one block. Cannot fail: a block may be of any length.
  ///
  /// - Precondition: fewer than 4 GiB, the longest that the format can say.
  public static func compress(_ bytes: [UInt8]) -> [UInt8] {
    precondition(bytes.count <= UInt32.max, "a snappy block holds at most 4 GiB")
    var length = snappy_max_compressed_length(bytes.count)
    return [UInt8](unsafeUninitializedCapacity: length) { target, count in
      bytes.withUnsafeBytes { source in
        let input = UnsafePointer(source.assumingMemoryBound(to: CChar.self).baseAddress ?? UnsafePointer(Self.nothing))
        let status = target.withMemoryRebound(to: CChar.self) { snappy_compress(input, source.count, $0.baseAddress, &length) }
        precondition(status == SNAPPY_OK, "snappy has the room that it asked for")
      }
      count = length
    }
  }

  /// Where an empty input points. Safe from any thread: nobody reads or writes there, as the length of 0 goes along.
  nonisolated(unsafe) private static let nothing = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
}
#endif
