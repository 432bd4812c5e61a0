public import Dataflow
internal import Synchronization

/// A disk in memory that keeps what was synced and forgets the rest when the machine "crashes"; writes may be torn, the disk may be full.
///
/// What survives a crash: a file's contents as of its last sync, under the names as of the folder's last sync. What was not synced survives
/// or not, by the seed.
public final class SimulatedDisk: FileSystem, Sendable {
  private struct State {
    /// Contents by inode.
    var contents: [Int: [UInt8]] = [:]
    var synced: [Int: [UInt8]] = [:]
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    var nextInode = 1
    var random: SeededRandom
    var isCrashed = false
    /// Operations until the crash, when one is planned.
    var crashAfter: Int?
    var fullUntilOperation = 0
    var operations = 0
  }
  private let state: Mutex<State>

  /// An empty disk; the seed decides what a crash spares.
  public init(seed: UInt64) { state = Mutex(State(random: SeededRandom(seed ^ 0xD15C))) }

  /// The process dies at the n-th operation from now: that one and all later ones throw, and change nothing that is durable.
  public func planCrash(afterOperations count: Int?) { state.withLock { $0.crashAfter = count } }
  /// The process has died; `restart` brings the machine back.
  public var isCrashed: Bool { state.withLock { $0.isCrashed } }
  /// Counts one operation of another device (the database) towards the planned crash. Throws when the process is dead.
  public func countOperation() throws {
    try state.withLock { _ = try Self.begin(&$0, "use", "the database") }
  }
  /// The next writes fail with ENOSPC.
  public func fill(forOperations count: Int) { state.withLock { $0.fullUntilOperation = $0.operations + count } }

  /// The machine is back: what was durable is there, of the rest what the seed spared (whole, or a torn half).
  public func restart() {
    state.withLock { state in
      state.isCrashed = false
      state.crashAfter = nil
      for name in state.names.keys.sorted() where state.durableNames[name] == nil {
        if state.random.chance(0.5) { state.durableNames[name] = state.names[name] }
      }
      for name in state.durableNames.keys.sorted() where state.names[name] == nil {
        if state.random.chance(0.5) { state.durableNames[name] = nil }  // an unsynced removal may be undone
      }
      state.names = state.durableNames
      for inode in state.contents.keys.sorted() where state.contents[inode] != state.synced[inode] {
        let written = state.contents[inode] ?? []
        let kept = state.random.chance(0.5) ? Int(state.random.next() % UInt64(written.count + 1)) : 0
        state.synced[inode] = state.synced[inode] ?? Array(written.prefix(kept))
      }
      state.contents = state.synced
    }
  }

  /// Flips one bit of a file, or cuts it short. Returns false when there is no such file.
  @discardableResult
  public func damage(_ path: String, bit: Int? = nil, truncateTo length: Int? = nil) -> Bool {
    state.withLock { state in
      guard let inode = state.names[path], var bytes = state.contents[inode], !bytes.isEmpty else { return false }
      if let bit { bytes[(bit / 8) % bytes.count] ^= 1 << UInt8(bit % 8) }
      if let length { bytes = Array(bytes.prefix(length)) }
      state.contents[inode] = bytes
      state.synced[inode] = bytes
      return true
    }
  }

  /// The process dies now: all later operations throw.
  public func crash() { state.withLock { $0.isCrashed = true } }

  /// A copy of every durable file, by path: what a backup holds.
  public func backup() -> [String: [UInt8]] {
    state.withLock { state in state.durableNames.compactMapValues { state.synced[$0] } }
  }

  /// Puts a file of a backup back.
  public func putBack(_ path: String, _ bytes: [UInt8]) {
    state.withLock { state in
      let inode = state.nextInode
      state.nextInode += 1
      state.contents[inode] = bytes
      state.synced[inode] = bytes
      state.names[path] = inode
      state.durableNames[path] = inode
    }
  }

  /// A file's bytes as they are now, or nil.
  public func contents(_ path: String) -> [UInt8]? {
    state.withLock { state in state.names[path].flatMap { state.contents[$0] } }
  }

