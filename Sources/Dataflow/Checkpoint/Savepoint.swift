/// The state of a job at one moment, copied to where the retention of checkpoints does not reach.
///
/// ```
/// <place>/<job>/savepoint-before-upgrade           a manifest, published last by create-if-absent
/// <place>/<job>/savedata-before-upgrade-9f3a1c-0   zstd frames, this savepoint's own
/// ```
/// It holds no rows: those of its epoch are the job's that took it to deliver.
public struct Savepoint: Sendable, Equatable {
  /// Unique among the savepoints of a job.
  public let name: String
  /// What it consists of: the state of the checkpoint that it was copied from.
  public let manifest: Manifest

  static let prefix = "savepoint-"
  static let dataPrefix = "savedata-"

  /// What a savepoint of a checkpoint is called unless somebody chooses a name.
  public static func name(ofEpoch epoch: UInt64) -> String { "epoch-\(epoch)" }

  /// Whether a savepoint can be called that: 1 to 40 lower-case letters, digits and hyphens, a letter or digit first.
  public static func isName(_ text: String) -> Bool {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
      default: false
      }
    }
    return isPlain && (1...40).contains(text.utf8.count) && !text.hasPrefix("-")
  }
}

extension ReplicatedCheckpointStore {
  /// Those that any place has.
  public func savepoints() throws -> [String] {
    var found: Set<String> = []
    for replica in replicas {
      for name in try replica.names() where name.hasPrefix(Savepoint.prefix) {
        found.insert(String(name.dropFirst(Savepoint.prefix.count)))
      }
    }
    return found.filter(Savepoint.isName).sorted()
  }

  /// Tries one place after the other.
  public func savepoint(_ name: String) throws -> Savepoint {
    Savepoint(name: name, manifest: try manifest(named: Savepoint.prefix + name) { _, _ in })
  }

  /// Creates the manifest in every place, in the first one last.
  public func publish(_ savepoint: Savepoint) throws -> Bool {
    let bytes = savepoint.manifest.encode()
    for replica in replicas { try replica.sync() }
    for replica in replicas.reversed() {
      guard try replica.create(Savepoint.prefix + savepoint.name, bytes) else { return false }
      try replica.sync()
    }
    return true
  }

  /// The manifest is gone before its data: the other order could leave one that points nowhere.
  public func removeSavepoint(_ name: String) throws {
    for replica in replicas {
      try replica.remove([Savepoint.prefix + name])
      try replica.sync()
    }
    // A savepoint that cannot be read does not say which files are its own: then nothing is removed.
    let kept = try savepoints().reduce(into: Set<String>()) { $0.formUnion(try savepoint($1).manifest.files) }
    for replica in replicas {
      try replica.remove(try replica.names().filter { $0.hasPrefix(Savepoint.dataPrefix) && !kept.contains($0) })
    }
  }
}
