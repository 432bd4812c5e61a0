/// The seam between the engine and everything that is not deterministic: clock, randomness, executors, files.
///
/// `SystemRuntime` is the real one; `DataflowTesting.SimulatedRuntime` runs a whole job on one seeded executor with virtual time and faults.
public protocol Runtime: Sendable {
  /// Wall-clock time in nanoseconds since 1970.
  func now() -> Int64
  /// Monotonic time in nanoseconds.
  func monotonic() -> Int64
  /// Suspends. Throws `CancellationError` when the task is cancelled.
  func sleep(nanoseconds: Int64) async throws
  /// Blocks the calling background thread.
  func block(nanoseconds: Int64)
  /// 64 random bits, for jitter and seeds; never for results.
  func random() -> UInt64
  /// The executors that subtasks are pinned to, one a core. Subtask i runs on slot `i % count`.
  var slots: [any Slot] { get }
  /// A thread where blocking work may run: packing checkpoints, files, one a database. The same thread for the same purpose.
  func background(_ purpose: String) -> any Slot
  /// The files that checkpoints and file sinks use.
  var files: any FileSystem { get }
}

/// A thread that runs subtasks.
public protocol Slot: TaskExecutor, SerialExecutor {}

/// The file operations that durability rests on. Blocking; called on background slots. Paths are absolute.
///
/// Throws `FileError`.
public protocol FileSystem: Sendable {
  /// Creates the folder and its parents.
  func createDirectory(_ path: String) throws
  /// Names in the folder, sorted; empty when there is no such folder.
  func list(_ path: String) throws -> [String]
  func exists(_ path: String) -> Bool
  /// Reads a whole file.
  func read(_ path: String) throws -> [UInt8]
  /// Reads a range of a file; fewer bytes only at its end.
  func read(_ path: String, offset: Int, count: Int) throws -> [UInt8]
  func size(_ path: String) throws -> Int
  /// Creates or truncates a file, writes the bytes and syncs them to disk.
  func writeDurably(_ path: String, _ bytes: [UInt8]) throws
  /// Renames over an existing file. Durable only after `syncDirectory`.
  func rename(_ from: String, to: String) throws
  /// Makes `to` a second name of `from`, failing with `.exists` when there is a file of that name: create-if-absent.
  func createExclusively(_ path: String, _ bytes: [UInt8]) throws
  func syncDirectory(_ path: String) throws
  /// Removes a file; no error when it is gone already.
  func remove(_ path: String) throws
  /// Removes a folder that is empty; nothing when it holds something, or is gone already.
  func removeEmptyDirectory(_ path: String) throws
}

extension FileSystem {
  /// Where folders are no more than parts of paths there is nothing to remove.
  public func removeEmptyDirectory(_ path: String) throws {}
}

/// A file operation that failed: what was tried, where, and the system's error number.
public struct FileError: Error, CustomStringConvertible, Equatable {
  /// What was tried: `read`, `write`, `rename` …
  public let operation: String
  /// The path it was tried on.
  public let path: String
  /// The system's error number.
  public let errno: Int32
  /// The system's words.
  public let message: String

  /// A failure.
  public init(operation: String, path: String, errno: Int32, message: String) {
    self.operation = operation
    self.path = path
    self.errno = errno
    self.message = message
  }

  /// A sentence for people.
  public var description: String { "could not \(operation) \(path): \(message)" }
}

extension FileError {
  /// EEXIST: somebody was first.
  public var isAlreadyThere: Bool { errno == 17 }
  /// ENOSPC or EDQUOT: there may be room again later.
  public var isNoSpace: Bool { errno == 28 || errno == 122 }
}
