/// What a checkpoint is: the list of everything a restart needs, with checksums. A checkpoint without a manifest does not exist.
public struct Manifest: Sendable, Equatable {
  /// The format that this version writes; it reads the formats up to it.
  public static let formatVersion: UInt32 = 1
  static let magic: [UInt8] = Array("SLOCHKPT".utf8)

  public var job: String
  /// The checkpoint's number; epochs of a job have no gaps.
  public var epoch: UInt64
  /// Nanoseconds since 1970.
  public var createdAt: Int64
  public var parallelism: Int
  /// The hash that keyed the state (`KeyGroup.hashID`).
  public var hashID: String
  /// Taken when the job stopped or its input ended.
  public var isFinal: Bool
  public var operators: [OperatorState]
  public var stages: [Stage]
  /// Running totals since the job's first record.
  public var counters: [Counted]

  /// The saved state of one operator.
  public struct OperatorState: Sendable, Equatable {
    public var id: String
    /// Per subtask, its sections.
    public var subtasks: [[Section]]
  }
  /// A named piece of state: a full part and the increments after it.
  public struct Section: Sendable, Equatable {
    public var name: String
    public var parts: [Part]
  }
  /// The rows of one epoch of one sink, per subtask.
  public struct Stage: Sendable, Equatable {
    public var sink: String
    public var rows: Int
    public var digest: UInt64
    public var chunks: [Part]
  }
  public struct Counted: Sendable, Equatable {
    public var id: String
    public var counters: OperatorCounters
  }
  /// Bytes as a run of compressed frames.
  public struct Part: Sendable, Equatable {
    public var rawBytes: Int
    public var frames: [Frame]
    /// Bytes on disk.
    public var storedBytes: Int { frames.reduce(0) { $0 + $1.count } }
  }
  /// One zstd frame inside a data file.
  public struct Frame: Sendable, Equatable {
    public var file: String
    public var offset: Int
    public var count: Int
    public var rawCount: Int
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

  /// The epoch that a data file was written for.
  static func epoch(ofData name: String) -> UInt64? {
    let parts = name.split(separator: "-")
    return parts.count > 1 ? UInt64(parts[1]) : nil
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
