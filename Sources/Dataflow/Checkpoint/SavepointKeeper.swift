/// Takes savepoints and makes checkpoints of them. Blocking work, on its own thread.
actor SavepointKeeper {
  private let slot: any Slot
  nonisolated var unownedExecutor: UnownedSerialExecutor { slot.asUnownedSerialExecutor() }
  private let runtime: any Runtime
  private let store: any CheckpointStore

  init(_ runtime: any Runtime, store: any CheckpointStore) {
    self.runtime = runtime
    self.store = store
    slot = runtime.background("savepoint")
  }

  /// Copies the state of a checkpoint; of the newest readable one when none is given. What it was copied from must not be removed meanwhile.
  ///
  /// - Throws: `SavepointRefused`, `CheckpointDamage`, what the store throws.
  func take(_ checkpoint: Manifest?, name: String?) throws -> Savepoint {
    guard var manifest = try checkpoint ?? newest() else {
      throw SavepointRefused(.noCheckpoint, "the job has no checkpoint", hint: "start the job, and take the savepoint while it runs")
    }
    let name = name ?? Savepoint.name(ofEpoch: manifest.epoch)
    let taken = SavepointRefused(.exists, "there is a savepoint \"\(name)\"", hint: "choose another name, or remove that one")
    guard try !store.savepoints().contains(name) else { throw taken }
    var copier = FrameCopier(to: store, prefix: "\(Savepoint.dataPrefix)\(name)-\(String(runtime.random() >> 24, radix: 16))")
    manifest.operators = try copier.copy(manifest.operators, from: store)
    manifest.stages = []
    let savepoint = Savepoint(name: name, manifest: manifest)
    guard try store.publish(savepoint) else { throw taken }
    return savepoint
  }

  /// Publishes the savepoint's state as the job's checkpoint of that epoch. The copy is the job's own: the savepoint may be removed.
  func adopt(_ savepoint: Savepoint, from source: any CheckpointStore, job: String, epoch: UInt64) throws {
    var copier = FrameCopier(to: store, prefix: Manifest.dataName(epoch, run: runtime.random() >> 24))
    var manifest = savepoint.manifest
    manifest.operators = try copier.copy(manifest.operators, from: source)
    (manifest.job, manifest.epoch, manifest.createdAt, manifest.isFinal, manifest.stages) = (job, epoch, runtime.now(), false, [])
    try store.publish(manifest)
  }

  /// Publishes a checkpoint's state once more as the next one, without that of some operators.
  func publish(_ checkpoint: Manifest, without ids: Set<String>) throws {
    var manifest = checkpoint
    manifest.operators.removeAll { ids.contains($0.id) }
    (manifest.epoch, manifest.createdAt, manifest.isFinal, manifest.stages) = (checkpoint.epoch + 1, runtime.now(), false, [])
    try store.publish(manifest)
  }

  /// The newest manifest that can be read; nil when there is none at all. Throws `CheckpointDamage` when there are only damaged ones.
  func newest() throws -> Manifest? {
    var damage: CheckpointDamage?
    for epoch in try store.epochs().reversed() {
      do { return try store.manifest(epoch) } catch let error as CheckpointDamage { damage = damage ?? error }
    }
    if let damage { throw damage }
    return nil
  }
}

extension Manifest {
  /// Whether both hold the same saved state, wherever it is stored.
  func hasState(of other: Manifest) -> Bool {
    func sums(_ manifest: Manifest) -> [[[[UInt64]]]] {
      manifest.operators.map { state in state.subtasks.map { $0.map { section in section.parts.flatMap { $0.frames.map(\.checksum) } } } }
    }
    return operators.map(\.id) == other.operators.map(\.id) && sums(self) == sums(other)
  }
}

/// A savepoint that is not taken, or not started from.
public struct SavepointRefused: Error, CustomStringConvertible {
  /// What a caller may tell apart.
  public enum Kind: Sendable, Equatable {
    /// There is nothing to copy.
    case noCheckpoint
    /// There is one of that name.
    case exists
    /// The job ended or failed before its checkpoint was whole.
    case interrupted
    /// Sinks have rows from after the savepoint: they would get them again.
    case behindSinks
    /// It is another job's, and this one has a history of its own.
    case foreign
  }

  /// What a caller may tell apart.
  public let kind: Kind
  /// What stands in the way.
  public let message: String
  /// What a person can do about it.
  public let hint: String

  init(_ kind: Kind, _ message: String, hint: String) {
    self.kind = kind
    self.message = message
    self.hint = hint
  }

  /// The message, and the hint on a line of its own.
  public var description: String { "\(message)\n  hint: \(hint)" }
}
