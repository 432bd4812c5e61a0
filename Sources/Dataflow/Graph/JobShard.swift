/// Which part of a job a graph is, when the job is cut into stages that run over several workers (`StageCut`).
public struct JobShard: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The whole job's name.
  public var job: String
  /// Which stage: 0 reads the sources.
  public var stage: Int
  /// Which of the stage's shards, from 0: the partition of the exchange that it reads.
  public var index: Int
  /// How many shards the stage has.
  public var count: Int
  /// Which of the job's cuts it belongs to, from 1: a later one has other shards, with checkpoints and ledgers of their own.
  public var version: Int

  /// A part of a job; of its first cut unless said otherwise.
  public init(job: String, stage: Int, index: Int, count: Int, version: Int = 1) {
    self.job = job
    self.stage = stage
    self.index = index
    self.count = count
    self.version = version
  }

  /// What checkpoints and ledgers are filed under. No job can be called so: names have no dots.
  public var name: String { version == 1 ? "\(job).\(stage).\(index)" : "\(job).v\(version).\(stage).\(index)" }

  /// The same.
  public var description: String { name }

  /// By job, version, stage and index.
  public static func < (a: JobShard, b: JobShard) -> Bool {
    (a.job, a.version, a.stage, a.index) < (b.job, b.version, b.stage, b.index)
  }
}
