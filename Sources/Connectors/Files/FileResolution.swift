/// Brings the files that are there together with the positions of a checkpoint: which file is which, and where its reading goes on.
///
/// A file is known by device and inode, and by its content: the stored beginning, and what stood just before the stored offset, must still
/// be there. Failing that, a file with exactly that content is taken for a copy (`cp`, `copytruncate`, `gzip`). A file that is named
/// differently now and lies beside its old place is found although no pattern matches it.
struct FileResolution: Sendable {
  struct File: Sendable {
    /// Where it lies now.
    var path: String
    var status: FileStatus
    var compression: Compression
    /// One a stripe, in order.
    var positions: [FilePosition]
  }

  /// Splits into 1, 2, 3, 4, 6 or 12 subtasks evenly.
  static let stripeCount = 12

  /// Files that the patterns do not match any more come first: their lines are older.
  private(set) var files: [File] = []
  /// Positions without a file. Kept, so that its name gets a new generation and a file that comes back is not read twice.
  private(set) var lost: [FilePosition] = []

  init(_ listing: FileListing, _ positions: [FilePosition], _ options: FileSourceOptions) throws {
    var matcher = FileMatcher(listing, options)
    var generations: [String: UInt32] = [:]
    var known: [Int: [FilePosition]] = [:]
    var beside: [File] = []
    let groups = Self.groups(positions)
    for group in groups { generations[group[0].path] = max(generations[group[0].path] ?? 0, group[0].generation) }
    // All that are where they were go first, so that no copy is taken for a file that is still there.
    var rest: [[FilePosition]] = []
    for group in groups {
      if let entry = try matcher.sameFile(group) { known[entry] = group } else { rest.append(group) }
    }
    for group in rest {
      if let file = try matcher.moved(group) {
        beside.append(file)
      } else if let entry = try matcher.copy(group) {
        known[entry] = group
      } else if let file = try matcher.copyBeside(group) {
        beside.append(file)
      } else {
        // The newest generation stands for the older ones.
        if generations[group[0].path] == group[0].generation { lost += group }
        if !group.allSatisfy(\.isDone) { options.warn("\(group[0].path) was not read to its end and is gone") }
      }
    }
    files = beside
    for (index, entry) in listing.entries.enumerated() {
      let compression = matcher.compression(index)
      if let group = known[index] {
        files.append(File(path: entry.path, status: entry.status, compression: compression, positions: group))
      } else {
        let generation = generations[entry.path].map { $0 + 1 } ?? 0
        files.append(Self.new(entry, generation, compression, options))
      }
    }
  }

  private static func new(
    _ entry: FileListing.Entry, _ generation: UInt32, _ compression: Compression, _ options: FileSourceOptions
  ) -> File {
    var position = FilePosition(path: entry.path)
    position.generation = generation
    position.device = entry.status.device
    position.inode = entry.status.inode
    var positions = [position]
    if options.mode == .once, compression == .none, entry.status.size > options.stripedAbove {
      positions = (0..<stripeCount).map { number in
        var stripe = position
        stripe.stripe = Stripe(number: number, count: stripeCount, blockSize: options.stripeBlockSize)
        stripe.cursor = LineCursor(block: Int64(number), offset: Int64(number * options.stripeBlockSize))
        return stripe
      }
    }
    return File(path: entry.path, status: entry.status, compression: compression, positions: positions)
  }

  /// The positions by file, sorted by path and generation; the stripes of each in order, none missing.
  private static func groups(_ positions: [FilePosition]) -> [[FilePosition]] {
    var furthest: [String: FilePosition] = [:]
    for position in positions {
      if let other = furthest[position.name], other.cursor.offset >= position.cursor.offset { continue }
      furthest[position.name] = position
    }
    struct Key: Hashable {
      let path: String
      let generation: UInt32
    }
    let groups = Dictionary(grouping: furthest.values) { Key(path: $0.path, generation: $0.generation) }
    return groups.values.map { group in
      let shape = group[0].stripe
      guard shape.count > 1 else { return [group[0]] }
      return (0..<shape.count).map { number in
        if let stored = group.first(where: { $0.stripe.number == number }) { return stored }
        var fresh = group[0]
        fresh.stripe.number = number
        fresh.cursor = LineCursor(block: Int64(number), offset: Int64(number) * Int64(shape.blockSize))
        fresh.tail = Fingerprint()
        fresh.isDone = false
        return fresh
      }
    }.sorted { ($0[0].path, $0[0].generation) < ($1[0].path, $1[0].generation) }
  }
}
