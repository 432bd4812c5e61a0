internal import Synchronization

/// Checkpoints in one place, or the same in several: what is damaged in one is read from the next.
///
/// A checkpoint counts when it is in all places; the first one decides which of two runs has won an epoch.
public struct ReplicatedCheckpointStore: CheckpointStore {
  let replicas: [any CheckpointReplica]
  private let healed = HealedCopies()
  private let holds = Holds()

  /// A store in these places, at least one, each with a memory of its own.
  public init(_ replicas: [any CheckpointReplica]) { self.replicas = replicas }

  /// A store in a folder of the disk, with a second folder for copies if one is given.
  ///
  /// - Throws: `FileError` when a folder cannot be made.
  public init(files: any FileSystem, folder: String, secondCopy: String? = nil, job: String) throws {
    self.init(try ([folder] + (secondCopy.map { [$0] } ?? [])).map { try FolderReplica(files: files, folder: $0, job: job) })
  }

  /// Writes the bytes to every place.
  public func put(_ name: String, _ bytes: [UInt8]) throws {
    for replica in replicas { try replica.put(name, bytes) }
  }

  /// Tries one place after the other. Throws `CheckpointDamage` when no copy is whole, and a place's own failure when it does not say whether
  /// its copy is.
  public func get(_ name: String, offset: Int, count: Int, accept: ([UInt8]) -> Bool) throws -> [UInt8] {
    try first(name, isMissingDamage: true) { replica in
      let bytes = try replica.read(name, offset: offset, count: count)
      guard accept(bytes) else {
        throw CheckpointDamage(file: "\(replica.place)/\(name)", "bytes \(offset) to \(offset + count) do not fit their checksum")
      }
      return bytes
    }
  }

  /// Creates the manifest in every place, in the first one last.
  public func publish(_ manifest: Manifest) throws {
    let name = Manifest.name(manifest.epoch)
    let bytes = manifest.encode()
    // Data files are synced one by one; their names must be on disk before the manifest that refers to them is.
    for replica in replicas { try replica.sync() }
    for replica in replicas.reversed() {  // the first place decides: its manifest comes last
      // The same bytes are ours: an earlier try wrote this copy, and then the disk was full or the answer was lost. A manifest names data files
      // that only one run can have made.
      guard try replica.create(name, bytes) else { throw CheckpointConflict(epoch: manifest.epoch, path: replica.place) }
      try replica.sync()
    }
    // A process that stood still for long can find the name of its epoch free: newer checkpoints of another run have replaced it.
    if let newest = try epochs().last, newest > manifest.epoch {
      for replica in replicas { try replica.remove([name]) }
      throw CheckpointConflict(epoch: newest, path: replicas.first?.place ?? "")
    }
  }

  /// Epochs for which any place has a manifest. All places must answer: one that does not may have the newest.
  public func epochs() throws -> [UInt64] {
    var found: Set<UInt64> = []
    for replica in replicas {
      for name in try replica.names() where name.hasPrefix("manifest-") {
        if let epoch = UInt64(name.dropFirst("manifest-".count)) { found.insert(epoch) }
      }
    }
    return found.sorted()
  }

  /// Tries one place after the other.
  public func manifest(_ epoch: UInt64) throws -> Manifest {
    try manifest(named: Manifest.name(epoch)) { path, manifest in
      guard manifest.epoch == epoch else { throw CheckpointDamage(file: path, "it is the manifest of epoch \(manifest.epoch)") }
    }
  }

  /// The manifest that is kept under a name, from the first copy that is whole and passes the check.
  func manifest(named name: String, check: (_ path: String, _ manifest: Manifest) throws -> Void) throws -> Manifest {
    // A crash between the two copies leaves one manifest only: that is no damage.
    try first(name, isMissingDamage: false) { replica in
      let path = "\(replica.place)/\(name)"
      let manifest = try Manifest(decoding: try replica.read(name), name: path)
      try check(path, manifest)
      return manifest
    }
  }

  /// What the first place with a whole copy answers.
  private func first<T>(_ name: String, isMissingDamage: Bool, _ read: (any CheckpointReplica) throws -> T) throws -> T {
    var damage: (any Error)?
    var missing: (any Error)?
    var silence: (any Error)?
    for replica in replicas {
      do {
        let result = try read(replica)
        if let damage = damage ?? (isMissingDamage ? missing : nil) { healed.note("\(damage)") }
        return result
      } catch let error as any ReplicaFailure {
        switch error.kind {
        case .damage: missing = CheckpointDamage(file: "\(replica.place)/\(name)", error.description)
        // Whether this copy is whole, nobody knows: if no other is, it must not be given up.
        case .passing, .refused: silence = silence ?? error
        }
      } catch {
        damage = error
      }
    }
    throw silence ?? damage ?? missing ?? CheckpointDamage(file: name, "there is no place to read it from")
  }

  /// Renames the manifest in every place, so that a person can look at it.
  public func quarantine(_ epoch: UInt64) throws {
    for replica in replicas {
      try replica.rename(Manifest.name(epoch), to: "damaged-\(Manifest.name(epoch))")
      try replica.sync()
    }
  }

  /// What cannot be removed stays for the next time.
  public func collectGarbage(keep: [Manifest]) throws {
    guard !holds.areThere else { return }
    let epochs = Set(keep.map { Manifest.name($0.epoch) })
    let data = keep.reduce(into: Set<String>()) { $0.formUnion($1.files) }
    let newest = keep.map(\.epoch).max() ?? 0
    for replica in replicas {
      // What has a higher number is another process's that has taken this job over; of its data the manifest may be yet to come.
      let names = try replica.names().filter { Manifest.epoch(ofFile: $0) <= newest }
      try replica.remove(names.filter { $0.hasPrefix("manifest-") && !epochs.contains($0) })
      // A manifest that is gone on disk before its data: the other order could leave a manifest that points nowhere.
      try replica.sync()
      try replica.remove(names.filter { $0.hasPrefix("data-") && !data.contains($0) })
    }
  }

  /// Removes every checkpoint, when other jobs have copies of all that is needed. Savepoints stay.
  package func removeCheckpoints() throws {
    for replica in replicas {
      let names = try replica.names()
      try replica.remove(names.filter { $0.hasPrefix("manifest-") })
      try replica.sync()
      try replica.remove(names.filter { $0.hasPrefix("data-") })
    }
  }

  /// Removes the places of a job that has no checkpoints any more and will have none. What else is there stays, savepoints and damaged manifests among it.
  package func vacate() throws {
    guard try savepoints().isEmpty else { return }
    for replica in replicas {
      // Of savepoints that were never complete.
      try replica.remove(try replica.names().filter { $0.hasPrefix(Savepoint.dataPrefix) })
      try replica.vacate()
    }
  }

  /// Counted, so that two may hold at once.
  public func hold() { holds.add(1) }
  /// To be called once for each `hold`.
  public func release() { holds.add(-1) }

  private final class Holds: Sendable {
    private let count = Atomic<Int>(0)
    var areThere: Bool { count.load(ordering: .acquiring) > 0 }
    func add(_ number: Int) { count.add(number, ordering: .acquiringAndReleasing) }
  }

  /// Answers once for each damaged file.
  public func takeHealed() -> [String] { healed.take() }

  private final class HealedCopies: Sendable {
    private let seen = Mutex<(new: [String], all: Set<String>)>(([], []))

    func note(_ damage: String) {
      seen.withLock { if $0.all.insert(damage).inserted { $0.new.append(damage) } }
    }

    func take() -> [String] {
      seen.withLock { seen in
        defer { seen.new = [] }
        return seen.new
      }
    }
  }
}
