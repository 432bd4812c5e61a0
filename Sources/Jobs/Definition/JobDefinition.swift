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

  public var name: String
  public var labels: [(key: String, value: String)]
  public var description: String
  public var state: State
  public var parallelism: Int
  public var guarantee: Guarantee
  public var checkpoint: CheckpointPolicy
  public var restart: RestartPolicy
  public var upgrade: Upgrade
  /// Sources, operators and sinks in the order of the file.
  public var components: [ComponentDefinition]
  public var tests: [JobTestSpec]
  /// The options of `spec` as they were checked, for printing.
  var spec: Config

  /// The components of one role, in the order of the file.
  public func components(_ role: GraphShape.Role) -> [ComponentDefinition] {
    components.filter { $0.role == role }
  }
}
