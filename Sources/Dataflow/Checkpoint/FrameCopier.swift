/// Copies saved state frame by frame, as it is stored, into data files of its own: only what is referred to, and nothing is unpacked. Blocking.
struct FrameCopier {
  private let source: any CheckpointStore
  private let target: any CheckpointStore
  private let prefix: String
  private var file: [UInt8] = []
  private var fileIndex = 0

  /// - Parameter prefix: the common beginning of the names of the files; nobody else's.
  init(from source: any CheckpointStore, to target: any CheckpointStore, prefix: String) {
    self.source = source
    self.target = target
    self.prefix = prefix
  }

  /// The same state, in the copy. Throws `CheckpointDamage` when a byte of it is not what was written.
  mutating func copy(_ operators: [Manifest.OperatorState]) throws -> [Manifest.OperatorState] {
    var copies = operators
    for index in copies.indices {
      copies[index].subtasks = try copies[index].subtasks.map { sections in
        try sections.map { Manifest.Section(name: $0.name, parts: try $0.parts.map { try copy($0) }) }
      }
    }
    try flush()
    return copies
  }

  private mutating func copy(_ part: Manifest.Part) throws -> Manifest.Part {
    var frames: [Manifest.Frame] = []
    for frame in part.frames {
      let bytes = try source.get(frame.file, offset: frame.offset, count: frame.count) { bytes in
        bytes.count == frame.count && bytes.withUnsafeBytes(checksum) == frame.checksum
      }
      if file.count >= FrameWriter.fileBytes { try flush() }
      frames.append(
        Manifest.Frame(
          file: "\(prefix)-\(fileIndex)", offset: file.count, count: frame.count, rawCount: frame.rawCount, checksum: frame.checksum))
      file.append(contentsOf: bytes)
    }
    return Manifest.Part(rawBytes: part.rawBytes, frames: frames)
  }

  private mutating func flush() throws {
    guard !file.isEmpty else { return }
    try target.put("\(prefix)-\(fileIndex)", file)
    file.removeAll(keepingCapacity: true)
    fileIndex += 1
  }
}
