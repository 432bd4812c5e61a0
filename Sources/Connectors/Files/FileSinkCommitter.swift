internal import Dataflow
internal import Glibc
internal import Synchronization

/// Puts the rows of durable epochs into the sink's folder.
///
/// ```
/// .part-0000000007.tmp  write, fsync ─ rename ─▶ part-0000000007.jsonl   fsync the folder
/// ._ledger.tmp          write, fsync ─ rename ─▶ _ledger.json            fsync the folder
/// ```
/// A crash anywhere leaves the ledger at the epoch before; applying the epoch again replaces the part by the same bytes.
final class FileSinkCommitter: SinkCommitter {
  private struct Open: Sendable {
    var files: any FileSystem
    var folder: String
    var ledger: FileLedger
    var hasLedger: Bool
  }

  private let path: String
  private let state = Mutex<Open?>(nil)

  init(path: String) { self.path = path }

  func open(_ context: SinkContext) throws -> UInt64? {
    let files = context.runtime.files
    let folder = try Self.absolute(path)
    let ledgerPath = "\(folder)/\(FileLedger.name)"
    let bytes = try Self.translated {
      try files.createDirectory(folder)
      for name in try files.list(folder) where name.hasPrefix(".") && name.hasSuffix(".tmp") { try files.remove("\(folder)/\(name)") }
      return files.exists(ledgerPath) ? try files.read(ledgerPath) : nil
    }
    var ledger = FileLedger(job: context.job, sink: context.id)
    if let bytes {
      guard FileLedger.isWhole(bytes) else {
        throw SinkError(
          "the ledger \(ledgerPath) is damaged",
          hint: "move the folder away and start with a fresh state, or restore the ledger from a copy", retry: .never)
      }
      guard let known = FileLedger(bytes, job: context.job, sink: context.id) else {
        throw SinkError(
          "the folder \(folder) belongs to another job or sink", hint: "give every file sink a folder of its own", retry: .never)
      }
      guard !context.isFresh else {
        throw SinkError(
          "the folder \(folder) holds \(known.rows) rows up to epoch \(known.epoch), but the job starts without its state",
          hint: "bring the job's state folder back, or move \(folder) away to write everything anew", retry: .never)
      }
      ledger = known
    }
    state.withLock { $0 = Open(files: files, folder: folder, ledger: ledger, hasLedger: bytes != nil) }
    return bytes == nil ? nil : ledger.epoch
  }

  func apply(_ epoch: StagedEpoch) throws -> ApplyReport {
    try state.withLock { state in
      guard var open = state else { preconditionFailure("epoch \(epoch.epoch) applied before the file sink was opened") }
      let ledger = open.ledger
      if open.hasLedger && epoch.epoch <= ledger.epoch {
        guard epoch.epoch < ledger.epoch || epoch.digest == ledger.digest else {
          throw SinkError(
            "epoch \(epoch.epoch) in \(open.folder) was written with other rows than the checkpoint \(epoch.manifest) has",
            hint: "the state is older than the folder: bring the newest state back, or move both away", retry: .never)
        }
        return ApplyReport(applied: epoch.rows, wasApplied: true)
      }
      open.ledger.epoch = epoch.epoch
      open.ledger.digest = epoch.digest
      open.ledger.rows += UInt64(epoch.rows)
      open.hasLedger = true
      try Self.translated {
        if epoch.chunks.contains(where: { !$0.isEmpty }) {
          try Self.publish(Array(epoch.chunks.joined()), as: Self.partName(epoch.epoch), open)
        }
        try Self.publish(open.ledger.encoded, as: FileLedger.name, open)
      }
      state = open
      return ApplyReport(applied: epoch.rows)
    }
  }

  func close() {
    state.withLock { $0 = nil }
  }

  /// The file appears whole: everything is on disk before it has its name, and its name is before this returns.
  private static func publish(_ bytes: [UInt8], as name: String, _ open: Open) throws {
    let temporary = "\(open.folder)/.\(name).tmp"
    try open.files.writeDurably(temporary, bytes)
    try open.files.rename(temporary, to: "\(open.folder)/\(name)")
    try open.files.syncDirectory(open.folder)
  }

  private static func partName(_ epoch: UInt64) -> String {
    let digits = String(epoch)
    return "part-\(String(repeating: "0", count: max(0, 10 - digits.utf8.count)))\(digits).jsonl"
  }

  private static func absolute(_ path: String) throws -> String {
    let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    guard !trimmed.hasPrefix("/") else { return trimmed }
    guard let folder = getcwd(nil, 0) else {
      throw SinkError("the working directory is gone, so \(path) has no place", hint: "use an absolute path", retry: .never)
    }
    defer { free(folder) }
    return "\(String(cString: folder))/\(trimmed)"
  }

  /// What failed, for the runtime: a full disk may have room later, a folder without permission will not get one by itself.
  private static func translated<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as FileError {
      switch error.errno {
      case EACCES, EPERM, EROFS, ENOTDIR, ENAMETOOLONG, ELOOP:
        throw SinkError(error.description, hint: "the file sink must be able to write there", retry: .never)
      case ENOSPC, EDQUOT:
        throw SinkError(error.description, hint: "make room: the rows stay in the checkpoint until then", retry: .withBackoff)
      default:
        throw SinkError(error.description, retry: .withBackoff)
      }
    }
  }
}
