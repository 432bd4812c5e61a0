internal import CZlib

/// Decompresses a gzip stream piece by piece: feed what was read, take what comes out.
///
/// Members may follow each other, with zero bytes between and after them, as `gzip` and `cat` make them. Takes about 40 KiB of memory.
/// `@unchecked Sendable`: the stream has no second owner and every use of it is `mutating`, hence exclusive.
public struct GunzipStream: ~Copyable, @unchecked Sendable {
  private enum Place {
    case beforeMember
    case insideMember
    /// Past the trailer: the library must be reset before the next member.
    case afterMember
  }

  // On the heap: the library keeps the address of the struct and refuses another.
  private let stream: UnsafeMutablePointer<z_stream>
  private let ratioLimit: Int
  private var place = Place.beforeMember
  private var consumed = 0
  private var produced = 0

  /// Takes the library's working memory.
  ///
  /// - Parameter ratioLimit: the most bytes that may come out for each byte that went in, checked once a MiB has come out.
  ///   The format itself allows 1,032, which is what 0 (no limit) leaves in force; use less where the content is gathered in memory.
  /// - Throws: `GzipError` with `.failed` when there is no memory.
  public init(ratioLimit: Int = 0) throws(GzipError) {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15: the largest window; 16: gzip, and nothing else.
    guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      stream.deallocate()
      throw GzipError(.failed, "gzip: no memory for a decompressor")
    }
    self.ratioLimit = ratioLimit
    self.stream = stream
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Takes bytes from `input` and writes content to `output`; stops when either is used up, or at the end of a member.
  ///
  /// Call again with what is left. When `produced` fills the output there may be more to come without further input.
  /// - Throws: `GzipError` with `.corrupt` or `.tooLarge`. What was produced by earlier calls is right.
  public mutating func decompress(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(GzipError) -> (consumed: Int, produced: Int) {
    var skipped = 0
    if place == .afterMember {
      while skipped < input.count && input[skipped] == 0 { skipped += 1 }
      guard skipped < input.count else { return (skipped, 0) }
      inflateReset(stream)
      place = .beforeMember
    }
    let offered = min(input.count - skipped, Int(UInt32.max))
    guard offered > 0 || place == .insideMember else { return (skipped, 0) }
    let room = min(output.count, Int(UInt32.max))
    guard room > 0 else { return (skipped, 0) }
    // The library reads through `next_in` and never writes there.
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { ($0 + skipped).assumingMemoryBound(to: UInt8.self) })
    stream.pointee.avail_in = UInt32(offered)
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(room)
    let status = inflate(stream, Z_NO_FLUSH)
    let taken = offered - Int(stream.pointee.avail_in)
    let given = room - Int(stream.pointee.avail_out)
    switch status {
    case Z_OK: place = .insideMember
    case Z_STREAM_END: place = .afterMember
    case Z_BUF_ERROR: break  // no progress without more input or room
    case Z_MEM_ERROR: throw GzipError(.failed, "gzip: no memory")
    default:
      throw GzipError(.corrupt, "gzip: \(stream.pointee.msg.map { String(cString: $0) } ?? "the stream is damaged")")
    }
    consumed += taken + skipped
    produced += given
    if ratioLimit > 0, produced > 1 << 20, produced / ratioLimit > consumed {
      throw GzipError(.tooLarge, "gzip: \(produced) bytes came out of \(consumed), more than \(ratioLimit) for one")
    }
    return (taken + skipped, given)
  }

  /// Says that no more input follows.
  ///
  /// - Throws: `GzipError` with `.truncated` when the last member is not complete.
  public func finish() throws(GzipError) {
    if place == .insideMember { throw GzipError(.truncated, "gzip: the stream ends inside of a member") }
  }
}
