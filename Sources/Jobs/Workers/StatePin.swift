internal import Dataflow

/// The state of a shard as it was before a definition: a savepoint, the last one of its kind.
enum StatePin {
  private static let prefix = "upgrade-v"

  /// What it is called.
  static func name(before version: UInt64) -> String { "\(prefix)\(version)" }

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
    for old in try session.store.savepoints() where old.hasPrefix(prefix) && (UInt64(old.dropFirst(prefix.count)) ?? .max) < version {
      try session.store.removeSavepoint(old)
    }
  }
}
