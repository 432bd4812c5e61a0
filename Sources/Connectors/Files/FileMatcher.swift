internal import Dataflow

/// Finds the file that stored positions belong to. Each file is given away once.
struct FileMatcher {
  private let listing: FileListing
  private let options: FileSourceOptions
  private var taken: Set<Int> = []
  private var takenBeside: Set<String> = []
  private var compressions: [Int: Compression] = [:]

  init(_ listing: FileListing, _ options: FileSourceOptions) {
    self.listing = listing
    self.options = options
  }

  /// The listed file with the device and the inode of the positions, if its content fits too.
  mutating func sameFile(_ group: [FilePosition]) throws -> Int? {
    let index = listing.entries.firstIndex { $0.status.key == group[0].key }
    guard let index, !taken.contains(index), try Self.fits(group, listing.entries[index].path, options) else { return nil }
    taken.insert(index)
    return index
  }

  /// The file itself under a name that no pattern matches, in its old folder.
  mutating func moved(_ group: [FilePosition]) throws -> FileResolution.File? {
    try beside(group) { _, status in status.key == group[0].key }
  }

  /// A listed file that nobody knows and that has the content of the positions' file.
  mutating func copy(_ group: [FilePosition]) throws -> Int? {
    guard Self.hasEvidence(group) else { return nil }
    let order = listing.entries.indices.sorted { listing.entries[$0].path == group[0].path && listing.entries[$1].path != group[0].path }
    for index in order where !taken.contains(index) {
      guard try Self.fits(group, listing.entries[index].path, options) else { continue }
      taken.insert(index)
      return index
    }
    return nil
  }

  /// The same beside the positions' file, under its name with an ending: `app.log.1`, `app.log-20260101`.
  mutating func copyBeside(_ group: [FilePosition]) throws -> FileResolution.File? {
    guard Self.hasEvidence(group) else { return nil }
    let own = Self.split(group[0].path).name
    return try beside(group) { name, _ in name.hasPrefix(own) && name.utf8.count > own.utf8.count }
  }

  /// How a listed file is packed; a file that cannot be opened counts as plain until it is read.
  mutating func compression(_ index: Int) -> Compression {
    if let known = compressions[index] { return known }
    let file = try? PosixFile(listing.entries[index].path)
    let result = file.flatMap { try? options.compression(of: $0) } ?? .none
    compressions[index] = result
    return result
  }

  /// Whether so much was read that equal content cannot be chance.
  static func hasEvidence(_ group: [FilePosition]) -> Bool {
    group[0].head.length > 0 && group.contains { $0.tail.length >= min(64, $0.head.length) && $0.tail.length > 0 }
  }

  private mutating func beside(
    _ group: [FilePosition], _ isCandidate: (String, FileStatus) -> Bool
  ) throws -> FileResolution.File? {
    let (folder, _) = Self.split(group[0].path)
    guard let names = try? Folder.names(folder.isEmpty ? "." : folder) else { return nil }
    for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      let path = folder + name
      guard !takenBeside.contains(path), let status = try? FileStatus(path: path), status.isRegular, isCandidate(name, status),
        !listing.entries.contains(where: { $0.status.key == status.key }),
        let file = try? PosixFile(path), try Self.fits(group, path, options)
      else { continue }
      takenBeside.insert(path)
      return FileResolution.File(path: path, status: status, compression: try options.compression(of: file), positions: group)
    }
    return nil
  }

  /// Whether the file at a path has the content that the positions remember.
  static func fits(_ group: [FilePosition], _ path: String, _ options: FileSourceOptions) throws -> Bool {
    do {
      let file = try PosixFile(path)
      let compression = try options.compression(of: file)
      guard group.count == 1 || compression == .none else { return false }
      let status = try file.status()
      let size = compression == .none ? status.size : Int64.max
      let feed = try compression.feed(file)
      guard try group[0].head.fits(feed, at: 0) else { return false }
      // The end of compressed content is far away.
      if compression != .none && group[0].isFinished(at: status) { return true }
      for position in group {
        // The beginning of a stripe that was not reached yet says nothing about the file.
        guard group.count > 1 && position.tail.length == 0 || position.cursor.offset <= size else { return false }
        guard try position.tail.fits(feed, at: position.cursor.offset - Int64(position.tail.length)) else { return false }
      }
      return true
    } catch is SourceError {
      return false  // it cannot be decompressed as far as this
    } catch let error as SystemError where error.isGone {
      return false
    }
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    return (String(path[...slash]), String(path[path.index(after: slash)...]))
  }
}
