internal import Dataflow
internal import Synchronization

/// Makes all subtasks of a run see the same files: the first that asks looks, the others get its answer.
///
/// Without it a file that appears or grows while a job starts could be counted differently by two subtasks, and be read twice or not at all.
final class FileAgreement: Sendable {
  private struct Run: Sendable {
    // The table stands for the run: all subtasks of one run share it, and the next run has another.
    weak var splits: SplitTable?
    var listing: FileListing
    var fresh: FileResolution
    var restored: FileResolution?
    /// Which subtask follows the file with this device and inode.
    var followers: [FileKey: Int] = [:]
  }

  private let options: FileSourceOptions
  private let runs = Mutex<[Run]>([])

  init(_ options: FileSourceOptions) { self.options = options }

  /// What there is to read when nothing was read before.
  func fresh(_ splits: SplitTable) throws -> FileResolution {
    try runs.withLock { runs in
      if let run = runs.first(where: { $0.splits === splits }) { return run.fresh }
      let listing = try FileListing(options, warn: options.warn)
      let resolution = try FileResolution(listing, [], options)
      runs.removeAll { $0.splits == nil }
      runs.append(Run(splits: splits, listing: listing, fresh: resolution))
      return resolution
    }
  }

  /// What there is to read after the positions of a checkpoint. `fresh` must have been asked before.
  func restored(_ splits: SplitTable, _ positions: [FilePosition]) throws -> FileResolution {
    try runs.withLock { runs in
      guard let index = runs.firstIndex(where: { $0.splits === splits }) else {
        preconditionFailure("positions restored before the file source was opened")
      }
      if let known = runs[index].restored { return known }
      let resolution = try FileResolution(runs[index].listing, positions, options)
      runs[index].restored = resolution
      return resolution
    }
  }

  /// Whether the subtask may follow a file: true for the first that asks, until it gives the file up.
  func claim(_ splits: SplitTable, _ file: FileKey, subtask: Int) -> Bool {
    runs.withLock { runs in
      guard let index = runs.firstIndex(where: { $0.splits === splits }) else { return true }
      let follower = runs[index].followers[file] ?? subtask
      runs[index].followers[file] = follower
      return follower == subtask
    }
  }

  /// The file is deleted: its inode may come back as another file.
  func giveUp(_ splits: SplitTable, _ file: FileKey) {
    runs.withLock { runs in
      guard let index = runs.firstIndex(where: { $0.splits === splits }) else { return }
      runs[index].followers[file] = nil
    }
  }
}
