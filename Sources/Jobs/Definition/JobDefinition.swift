public import Dataflow

/// A `Job` document, checked: what the file says, with every default filled in.
public struct JobDefinition: Sendable {
  /// Whether the job should be running, in the words of the file.
  public enum State: String, Sendable, CaseIterable {
    case running
    case suspended
  }

  /// What a changed job starts from.
  public enum Upgrade: String, Sendable, CaseIterable {
    case checkpoint
    case fresh
  }

  /// Unique among the jobs of a process.
  public var name: String
  /// Words to find the job by, in the order of the file.
  public var labels: [(key: String, value: String)]
  /// What the job is for.
  public var description: String
  /// Whether it should run.
  public var state: State
  /// Subtasks of each step, 1 to 720.
  public var parallelism: Int
  /// What a crash may do to results.
  public var guarantee: Guarantee
  /// When state is saved, and where.
  public var checkpoint: CheckpointPolicy
  /// The places that keep its checkpoints, the deciding one first.
  public var checkpointPlaces: [CheckpointPlace]
  /// How a failed job starts again.
  public var restart: RestartPolicy
  /// What a changed job starts from.
  public var upgrade: Upgrade
  /// What carries its records when it runs over several workers; nil when it runs in one process only.
  public var exchange: ExchangeDefinition?
  /// Sources, operators and sinks in the order of the file.
  public var components: [ComponentDefinition]
  /// What the job must make of a few records.
  public var tests: [JobTestSpec]
  /// The options of `spec` as they were checked, for printing.
  var spec: Config

  /// The components of one role, in the order of the file.
  public func components(_ role: GraphShape.Role) -> [ComponentDefinition] {
    components.filter { $0.role == role }
  }
}
