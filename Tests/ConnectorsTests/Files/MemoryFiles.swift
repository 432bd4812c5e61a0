import Dataflow
import Synchronization

/// Files in memory that a crash can be put into: after a number of operations every further one fails.
final class MemoryFiles: FileSystem {
  private struct State: Sendable {
    var files: [String: [UInt8]] = [:]
    var folders: Set<String> = []
    var operationsLeft = Int.max
    var journal: [String] = []
  }
  private let state = Mutex(State())

  /// What happened, one word and a name each.
  var journal: [String] { state.withLock { $0.journal } }
  var paths: [String] { state.withLock { $0.files.keys.sorted() } }

  /// The process dies after this many more writing operations.
  func crash(after operations: Int) { state.withLock { $0.operationsLeft = operations } }
  func recover() { state.withLock { $0.operationsLeft = .max } }

  private func change(_ operation: String, _ path: String, _ body: (inout State) throws -> Void) throws {
    try state.withLock { state in
      guard state.operationsLeft > 0 else { throw FileError(operation: operation, path: path, errno: 5, message: "crashed") }
      state.operationsLeft -= 1
      state.journal.append("\(operation) \(path.split(separator: "/").last ?? "")")
      try body(&state)
    }
  }

  func createDirectory(_ path: String) throws { try change("mkdir", path) { $0.folders.insert(path) } }

  func list(_ path: String) throws -> [String] {
    state.withLock { state in
      state.files.keys.filter { $0.hasPrefix(path + "/") }.map { String($0.dropFirst(path.count + 1)) }.filter { !$0.contains("/") }
        .sorted()
    }
  }

  func exists(_ path: String) -> Bool { state.withLock { $0.files[path] != nil || $0.folders.contains(path) } }

  func read(_ path: String) throws -> [UInt8] {
    try state.withLock { state in
      guard let bytes = state.files[path] else { throw FileError(operation: "read", path: path, errno: 2, message: "no such file") }
      return bytes
    }
  }

  func read(_ path: String, offset: Int, count: Int) throws -> [UInt8] { Array(try read(path).dropFirst(offset).prefix(count)) }
  func size(_ path: String) throws -> Int { try read(path).count }
  func writeDurably(_ path: String, _ bytes: [UInt8]) throws { try change("write", path) { $0.files[path] = bytes } }

  func rename(_ from: String, to: String) throws {
    try change("rename", to) { state in
      guard let bytes = state.files.removeValue(forKey: from) else {
        throw FileError(operation: "rename", path: from, errno: 2, message: "no such file")
      }
      state.files[to] = bytes
    }
  }

  func createExclusively(_ path: String, _ bytes: [UInt8]) throws {
    try change("create", path) { state in
      guard state.files[path] == nil else { throw FileError(operation: "create", path: path, errno: 17, message: "exists") }
      state.files[path] = bytes
    }
  }

  func syncDirectory(_ path: String) throws { try change("sync", path) { _ in } }
  func remove(_ path: String) throws { try change("remove", path) { $0.files[path] = nil } }
}
