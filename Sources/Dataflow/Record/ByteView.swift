/// A borrowed run of bytes inside memory that the batch keeps alive; `base == nil` is SQL's NULL, not the empty string.
///
/// Views are absolute, so a row moves from batch to batch by copying 16 bytes; the receiving batch must retain the blocks
/// that the views point into (`RecordBatch.retainMemory(of:)`).
@frozen
public struct ByteView: BitwiseCopyable {
  public var base: UnsafePointer<UInt8>?
  public var count: Int

  @inlinable
  public init(base: UnsafePointer<UInt8>?, count: Int) {
    self.base = base
    self.count = count
  }

  @inlinable
  public static var null: ByteView { ByteView(base: nil, count: 0) }

  @inlinable
  public var isNull: Bool { base == nil }

  @inlinable
  public var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

  /// A copy as text; invalid UTF-8 is repaired. Not for the hot path.
  public var string: String { String(decoding: buffer, as: UTF8.self) }
}
