/// How many shards the stages of a job have, and in which of the job's cuts.
public struct ShardLayout: Sendable, Hashable {
  /// Which cut: the first is 1. Names of shards and of topics tell them apart.
  public var version: Int
  /// Shards of the first stage, which reads the sources.
  public var readers: Int
  /// Shards of every later stage.
  public var partitions: Int

  /// A cut; the first unless said otherwise.
  public init(version: Int = 1, readers: Int, partitions: Int) {
    self.version = version
    self.readers = readers
    self.partitions = partitions
  }

  /// How many shards a stage has.
  public func shards(of stage: Int) -> Int { stage == 0 ? readers : partitions }

  /// All shards of a job that is cut into so many stages.
  public func shards(of job: String, stages: Int) -> [JobShard] {
    (0..<stages).flatMap { stage in
      (0..<shards(of: stage)).map { JobShard(job: job, stage: stage, index: $0, count: shards(of: stage), version: version) }
    }
  }

  /// The shards of each stage: `2,24,24`.
  public func counts(stages: Int) -> String { (0..<stages).map { "\(shards(of: $0))" }.joined(separator: ",") }

  /// Reads counts back; nil when they are none. A job of one stage has no partitions: it gets one.
  public init?(version: Int, counts: String) {
    let numbers = counts.split(separator: ",").compactMap { Int($0) }
    guard let readers = numbers.first else { return nil }
    self.init(version: version, readers: readers, partitions: numbers.count > 1 ? numbers[1] : 1)
  }
}
