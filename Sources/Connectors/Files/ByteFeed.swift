internal import Dataflow
internal import Glibc
internal import Gzip
internal import Zstd

/// The content of a file as a stream of bytes with offsets, whatever the file's compression.
protocol ByteFeed: AnyObject {
  /// Reads the content at an offset; fewer bytes than fit only where the content ends (for now).
  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int

  /// Says that what was read is all there will be.
  ///
  /// - Throws: when the content is cut short.
  func finish() throws
}

/// The bytes as they stand in the file.
final class PlainFeed: ByteFeed {
  private let file: PosixFile

  init(_ file: PosixFile) { self.file = file }

  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int {
    try file.read(into: target, at: offset)
  }

  func finish() {}
}

/// The decompressed content of a file. Meant to be read forward: an offset before the last one decompresses from the beginning again.
final class CompressedFeed: ByteFeed {
  private enum Decompressor: ~Copyable {
    case gzip(GunzipStream)
    case zstd(ZstdStreamDecompressor)

    init(_ compression: Compression) throws {
      self = compression == .gzip ? .gzip(try GunzipStream()) : .zstd(try ZstdStreamDecompressor())
    }

    mutating func decompress(
      _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws -> (consumed: Int, produced: Int) {
      switch consume self {
      case .gzip(var stream):
        do {
          let result = try stream.decompress(input, into: output)
          self = .gzip(stream)
          return result
        } catch {
          self = .gzip(stream)
          throw error
        }
      case .zstd(var stream):
        do {
          let result = try stream.decompress(input, into: output)
          self = .zstd(stream)
          return result
        } catch {
          self = .zstd(stream)
          throw error
        }
      }
    }

    borrowing func finish() throws {
      switch self {
      case .gzip(let stream): try stream.finish()
      case .zstd(let stream): try stream.finish()
      }
    }
  }

  private static let inputSize = 64 << 10
  private let file: PosixFile
  private let compression: Compression
  private var decompressor: Decompressor
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: inputSize, alignment: 64)
  private var pending = 0..<0
  private var fileOffset: Int64 = 0
  /// Offset of the next byte to come out of the decompressor.
  private var offset: Int64 = 0

  init(_ file: PosixFile, _ compression: Compression) throws {
    self.file = file
    self.compression = compression
    decompressor = try Decompressor(compression)
  }

  deinit {
    input.deallocate()
  }

  func read(into target: UnsafeMutableRawBufferPointer, at start: Int64) throws -> Int {
    if start < offset {
      decompressor = try Decompressor(compression)
      pending = 0..<0
      fileOffset = 0
      offset = 0
    }
    while offset < start {
      // What lies before the wanted offset goes to the target as well, to be overwritten.
      let skipped = try next(UnsafeMutableRawBufferPointer(rebasing: target[..<min(target.count, Int(start - offset))]))
      if skipped == 0 { return 0 }
    }
    var done = 0
    while done < target.count {
      let produced = try next(UnsafeMutableRawBufferPointer(rebasing: target[done...]))
      if produced == 0 { break }
      done += produced
    }
    return done
  }

  func finish() throws {
    do {
      try decompressor.finish()
    } catch {
      throw damaged(error)
    }
  }

  /// Some bytes more, or 0 where the file ends.
  private func next(_ target: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      if pending.isEmpty {
        let count = try file.read(into: input, at: fileOffset)
        fileOffset += Int64(count)
        pending = 0..<count
      }
      let isAtEnd = pending.isEmpty
      do {
        let (consumed, produced) = try decompressor.decompress(UnsafeRawBufferPointer(rebasing: input[pending]), into: target)
        pending = pending.lowerBound + consumed..<pending.upperBound
        offset += Int64(produced)
        if produced > 0 || isAtEnd { return produced }
      } catch {
        throw damaged(error)
      }
    }
  }

  private func damaged(_ error: any Error) -> SourceError {
    SourceError(
      "\(file.path) is damaged after \(offset) bytes of content: \(error)",
      hint: "move the file out of the pattern, or set compression: none if it is not compressed")
  }
}

/// How a file's bytes are packed.
enum Compression: UInt8, Sendable {
  case none
  case gzip
  case zstd

  /// By the magic number at the beginning of the file.
  static func detect(_ file: PosixFile) throws -> Compression {
    try withUnsafeTemporaryAllocation(byteCount: 4, alignment: 4) { magic in
      guard try file.read(into: magic, at: 0) == 4 else { return .none }
      if magic[0] == 0x1f && magic[1] == 0x8b && magic[2] == 8 { return .gzip }
      if magic[0] == 0x28 && magic[1] == 0xb5 && magic[2] == 0x2f && magic[3] == 0xfd { return .zstd }
      return .none
    }
  }

  /// The content of an open file.
  func feed(_ file: PosixFile) throws -> any ByteFeed {
    self == .none ? PlainFeed(file) : try CompressedFeed(file, self)
  }
}
