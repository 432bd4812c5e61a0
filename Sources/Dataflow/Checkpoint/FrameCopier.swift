/// Copies saved state frame by frame, as it is stored, into data files of its own: only what is referred to, and nothing is unpacked. Blocking.
struct FrameCopier {
  private let target: any CheckpointStore
  private let prefix: String
  private var file: [UInt8] = []
  private var fileIndex = 0

  /// - Parameter prefix: the common beginning of the names of the files; nobody else's.
  init(to target: any CheckpointStore, prefix: String) {
    self.target = target
    self.prefix = prefix
  }

  /// The same state, in the copy, which is whole. Throws `CheckpointDamage` when a byte of it is not what was written.
  mutating func copy(_ operators: [Manifest.OperatorState], from source: any CheckpointStore) throws -> [Manifest.OperatorState] {
    var copies = operators
    for index in copies.indices { copies[index].subtasks = try copies[index].subtasks.map { try copy($0, from: source) } }
    try finish()
    return copies
  }

  /// The same sections, in a copy that is whole after `finish`. Throws `CheckpointDamage`.
  mutating func copy(_ sections: [Manifest.Section], from source: any CheckpointStore) throws -> [Manifest.Section] {
    try sections.map { Manifest.Section(name: $0.name, parts: try $0.parts.map { try copy($0, source) }) }
  }

  private mutating func copy(_ part: Manifest.Part, _ source: any CheckpointStore) throws -> Manifest.Part {
    var frames: [Manifest.Frame] = []
    for frame in part.frames {
      let bytes = try source.get(frame.file, offset: frame.offset, count: frame.count) { bytes in
        bytes.count == frame.count && bytes.withUnsafeBytes(checksum) == frame.checksum
      }
      if file.count >= FrameWriter.fileBytes { try finish() }
      frames.append(
        Manifest.Frame(
          file: "\(prefix)-\(fileIndex)", offset: file.count, count: frame.count, rawCount: frame.rawCount, checksum: frame.checksum))
      file.append(contentsOf: bytes)
    }
    return Manifest.Part(rawBytes: part.rawBytes, frames: frames)
  }

  /// Writes the last data file out.
  mutating func finish() throws {
    guard !file.isEmpty else { return }
    try target.put("\(prefix)-\(fileIndex)", file)
    file.removeAll(keepingCapacity: true)
    fileIndex += 1
  }
}
