internal import CZstd

/// Compresses byte ranges, each into one zstd frame that says how large its content is.
///
/// Owns its working memory (about 1 MiB at level 1, 4 MiB at level 3), which is reused from call to call; keep one per thread.
/// `@unchecked Sendable`: the context has no second owner and every use of it is `mutating`, hence exclusive.
public struct ZstdCompressor: ~Copyable, @unchecked Sendable {
  private let context: OpaquePointer

  /// Takes the library's context.
  ///
  /// - Parameter checksum: adds 4 bytes to every frame with which decompression finds damage.
  /// - Throws: `ZstdError` with `.failed` when there is no memory.
  public init(checksum: Bool = false) throws(ZstdError) {
    guard let context = ZSTD_createCCtx() else { throw ZstdError(.failed, "zstd: no memory for a compressor") }
    self.context = context
    _ = ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum ? 1 : 0)  // cannot fail on a fresh context
  }

  deinit {
    ZSTD_freeCCtx(context)
  }

  /// The most bytes that `count` bytes can become.
  public static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

  /// Compresses the bytes into one frame.
  ///
  /// - Parameter level: 1 (fast) to 19 (small); negative levels are faster still.
  /// - Throws: `ZstdError` with `.failed`.
  public mutating func compress(_ bytes: UnsafeRawBufferPointer, level: Int32 = 1) throws(ZstdError) -> [UInt8] {
    var result: [UInt8] = []
    try compress(bytes, level: level, appendingTo: &result)
    return result
  }

  /// Compresses the bytes into one frame.
  ///
  /// - Throws: `ZstdError` with `.failed`.
  public mutating func compress(_ bytes: [UInt8], level: Int32 = 1) throws(ZstdError) -> [UInt8] {
    var result: [UInt8] = []
    try compress(bytes, level: level, appendingTo: &result)
    return result
  }

  /// Appends the bytes as one frame; answers with the frame's length.
  ///
  /// - Throws: `ZstdError` with `.failed`; `output` is then as it was.
  @discardableResult
  public mutating func compress(
    _ bytes: UnsafeRawBufferPointer, level: Int32 = 1, appendingTo output: inout [UInt8]
  ) throws(ZstdError) -> Int {
    let bound = Self.bound(bytes.count)
    // Levels are clamped, so this cannot fail.
    _ = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    let context = context
    var result = 0
    // A piece of its own is not zeroed first, and leaves `output` no larger than it needs to be.
    let frame = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
      result = ZSTD_compress2(context, target.baseAddress, bound, bytes.baseAddress, bytes.count)
      count = ZSTD_isError(result) == 0 ? result : 0
    }
    output.append(contentsOf: frame)
    return try ZstdError.check(result, .failed)
  }

  /// Appends the bytes as one frame; answers with the frame's length. Throws as its twin for pointers.
  @discardableResult
  public mutating func compress(_ bytes: [UInt8], level: Int32 = 1, appendingTo output: inout [UInt8]) throws(ZstdError) -> Int {
    // A closure must not capture a noncopyable `self`; the span lends the bytes without one.
    let span = bytes.span.bytes
    return try span.withUnsafeBytes { pointer throws(ZstdError) in try compress(pointer, level: level, appendingTo: &output) }
  }
}
