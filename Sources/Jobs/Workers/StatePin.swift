internal import Dataflow

/// The state of a shard as it was before a definition: a savepoint, the last one of its kind.
enum StatePin {
  private static let prefix = "upgrade-v"

  /// What it is called.
  static func name(before version: UInt64) -> String { "\(prefix)\(version)" }

  /// Whether a savepoint of a former cut is a pin from before an earlier definition than the one before which the state of the cut that runs was kept.
  static func isSuperseded(_ name: String, by pinned: UInt64) -> Bool {
    name.hasPrefix(prefix) && UInt64(name.dropFirst(prefix.count)).map { $0 < pinned } ?? false
  }

  /// Copies the newest checkpoint of a shard that does not run, and removes what was kept before an earlier definition. Nothing of a shard that never
  /// had one, and nothing when it is there already.
  @concurrent
  static func take(_ session: JobSession, before version: UInt64) async throws {
    do { _ = try await session.runner.savepoint(name(before: version)) } catch let refused as SavepointRefused {
      switch refused.kind {
      case .noCheckpoint, .exists: break
      case .interrupted, .behindSinks, .foreign: throw refused
      }
    }
    for old in try session.store.savepoints() where isSuperseded(old, by: version) {
      try session.store.removeSavepoint(old)
    }
  }
}
