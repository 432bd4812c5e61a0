internal import Zstd

/// Packs bytes into zstd frames inside data files of bounded size. Blocking; owned by the packer.
package struct FrameWriter: ~Copyable {
  /// Raw bytes of a frame at most; one frame is what a reader must hold.
  static let frameBytes = 1 << 20
  /// A data file is written out when it has grown to this.
  static let fileBytes = 64 << 20

  private let store: any CheckpointStore
  private let prefix: String
  private var compressor: ZstdCompressor
  private var file: [UInt8] = []
  private var fileIndex = 0
  package private(set) var writtenBytes = 0
  private var raw: [UInt8] = []
  private var part = Manifest.Part(rawBytes: 0, frames: [])
  /// Calls the store until it succeeds or gives up: a full disk may have room again.
  private let retry: (() throws -> Void) throws -> Void

  package init(store: any CheckpointStore, prefix: String, retry: @escaping (() throws -> Void) throws -> Void) throws {
    self.store = store
    self.prefix = prefix
    self.retry = retry
    compressor = try ZstdCompressor()
  }

  /// Adds bytes to the part that is being written.
  package mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    var start = 0
    while start < bytes.count {
      let room = min(bytes.count - start, Self.frameBytes - raw.count)
      raw.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<(start + room)]))
      start += room
      if raw.count == Self.frameBytes { try closeFrame() }
    }
  }

  /// Ends the part and answers with its frames.
  package mutating func finishPart() throws -> Manifest.Part {
    try closeFrame()
    defer { part = Manifest.Part(rawBytes: 0, frames: []) }
    return part
  }

  private mutating func closeFrame() throws {
    guard !raw.isEmpty else { return }
    let offset = file.count
    _ = try compressor.compress(raw, level: 1, appendingTo: &file)
    let sum = file.withUnsafeBytes { checksum(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
    part.frames.append(
      Manifest.Frame(file: "\(prefix)-\(fileIndex)", offset: offset, count: file.count - offset, rawCount: raw.count, checksum: sum))
    part.rawBytes += raw.count
    raw.removeAll(keepingCapacity: true)
    if file.count >= Self.fileBytes { try flush() }
  }

  /// Writes the last data file out.
  package mutating func flush() throws {
    guard !file.isEmpty else { return }
    let name = "\(prefix)-\(fileIndex)"
    let bytes = file
    try retry { try store.put(name, bytes) }
    writtenBytes += file.count
    file.removeAll(keepingCapacity: true)
    fileIndex += 1
  }
}

/// Reads parts back, checking every frame.
struct FrameReader: ~Copyable {
  private let store: any CheckpointStore
  private var decompressor: ZstdDecompressor

  init(store: any CheckpointStore) throws {
    self.store = store
    decompressor = try ZstdDecompressor()
  }

  /// The raw bytes of the part. Throws `CheckpointDamage`.
  mutating func read(_ part: Manifest.Part) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(part.rawBytes)
    for frame in part.frames {
      let stored = try store.get(frame.file, offset: frame.offset, count: frame.count) { bytes in
        bytes.count == frame.count && bytes.withUnsafeBytes(checksum) == frame.checksum
      }
      do {
        let raw = try decompressor.decompress(stored, limit: FrameWriter.frameBytes)
        guard raw.count == frame.rawCount else {
          throw CheckpointDamage(file: frame.file, "a frame of \(raw.count) bytes, not \(frame.rawCount)")
        }
        bytes.append(contentsOf: raw)
      } catch let error as ZstdError {
        throw CheckpointDamage(file: frame.file, error.message)
      }
    }
    return bytes
  }
}
