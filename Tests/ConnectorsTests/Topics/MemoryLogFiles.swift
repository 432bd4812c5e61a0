import Connectors
import Dataflow
import Glibc
import Synchronization

/// Files in memory that know what is on the disk and what is not yet, and a process that can be made to die at any byte it writes.
///
/// `kill` loses nothing that was written, as when a process dies. `cutPower` keeps what was synced, and of the rest a random part.
final class MemoryLogFiles: LogFiles {
  private struct Inode: Sendable {
    var bytes: [UInt8] = []
    var durable: [UInt8] = []
  }
  private struct State: Sendable {
    var inodes: [Int: Inode] = [:]
    var next = 0
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    var budget = Int.max
    var spent = 0
    var isLocked = false
  }
  private let state = Mutex(State())

  /// What was written so far: bytes, and one for each other change.
  var spent: Int { state.withLock { $0.spent } }
  var paths: [String] { state.withLock { $0.names.keys.sorted() } }

  /// The process dies after this many more bytes.
  func die(after budget: Int) { state.withLock { $0.budget = budget } }
  func kill() { state.withLock { $0.budget = .max } }

  func cutPower(_ random: inout SeededGenerator) {
    let seed = random.next()
    state.withLock { state in
      var random = SeededGenerator(seed: seed)
      state.budget = .max
      // A folder that was not synced may have the new name or the old one.
      if random.chance(2) { state.names = state.durableNames }
      for (id, inode) in state.inodes.sorted(by: { $0.key < $1.key }) where inode.bytes != inode.durable {
        var bytes = inode.durable
        let kept = random.int(0...inode.bytes.count)
        for index in inode.bytes.indices where index < kept {
          if index < bytes.count { bytes[index] = inode.bytes[index] } else { bytes.append(random.chance(3) ? 0 : inode.bytes[index]) }
        }
        // A part of the file that was on the disk stays: nothing writes there.
        state.inodes[id] = Inode(bytes: bytes, durable: bytes)
      }
      state.durableNames = state.names
    }
  }

  /// Writes all files into a real folder, for a reader to look at.
  func export(to folder: TestFolder) {
    state.withLock { state in
      for (path, id) in state.names {
        let parts = path.split(separator: "/")
        for count in 1..<parts.count { folder.makeFolder(parts.prefix(count).joined(separator: "/")) }
        folder.write(parts.joined(separator: "/"), state.inodes[id]?.bytes ?? [])
      }
    }
  }

  private func failure(_ operation: String, _ path: String, _ number: Int32 = 5) -> FileError {
    FileError(operation: operation, path: path, errno: number, message: number == 2 ? "no such file" : "the process died")
  }

  /// Runs a change that costs so much; when less is left, the process dies, having done that part.
  private func change(_ operation: String, _ path: String, cost: Int = 1, _ body: (inout State, Int) throws -> Void) throws {
    try state.withLock { state in
      let part = min(cost, state.budget)
      state.spent += part
      if state.budget != .max { state.budget -= part }
      if part == cost || operation == "write" { try body(&state, part) }
      if part < cost { throw failure(operation, path) }
    }
  }

  func createDirectory(_ path: String) throws { try change("mkdir", path) { _, _ in } }

  func list(_ path: String) throws -> [String] {
    state.withLock {
      $0.names.keys.filter { $0.hasPrefix(path + "/") }.map { String($0.dropFirst(path.count + 1)) }.filter { !$0.contains("/") }.sorted()
    }
  }

  func exists(_ path: String) -> Bool { state.withLock { $0.names[path] != nil } }

  func read(_ path: String) throws -> [UInt8] {
    try state.withLock { state in
      guard let id = state.names[path], let inode = state.inodes[id] else { throw failure("read", path, 2) }
      return inode.bytes
    }
  }

  func read(_ path: String, offset: Int, count: Int) throws -> [UInt8] { Array(try read(path).dropFirst(offset).prefix(count)) }
  func size(_ path: String) throws -> Int { try read(path).count }

  func write(_ path: String, at offset: Int64, _ bytes: UnsafeRawBufferPointer) throws {
    try change("write", path, cost: max(1, bytes.count)) { state, part in
      let id = state.names[path] ?? state.next
      if state.names[path] == nil {
        state.names[path] = id
        state.next += 1
      }
      var inode = state.inodes[id] ?? Inode()
      let end = Int(offset) + min(part, bytes.count)
      while inode.bytes.count < end { inode.bytes.append(0) }
      for index in 0..<min(part, bytes.count) { inode.bytes[Int(offset) + index] = bytes[index] }
      state.inodes[id] = inode
    }
  }

  func cut(_ path: String, to size: Int64) throws {
    try change("cut", path) { state, _ in
      guard let id = state.names[path], var inode = state.inodes[id], inode.bytes.count > size else { return }
      inode.bytes.removeLast(inode.bytes.count - Int(size))
      state.inodes[id] = inode
    }
  }

  func sync(_ path: String) throws {
    try change("sync", path) { state, _ in
      guard let id = state.names[path] else { throw failure("sync", path, 2) }
      let bytes = state.inodes[id]?.bytes ?? []
      state.inodes[id]?.durable = bytes
    }
  }

  func writeFast(_ path: String, _ bytes: [UInt8]) throws {
    try change("truncate", path) { state, _ in
      let id = state.names[path] ?? state.next
      if id == state.next { state.next += 1 }
      state.names[path] = id
      state.inodes[id] = Inode(bytes: [], durable: state.inodes[id]?.durable ?? [])
    }
    try bytes.withUnsafeBytes { try write(path, at: 0, $0) }
  }

  func writeDurably(_ path: String, _ bytes: [UInt8]) throws {
    try writeFast(path, bytes)
    try sync(path)
  }

  func rename(_ from: String, to: String) throws {
    try change("rename", from) { state, _ in
      guard let id = state.names.removeValue(forKey: from) else { throw failure("rename", from, 2) }
      state.names[to] = id
    }
  }

  func createExclusively(_ path: String, _ bytes: [UInt8]) throws { preconditionFailure("topics do not create exclusively") }

  func syncDirectory(_ path: String) throws {
    try change("sync", path) { state, _ in
      for name in Set(state.names.keys).union(state.durableNames.keys) where name.hasPrefix(path + "/") {
        if !name.dropFirst(path.count + 1).contains("/") { state.durableNames[name] = state.names[name] }
      }
    }
  }

  func remove(_ path: String) throws { try change("remove", path) { state, _ in state.names[path] = nil } }

  func lock(_ path: String) throws -> LogLock { .held(self) }
}
