import Connectors
import Dataflow
import Synchronization

/// Real files in the hands of a process that dies at one of its changes: half of a write is done then, and nothing more after it.
final class DyingFiles: LogFiles {
  private let real = PosixFileSystem()
  private let left: Mutex<Int>
  private let count = Mutex(0)

  init(after changes: Int = .max) { left = Mutex(changes) }

  var changes: Int { count.withLock { $0 } }

  private func change(_ path: String, halfway: () throws -> Void = {}, _ body: () throws -> Void) throws {
    count.withLock { $0 += 1 }
    let isAlive = left.withLock { left in
      left -= left > 0 ? 1 : 0
      return left > 0
    }
    guard isAlive else {
      try halfway()
      throw FileError(operation: "change", path: path, errno: 5, message: "the process died")
    }
    try body()
  }

  func createDirectory(_ path: String) throws { try real.createDirectory(path) }
  func list(_ path: String) throws -> [String] { try real.list(path) }
  func exists(_ path: String) -> Bool { real.exists(path) }
  func read(_ path: String) throws -> [UInt8] { try real.read(path) }
  func read(_ path: String, offset: Int, count: Int) throws -> [UInt8] { try real.read(path, offset: offset, count: count) }
  func size(_ path: String) throws -> Int { try real.size(path) }
  func write(_ path: String, at offset: Int64, _ bytes: UnsafeRawBufferPointer) throws {
    let half = UnsafeRawBufferPointer(rebasing: bytes.prefix(bytes.count / 2))
    try change(path, halfway: { try real.write(path, at: offset, half) }, { try real.write(path, at: offset, bytes) })
  }
  func cut(_ path: String, to size: Int64) throws { try change(path) { try real.cut(path, to: size) } }
  func sync(_ path: String) throws { try change(path) {} }
  func writeFast(_ path: String, _ bytes: [UInt8]) throws {
    try change(path, halfway: { try real.writeFast(path, Array(bytes.prefix(bytes.count / 2))) }, { try real.writeFast(path, bytes) })
  }
  func writeDurably(_ path: String, _ bytes: [UInt8]) throws { try writeFast(path, bytes) }
  func rename(_ from: String, to: String) throws { try change(from) { try real.rename(from, to: to) } }
  func createExclusively(_ path: String, _ bytes: [UInt8]) throws { preconditionFailure("topics do not create exclusively") }
  func syncDirectory(_ path: String) throws { try change(path) {} }
  func remove(_ path: String) throws { try change(path) { try real.remove(path) } }
  func removeEmptyDirectory(_ path: String) throws { try change(path) { try real.removeEmptyDirectory(path) } }
  func lock(_ path: String) throws -> LogLock { try real.lock(path) }
}
