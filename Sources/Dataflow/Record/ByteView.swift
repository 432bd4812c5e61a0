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

  /// A copy as text; invalid UTF-8 is repaired. Not for the hot path.
  public var string: String { String(decoding: buffer, as: UTF8.self) }
}
