/// Looks at checkpoints without running the job.
public struct CheckpointInspection: Sendable {
  private let store: any CheckpointStore

  /// Looks into this store.
  public init(_ store: any CheckpointStore) { self.store = store }

  /// The epochs that have a manifest, ascending, each with the manifest or what is wrong with it.
  public func manifests() throws -> [(epoch: UInt64, manifest: Result<Manifest, any Error>)] {
    try store.epochs().map { epoch in (epoch, Result { try store.manifest(epoch) }) }
  }

  /// Reads every byte of a checkpoint and checks it. Returns the raw bytes read. Throws `CheckpointDamage`.
  public func verify(_ manifest: Manifest) throws -> Int {
    var reader = try FrameReader(store: store)
    var bytes = 0
    for state in manifest.operators {
      for section in state.subtasks.joined() { for part in section.parts { bytes += try reader.read(part).count } }
    }
    for stage in manifest.stages { for part in stage.chunks { bytes += try reader.read(part).count } }
    return bytes
  }
}
