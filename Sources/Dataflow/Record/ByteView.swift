/// A borrowed run of bytes inside memory that the batch keeps alive; `base == nil` is SQL's NULL, not the empty string.
///
/// Views are absolute, so a row moves from batch to batch by copying 16 bytes; the receiving batch must retain the blocks
/// that the views point into (`RecordBatch.retainMemory(of:)`).
@frozen
public struct ByteView: BitwiseCopyable {
  /// The first byte; nil is NULL.
  public var base: UnsafePointer<UInt8>?
  /// Bytes behind `base`.
  public var count: Int

  /// A view of bytes that somebody else keeps alive.
  @inlinable
  public init(base: UnsafePointer<UInt8>?, count: Int) {
    self.base = base
    self.count = count
  }

  /// NULL.
  @inlinable
  public static var null: ByteView { ByteView(base: nil, count: 0) }

  /// Whether it is NULL. An empty text is not.
  @inlinable
  public var isNull: Bool { base == nil }

  /// The bytes; empty for NULL.
  @inlinable
  public var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

  /// The first 8 bytes; of a shorter value a number that no other value of the same length has. Reads exactly `count` bytes.
  @inlinable
  public var prefix: UInt64 {
    guard let base else { return 0 }
    let raw = UnsafeRawPointer(base)
    if count >= 8 { return raw.loadUnaligned(as: UInt64.self) }
    if count >= 4 {
      // Two loads that overlap: together they hold every byte.
      return UInt64(raw.loadUnaligned(as: UInt32.self)) | UInt64(raw.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)) << 32
    }
    return count == 0 ? 0 : UInt64(base[0]) | UInt64(base[count / 2]) << 8 | UInt64(base[count - 1]) << 16
  }

  /// A copy as text; invalid UTF-8 is repaired. Not for the hot path.
  public var string: String { String(decoding: buffer, as: UTF8.self) }
}
