internal import Synchronization

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

/// Checkpoints in a folder of the local disk, with a second folder for copies if one is given.
///
/// ```
/// <folder>/<job>/manifest-0000000017          published last, by create-if-absent
/// <folder>/<job>/data-0000000017-9f3a1c-0     zstd frames
/// ```
public struct FileCheckpointStore: CheckpointStore {
  private let files: any FileSystem
  private let folders: [String]
  private let healed = HealedCopies()

  /// - Throws: `FileError` when a folder cannot be made.
  public init(files: any FileSystem, folder: String, secondCopy: String? = nil, job: String) throws {
    self.files = files
    folders = ([folder] + (secondCopy.map { [$0] } ?? [])).map { "\($0)/\(job)" }
    for folder in folders { try files.createDirectory(folder) }
  }

  /// Writes the file into every folder.
  public func put(_ name: String, _ bytes: [UInt8]) throws {
    for folder in folders { try files.writeDurably("\(folder)/\(name)", bytes) }
  }

  /// Tries one folder after the other. Throws `CheckpointDamage` when no copy is whole.
  public func get(_ name: String, offset: Int, count: Int, accept: ([UInt8]) -> Bool) throws -> [UInt8] {
    var failure: (any Error)?
    for folder in folders {
      do {
        let bytes = try files.read("\(folder)/\(name)", offset: offset, count: count)
        if accept(bytes) {
          if let failure { healed.note("\(failure)") }
          return bytes
        }
        failure = CheckpointDamage(file: "\(folder)/\(name)", "bytes \(offset) to \(offset + count) do not fit their checksum")
      } catch let error as FileError {
        failure = CheckpointDamage(file: "\(folder)/\(name)", error.description)
      }
    }
    throw failure ?? CheckpointDamage(file: name, "there is no folder to read it from")
  }

  /// Links the manifest into place in every folder, the first one last.
  public func publish(_ manifest: Manifest) throws {
    let name = Manifest.name(manifest.epoch)
    let bytes = manifest.encode()
    // Data files are synced one by one; their names must be on disk before the manifest that refers to them is.
    for folder in folders { try files.syncDirectory(folder) }
    for folder in folders.reversed() {  // the first folder decides: its manifest comes last
      do {
        try files.createExclusively("\(folder)/\(name)", bytes)
      } catch let error as FileError where error.isAlreadyThere {
        // Ours, when an earlier try wrote this copy and then found the disk full. A manifest names data files that only one run can have made.
        guard try files.read("\(folder)/\(name)") == bytes else { throw CheckpointConflict(epoch: manifest.epoch, path: folder) }
      }
      try files.syncDirectory(folder)
    }
    // A process that stood still for long can find the name of its epoch free: newer checkpoints of another run have replaced it.
    if let newest = try epochs().last, newest > manifest.epoch {
      for folder in folders { try files.remove("\(folder)/\(name)") }
      throw CheckpointConflict(epoch: newest, path: folders[0])
    }
  }

  /// Epochs for which any folder has a manifest.
  public func epochs() throws -> [UInt64] {
    var found: Set<UInt64> = []
    for folder in folders {
      for name in try files.list(folder) where name.hasPrefix("manifest-") {
        if let epoch = UInt64(name.dropFirst("manifest-".count)) { found.insert(epoch) }
      }
    }
    return found.sorted()
  }

  /// Tries one folder after the other.
  public func manifest(_ epoch: UInt64) throws -> Manifest {
    var failure: (any Error)?
    var damage: (any Error)?
    for folder in folders {
      let path = "\(folder)/\(Manifest.name(epoch))"
      do {
        let manifest = try Manifest(decoding: try files.read(path), name: path)
        guard manifest.epoch == epoch else { throw CheckpointDamage(file: path, "it is the manifest of epoch \(manifest.epoch)") }
        if let damage { healed.note("\(damage)") }
        return manifest
      } catch let error as FileError {
        // A crash between the two copies leaves one manifest only: that is no damage.
        failure = failure ?? CheckpointDamage(file: path, error.description)
      } catch {
        failure = error
        damage = error
      }
    }
    throw failure ?? CheckpointDamage(file: Manifest.name(epoch), "there is no folder to read it from")
  }

  /// Renames the manifest in every folder, so that a person can look at it.
  public func quarantine(_ epoch: UInt64) throws {
    for folder in folders {
      let path = "\(folder)/\(Manifest.name(epoch))"
      if files.exists(path) { try files.rename(path, to: "\(folder)/damaged-\(Manifest.name(epoch))") }
      try files.syncDirectory(folder)
    }
  }

  /// Files that cannot be removed stay for the next time.
  public func collectGarbage(keep: [Manifest]) throws {
    let epochs = Set(keep.map { Manifest.name($0.epoch) })
    let data = keep.reduce(into: Set<String>()) { $0.formUnion($1.files) }
    let newest = keep.map(\.epoch).max() ?? 0
    for folder in folders {
      // What has a higher number is another process's that has taken this job over; of its data the manifest may be yet to come.
      let names = try files.list(folder).filter { Manifest.epoch(ofFile: $0) <= newest }
      for name in names where name.hasPrefix("manifest-") && !epochs.contains(name) { try files.remove("\(folder)/\(name)") }
      // A manifest that is gone on disk before its data: the other order could leave a manifest that points nowhere.
      try files.syncDirectory(folder)
      for name in names where name.hasPrefix("data-") && !data.contains(name) { try files.remove("\(folder)/\(name)") }
    }
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
