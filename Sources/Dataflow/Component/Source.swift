internal import Synchronization

/// Where records come from. A reader is owned by one subtask and called in a loop.
///
/// Its input is divided into *splits* (a file, a stripe of a file, a topic's partition). A split has a name that is the same after a
/// restart, a position that can be stored and sought, and a watermark of its own.
public protocol SourceReader: AnyObject {
  /// The columns of the batches that `poll` fills.
  func open(_ context: SourceContext) throws

  /// Fills the batch with records of *one* split and says what to do next. Must not block for long: the subtask's other work waits.
  ///
  /// Sets for each row: columns, `raws`, `offsets`, `splits`; `times` when the source knows it; then `selection`.
  func poll(_ batch: RecordBatch) throws -> SourceStatus

  /// The splits that this subtask owns and their positions, as of the last record that `poll` handed out. Asked for at any time.
  func positions() -> [SplitPosition]

  /// The positions for a checkpoint. Called at every barrier and nowhere else; the checkpoint of the barrier before is complete by then, so
  /// a reader may let go here of what only older ones would read again.
  func snapshot() -> [SplitPosition]

  /// How far time has come in splits whose records were made by another stage of the job (`TimePolicy.isRelayed`), as of the last `poll`: those that
  /// changed since the last call. Where a source reads the world, event times say it.
  func takeMarks() -> [SplitMark]

  /// Called before the first `poll` with all positions of the checkpoint, of every subtask: the reader takes what is its own.
  func restore(_ positions: [SplitPosition]) throws

  func close()
}

extension SourceReader {
  /// The positions.
  public func snapshot() -> [SplitPosition] { positions() }
  /// Event times say it.
  public func takeMarks() -> [SplitMark] { [] }
  /// Nothing to give back.
  public func close() {}
}

/// How far time has come in a split, as whoever made its records says.
public struct SplitMark: Sendable, Equatable {
  /// As it was registered.
  public var split: UInt32
  /// No later record will be at or before it, unless it is late. Nanoseconds since 1970; `Int64.min` before there is any.
  public var watermark: Int64
  /// Whether it does not hold the others back.
  public var isIdle: Bool

  /// A mark.
  public init(split: UInt32, watermark: Int64, isIdle: Bool) {
    self.split = split
    self.watermark = watermark
    self.isIdle = isIdle
  }
}

/// What a source wants after a `poll`.
public enum SourceStatus: Sendable {
  /// There may be more at once.
  case more
  /// Nothing now; ask again after this long.
  case wait(Duration)
  /// The bounded input is at its end and stays there.
  case drained
  /// Nothing more comes for this cut of the job; another one goes on from here. When all inputs are at a cut or at their end, the run ends with a
  /// checkpoint, and open windows stay open.
  case cut
}

/// How far a split has been read. `name` is stable across restarts; `state` belongs to the reader.
public struct SplitPosition: Sendable, Equatable {
  /// The split's name.
  public var name: String
  /// The position, in the reader's own coding.
  public var state: [UInt8]

  /// A position in a split.
  public init(name: String, state: [UInt8]) {
    self.name = name
    self.state = state
  }
}

/// What a source may know about where it runs.
public struct SourceContext: Sendable {
  /// The job's name.
  public let job: String
  /// The source's id in the job.
  public let id: String
  /// Which of the subtasks this is, from 0.
  public let subtask: Int
  /// How many subtasks the source has.
  public let parallelism: Int
  /// The names of the job's splits.
  public let splits: SplitTable
  /// The clock, randomness and files this run uses.
  public let runtime: any Runtime

  /// A context; of a single subtask unless said otherwise.
  public init(job: String, id: String, subtask: Int = 0, parallelism: Int = 1, splits: SplitTable = SplitTable(), runtime: any Runtime) {
    self.job = job
    self.id = id
    self.subtask = subtask
    self.parallelism = parallelism
    self.splits = splits
    self.runtime = runtime
  }

  /// Whether a split with this ordinal (its place in the reader's stable enumeration) belongs to this subtask.
  public func owns(_ ordinal: Int) -> Bool { ordinal % parallelism == subtask }
}

/// The names of a job's splits and which of them still hold the watermark back. Shared by all subtasks of a run.
public final class SplitTable: Sendable {
  private struct State {
    var names: [String] = []
    var finished: Set<UInt32> = []
    var complete: Set<UInt32> = []
  }
  private let state = Mutex(State())

  /// No splits yet.
  public init() {}

  /// Registers a split, or finds it again. A registered split holds the watermark back until it has records, is idle or is finished.
  public func register(_ name: String) -> UInt32 {
    state.withLock { state in
      if let known = state.names.firstIndex(of: name) { return UInt32(known) }
      state.names.append(name)
      return UInt32(state.names.count - 1)
    }
  }

  /// The split's name, or "?" for an index that was never registered.
  public func name(_ split: UInt32) -> String {
    state.withLock { Int(split) < $0.names.count ? $0.names[Int(split)] : "?" }
  }

  /// The split has no more records and never will have: it no longer holds the watermark back.
  public func finish(_ split: UInt32) {
    state.withLock { _ = $0.finished.insert(split) }
  }

  /// All of the split's records are there already. Silence means that other splits have their turn: it is never idle, and holds the watermark back
  /// until it is finished. Otherwise what is read last of a large input would be late.
  public func complete(_ split: UInt32) {
    state.withLock { _ = $0.complete.insert(split) }
  }

  /// Whether all of the split's records were there when it was registered.
  public func isComplete(_ split: UInt32) -> Bool {
    state.withLock { $0.complete.contains(split) }
  }

  /// Whether the split was finished.
  public func isFinished(_ split: UInt32) -> Bool {
    state.withLock { $0.finished.contains(split) }
  }
}
