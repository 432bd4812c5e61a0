/// What a checkpoint is: the list of everything a restart needs, with checksums. A checkpoint without a manifest does not exist.
public struct Manifest: Sendable, Equatable {
  /// The format that this version writes and reads.
  public static let formatVersion: UInt32 = 2
  static let magic: [UInt8] = Array("SLOCHKPT".utf8)

  /// The job's name.
  public var job: String
  /// The checkpoint's number; epochs of a job have no gaps.
  public var epoch: UInt64
  /// Nanoseconds since 1970.
  public var createdAt: Int64
  /// The parallelism at which the state was saved.
  public var parallelism: Int
  /// The hash that keyed the state (`KeyGroup.hashID`).
  public var hashID: String
  /// Taken when the job stopped or its input ended.
  public var isFinal: Bool
  /// The last one of a shard of its cut of the job: nobody runs on from it, another cut is made of it.
  public var isDrained = false
  /// The first one of a shard, made of the last ones of another cut: its state is restored as at another parallelism.
  public var isFirstOfCut = false
  /// The state of every operator that has some.
  public var operators: [OperatorState]
  /// The rows of every exactly-once sink.
  public var stages: [Stage]
  /// Running totals since the job's first record.
  public var counters: [Counted]

  init(
    job: String, epoch: UInt64, createdAt: Int64, parallelism: Int, hashID: String, isFinal: Bool, operators: [OperatorState],
    stages: [Stage], counters: [Counted]
  ) {
    self.job = job
    self.epoch = epoch
    self.createdAt = createdAt
    self.parallelism = parallelism
    self.hashID = hashID
    self.isFinal = isFinal
    self.operators = operators
    self.stages = stages
    self.counters = counters
  }

  /// A checkpoint of a job without state.
  package init(job: String, epoch: UInt64) {
    self.init(
      job: job, epoch: epoch, createdAt: 0, parallelism: 1, hashID: KeyGroup.hashID, isFinal: false, operators: [], stages: [], counters: []
    )
  }

  /// The saved state of one operator.
  public struct OperatorState: Sendable, Equatable {
    /// The operator's id in the job.
    public var id: String
    /// Per subtask, its sections.
    public var subtasks: [[Section]]
  }
  /// A named piece of state: a full part and the increments after it.
  public struct Section: Sendable, Equatable {
    /// The section's name, which the operator chose.
    public var name: String
    /// The newest full part, then increments in order.
    public var parts: [Part]
  }
  /// The rows of one epoch of one sink, per subtask.
  public struct Stage: Sendable, Equatable {
    /// The sink's id in the job.
    public var sink: String
    /// Rows in all chunks.
    public var rows: Int
    /// A digest of the chunks; the ledger keeps it too.
    public var digest: UInt64
    /// One chunk a subtask.
    public var chunks: [Part]
  }
  /// Where the records of one operator went.
  public struct Counted: Sendable, Equatable {
    /// The operator's id in the job.
    public var id: String
    /// Totals of all subtasks.
    public var counters: OperatorCounters
  }
  /// Bytes as a run of compressed frames.
  public struct Part: Sendable, Equatable {
    /// Bytes before compression.
    public var rawBytes: Int
    /// In order.
    public var frames: [Frame]
    /// Bytes on disk.
    public var storedBytes: Int { frames.reduce(0) { $0 + $1.count } }
  }
  /// One zstd frame inside a data file.
  public struct Frame: Sendable, Equatable {
    /// The data file's name.
    public var file: String
    /// Where the frame begins in it.
    public var offset: Int
    /// Bytes on disk.
    public var count: Int
    /// Bytes before compression.
    public var rawCount: Int
    /// Of the bytes on disk.
    public var checksum: UInt64
  }

  /// Every data file the manifest refers to.
  public var files: Set<String> {
    var result: Set<String> = []
    for state in operators {
      for sections in state.subtasks { for section in sections { for part in section.parts { result.formUnion(part.frames.map(\.file)) } } }
    }
    for stage in stages { for part in stage.chunks { result.formUnion(part.frames.map(\.file)) } }
    return result
  }

  /// Bytes on disk that this checkpoint needs, increments of earlier ones included.
  public var storedBytes: Int {
    operators.reduce(0) { sum, state in
      sum + state.subtasks.joined().reduce(0) { $0 + $1.parts.reduce(0) { $0 + $1.storedBytes } }
    } + stages.reduce(0) { $0 + $1.chunks.reduce(0) { $0 + $1.storedBytes } }
  }

  package static func name(_ epoch: UInt64) -> String { "manifest-" + padded(epoch) }

  /// The common beginning of the names of an epoch's data files. `run` keeps those of two runs apart.
  package static func dataName(_ epoch: UInt64, run: UInt64) -> String { "data-\(padded(epoch))-\(String(run, radix: 16))" }

  /// The epoch that a manifest or a data file was written for, half-written ones included; 0 when the name tells none.
  static func epoch(ofFile name: String) -> UInt64 {
    UInt64(name.drop { $0 != "-" }.dropFirst().prefix { $0.isASCII && $0.isNumber }) ?? 0
  }

  private static func padded(_ epoch: UInt64) -> String {
    let digits = String(epoch)
    return String(repeating: "0", count: max(0, 10 - digits.count)) + digits
  }
}

/// A 64-bit checksum of stored bytes: any changed bit is found (with probability 1 - 2^-64; it is no defence against intent).
package func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  var hasher = KeyHasher(seed: 0x5107_5C07)
  hasher.combine(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
  return hasher.finish().high
}
