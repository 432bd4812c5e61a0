internal import CZstd

/// Decompresses single frames whose size is known and within the caller's limit.
///
/// Owns its working memory (about 160 KiB), which is reused from call to call; keep one per thread.
/// `@unchecked Sendable`: the context has no second owner and every use of it is `mutating`, hence exclusive.
public struct ZstdDecompressor: ~Copyable, @unchecked Sendable {
  private let context: OpaquePointer

  /// Takes the library's context.
  ///
  /// - Throws: `ZstdError` with `.failed` when there is no memory.
  public init() throws(ZstdError) {
    guard let context = ZSTD_createDCtx() else { throw ZstdError(.failed, "zstd: no memory for a decompressor") }
    self.context = context
  }

  deinit {
    ZSTD_freeDCtx(context)
  }

  /// How many bytes the frame says it holds. Reads the header only.
  ///
  /// - Throws: `ZstdError` with `.unknownSize` when it does not say, `.corrupt` when this is no frame.
  public static func contentSize(_ frame: UnsafeRawBufferPointer) throws(ZstdError) -> UInt64 {
    let size = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
    if size == UInt64.max { throw ZstdError(.unknownSize, "zstd: the frame does not say how large its content is") }
    if size == UInt64.max - 1 { throw ZstdError(.corrupt, "zstd: not a frame") }
    return size
  }

  /// The content of exactly one frame.
  ///
  /// - Parameter limit: the most bytes the content may have, checked against the frame's header before memory is taken.
  /// - Throws: `ZstdError`: `.tooLarge` above the limit, `.unknownSize`, `.truncated`, `.corrupt` (also for bytes after the frame).
  public mutating func decompress(_ frame: UnsafeRawBufferPointer, limit: Int) throws(ZstdError) -> [UInt8] {
    var result: [UInt8] = []
    try decompress(frame, limit: limit, appendingTo: &result)
    return result
  }

  /// The content of exactly one frame. Throws as its twin for pointers.
  public mutating func decompress(_ frame: [UInt8], limit: Int) throws(ZstdError) -> [UInt8] {
    var result: [UInt8] = []
    let span = frame.span.bytes
    try span.withUnsafeBytes { bytes throws(ZstdError) in try decompress(bytes, limit: limit, appendingTo: &result) }
    return result
  }

  /// Appends the content of exactly one frame. Throws as `decompress(_:limit:)`; `output` is then as it was.
  public mutating func decompress(_ frame: UnsafeRawBufferPointer, limit: Int, appendingTo output: inout [UInt8]) throws(ZstdError) {
    let size = try Self.measure(frame, limit: limit)
    let context = context
    var result = 0
    let content = [UInt8](unsafeUninitializedCapacity: size) { target, count in
      result = ZSTD_decompressDCtx(context, target.baseAddress, size, frame.baseAddress, frame.count)
      count = ZSTD_isError(result) == 0 ? result : 0
    }
    try Self.check(result, size)
    if output.isEmpty { output = content } else { output.append(contentsOf: content) }
  }

  /// Fills memory of just the size that the frame says (`contentSize`) with the content of exactly one frame.
  ///
  /// - Throws: `ZstdError`: `.tooLarge` when the frame holds more, `.truncated`, `.corrupt` also when it holds less; the memory may have been written to.
  public mutating func decompress(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) throws(ZstdError) {
    let size = try Self.measure(frame, limit: target.count)
    let result = ZSTD_decompressDCtx(context, target.baseAddress, size, frame.baseAddress, frame.count)
    try Self.check(result, size)
    guard size == target.count else { throw ZstdError(.corrupt, "zstd: the frame holds \(size) bytes, not \(target.count)") }
  }

  /// How many bytes the frame says it holds, when it is one frame and nothing else.
  private static func measure(_ frame: UnsafeRawBufferPointer, limit: Int) throws(ZstdError) -> Int {
    let declared = try contentSize(frame)
    guard declared <= UInt64(max(0, limit)) else {
      throw ZstdError(.tooLarge, "zstd: the frame holds \(declared) bytes, more than the allowed \(limit)")
    }
    let length = ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count)
    // A header that could be read and a frame that cannot be measured: the blocks run past the end, or are damaged.
    guard ZSTD_isError(length) == 0 else { throw ZstdError(.truncated, "zstd: the frame is cut short or damaged") }
    guard length == frame.count else { throw ZstdError(.corrupt, "zstd: \(frame.count - length) bytes follow the frame") }
    return Int(declared)
  }

  private static func check(_ result: Int, _ size: Int) throws(ZstdError) {
    guard try ZstdError.check(result, .corrupt) == size else {
      throw ZstdError(.corrupt, "zstd: the frame holds \(result) bytes and says \(size)")
    }
  }
}
