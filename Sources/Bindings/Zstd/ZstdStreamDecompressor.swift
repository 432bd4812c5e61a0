internal import CZstd

/// Decompresses a stream of zstd frames piece by piece: feed what was read, take what comes out.
///
/// Frames may follow each other; skippable frames are skipped. Memory is bounded by the window: 8 MiB at usual levels, at most 128 MiB.
/// `@unchecked Sendable`: the context has no second owner and every use of it is `mutating`, hence exclusive.
public struct ZstdStreamDecompressor: ~Copyable, @unchecked Sendable {
  private let context: OpaquePointer
  private var isInsideFrame = false

  /// Takes the library's context.
  ///
  /// - Throws: `ZstdError` with `.failed` when there is no memory.
  public init() throws(ZstdError) {
    guard let context = ZSTD_createDCtx() else { throw ZstdError(.failed, "zstd: no memory for a decompressor") }
    // The reference limit for streams: a frame that asks for a larger window is refused, not served. 27 is in bounds: it cannot fail.
    _ = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 27)
    self.context = context
  }

  deinit {
    ZSTD_freeDCtx(context)
  }

  /// Takes bytes from `input` and writes content to `output`; stops when either is used up, or at the end of a frame.
  ///
  /// Call again with what is left. When `produced` fills the output there may be more to come without further input.
  /// - Throws: `ZstdError` with `.corrupt`. What was produced by earlier calls is right.
  public mutating func decompress(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(ZstdError) -> (consumed: Int, produced: Int) {
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let hint = try ZstdError.check(ZSTD_decompressStream(context, &target, &source), .corrupt)
    if hint == 0 {
      isInsideFrame = false
    } else if source.pos > 0 || target.pos > 0 {
      isInsideFrame = true
    }
    return (source.pos, target.pos)
  }

  /// Says that no more input follows.
  ///
  /// - Throws: `ZstdError` with `.truncated` when the last frame is not complete.
  public func finish() throws(ZstdError) {
    if isInsideFrame { throw ZstdError(.truncated, "zstd: the stream ends inside of a frame") }
  }
}
