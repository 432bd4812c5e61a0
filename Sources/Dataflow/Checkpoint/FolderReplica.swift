/// Checkpoints in a folder of the local disk.
///
/// ```
/// <folder>/<job>/manifest-0000000017          published last, by create-if-absent
/// <folder>/<job>/data-0000000017-9f3a1c-0     zstd frames
/// ```
public struct FolderReplica: CheckpointReplica {
  private let files: any FileSystem
  /// The folder of the job.
  public let place: String

  /// - Throws: `FileError` when the folder cannot be made.
  public init(files: any FileSystem, folder: String, job: String) throws {
    self.files = files
    place = "\(folder)/\(job)"
    try files.createDirectory(place)
  }

  /// The bytes are synced one by one, their names with the next `sync`.
  public func put(_ name: String, _ bytes: [UInt8]) throws { try files.writeDurably(path(name), bytes) }

  /// Links the file into place.
  public func create(_ name: String, _ bytes: [UInt8]) throws -> Bool {
    do {
      try files.createExclusively(path(name), bytes)
      return true
    } catch let error as FileError where error.isAlreadyThere {
      return try files.read(path(name)) == bytes
    }
  }

  /// Reads a whole file.
  public func read(_ name: String) throws -> [UInt8] { try files.read(path(name)) }

  /// Reads a part of a file.
  public func read(_ name: String, offset: Int, count: Int) throws -> [UInt8] {
    try files.read(path(name), offset: offset, count: count)
  }

  /// The files in the folder, half-written ones included.
  public func names() throws -> [String] { try files.list(place) }

  /// Removes files one by one.
  public func remove(_ names: [String]) throws { for name in names { try files.remove(path(name)) } }

  /// Renames a file, over another one if there is one.
  public func rename(_ name: String, to other: String) throws {
    if files.exists(path(name)) { try files.rename(path(name), to: path(other)) }
  }

  /// Removes the folder, if it is empty.
  public func vacate() throws { try files.removeEmptyDirectory(place) }

  /// Syncs the folder.
  public func sync() throws { try files.syncDirectory(place) }

  private func path(_ name: String) -> String { "\(place)/\(name)" }
}