  /// Every file's path.
  public var paths: [String] { state.withLock { $0.names.keys.sorted() } }

  private static func begin(_ state: inout State, _ operation: String, _ path: String, writes: Bool = false) throws -> Bool {
    if state.isCrashed { throw FileError(operation: operation, path: path, errno: 5, message: "the process is dead") }
    state.operations += 1
    if let left = state.crashAfter {
      if left <= 0 {
        state.isCrashed = true
        throw FileError(operation: operation, path: path, errno: 5, message: "the process dies here")
      }
      state.crashAfter = left - 1
    }
    if writes && state.operations <= state.fullUntilOperation {
      throw FileError(operation: operation, path: path, errno: 28, message: "No space left on device")
    }
    return true
  }

  /// Folders need not be made here.
  public func createDirectory(_ path: String) throws {}

  /// Names in the folder, sorted.
  public func list(_ path: String) throws -> [String] {
    try state.withLock { state in
      _ = try Self.begin(&state, "list", path)
      return state.names.keys.filter { $0.hasPrefix(path + "/") }.map { String($0.dropFirst(path.utf8.count + 1)) }.sorted()
    }
  }

  /// Whether there is a file of that name.
  public func exists(_ path: String) -> Bool { state.withLock { $0.names[path] != nil } }

  /// The whole file. Throws when there is none.
  public func read(_ path: String) throws -> [UInt8] {
    try state.withLock { state in
      _ = try Self.begin(&state, "read", path)
      guard let inode = state.names[path], let bytes = state.contents[inode] else { throw Self.missing("read", path) }
      return bytes
    }
  }

  /// A range of the file, shorter at its end.
  public func read(_ path: String, offset: Int, count: Int) throws -> [UInt8] { Array(try read(path).dropFirst(offset).prefix(count)) }
  /// Bytes of the file. Throws when there is none.
  public func size(_ path: String) throws -> Int { try read(path).count }

  /// Writes and syncs; torn when the process dies inside it.
  public func writeDurably(_ path: String, _ bytes: [UInt8]) throws {
    try state.withLock { state in
      let inode = state.nextInode
      state.nextInode += 1
      do { _ = try Self.begin(&state, "write", path, writes: true) } catch {
        if state.isCrashed {  // died inside the write: some of it may be on disk
          state.names[path] = inode
          state.contents[inode] = bytes
        }
        throw error
      }
      state.names[path] = inode
      state.contents[inode] = bytes
      state.synced[inode] = bytes
    }
  }

  /// Renames; durable after `syncDirectory`.
  public func rename(_ from: String, to: String) throws {
    try state.withLock { state in
      _ = try Self.begin(&state, "rename", from)
      guard let inode = state.names[from] else { throw Self.missing("rename", from) }
      state.names[from] = nil
      state.names[to] = inode
    }
  }

  /// Creates a file, or throws when there is one.
  public func createExclusively(_ path: String, _ bytes: [UInt8]) throws {
    try state.withLock { state in
      _ = try Self.begin(&state, "publish", path, writes: true)
      if state.names[path] != nil { throw FileError(operation: "publish", path: path, errno: 17, message: "File exists") }
      let inode = state.nextInode
      state.nextInode += 1
      state.contents[inode] = bytes
      state.synced[inode] = bytes
      state.names[path] = inode
    }
  }

  /// Makes the folder's names durable.
  public func syncDirectory(_ path: String) throws {
    try state.withLock { state in
      _ = try Self.begin(&state, "sync", path)
      for (name, inode) in state.names where name.hasPrefix(path + "/") { state.durableNames[name] = inode }
      for name in state.durableNames.keys where name.hasPrefix(path + "/") && state.names[name] == nil { state.durableNames[name] = nil }
    }
  }

  /// Removes; durable after `syncDirectory`.
  public func remove(_ path: String) throws {
    try state.withLock { state in
      _ = try Self.begin(&state, "remove", path)
      state.names[path] = nil
    }
  }

  private static func missing(_ operation: String, _ path: String) -> FileError {
    FileError(operation: operation, path: path, errno: 2, message: "No such file or directory")
  }
}
