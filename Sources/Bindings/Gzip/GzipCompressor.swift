internal import CZlib

/// Makes gzip members.
public enum GzipCompressor {
  /// The bytes as one gzip member, without name or time: the same bytes give the same member.
  ///
  /// - Parameter level: 0 (stored) to 9 (small).
  /// - Throws: `GzipError` with `.failed` when there is no memory or the level is none.
  public static func compress(_ bytes: UnsafeRawBufferPointer, level: Int32 = 6) throws(GzipError) -> [UInt8] {
    // On the heap: the library keeps the address of the struct and refuses another.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    defer { stream.deallocate() }
    stream.initialize(to: z_stream())
    let size = Int32(MemoryLayout<z_stream>.size)
    guard deflateInit2_(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK else {
      throw GzipError(.failed, "gzip: could not start a compressor of level \(level)")
    }
    defer { deflateEnd(stream) }
    let bound = Int(deflateBound(stream, UInt(bytes.count)))
    guard bytes.count <= Int(UInt32.max), bound <= Int(UInt32.max) else {
      throw GzipError(.failed, "gzip: \(bytes.count) bytes are too many for one call")
    }
    return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
      stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
      stream.pointee.avail_in = UInt32(bytes.count)
      stream.pointee.next_out = output.baseAddress
      stream.pointee.avail_out = UInt32(bound)
      deflate(stream, Z_FINISH)  // with the bound's room one call finishes
      count = bound - Int(stream.pointee.avail_out)
    }
  }

  /// The bytes as one gzip member. Throws as its twin for pointers.
  public static func compress(_ bytes: [UInt8], level: Int32 = 6) throws(GzipError) -> [UInt8] {
    let span = bytes.span.bytes
    return try span.withUnsafeBytes { pointer throws(GzipError) in try compress(pointer, level: level) }
  }
}
