/// Where the checkpoints of one job are kept. Blocking; used from a background thread.
public protocol CheckpointStore: Sendable {
  /// Stores a data file durably. Names are unique; nothing is ever overwritten.
  func put(_ name: String, _ bytes: [UInt8]) throws
  /// Reads a range of a data file from the first copy whose bytes pass `accept`.
  func get(_ name: String, offset: Int, count: Int, accept: ([UInt8]) -> Bool) throws -> [UInt8]
  /// Publishes the manifest: create-if-absent, durable when it returns. Throws `CheckpointConflict` when that epoch exists.
  func publish(_ manifest: Manifest) throws
  /// The epochs that have a manifest, ascending.
  func epochs() throws -> [UInt64]
  /// The manifest of an epoch, from the first copy that is whole. Throws `CheckpointDamage` when none is.
  func manifest(_ epoch: UInt64) throws -> Manifest
  /// Puts a damaged manifest aside, so that its epoch can be taken again.
  func quarantine(_ epoch: UInt64) throws
  /// Removes manifests outside of `keep`, then data files that no kept manifest refers to.
  func collectGarbage(keep: [Manifest]) throws
  /// What was found damaged in one copy and whole in another since the last call: a person should know before the other copy goes too.
  func takeHealed() -> [String]
  /// Names of the savepoints, sorted.
  func savepoints() throws -> [String]
  /// The savepoint of that name, from the first copy that is whole. Throws `CheckpointDamage` when there is none.
  func savepoint(_ name: String) throws -> Savepoint
  /// Publishes a savepoint whose data files are stored: create-if-absent, durable when it returns. Returns false when there is one of that name.
  func publish(_ savepoint: Savepoint) throws -> Bool
  /// Removes a savepoint, and every data file that no savepoint refers to.
  func removeSavepoint(_ name: String) throws
  /// Until as many calls of `release`, `collectGarbage` removes nothing: somebody reads a checkpoint that may grow old meanwhile.
  func hold()
  /// Ends a `hold`.
  func release()
}

extension CheckpointStore {
  func reportHealed(to observer: JobObserver) {
    for damage in takeHealed() { observer.warning("\(damage); the other copy is whole and was used") }
  }
}

/// Another run has published this epoch: two processes work on the same job.
public struct CheckpointConflict: Error, CustomStringConvertible {
  /// The epoch that both wanted.
  public let epoch: UInt64
  /// The manifest that was there already.
  public let path: String
  /// The message, and the hint on a line of its own.
  public var description: String {
    "checkpoint \(epoch) exists already in \(path)\n  hint: another process is running this job; stop one of them"
  }
}
