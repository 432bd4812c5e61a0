public import Dataflow

/// The `exchange:` of a job: what carries its records from one stage to the next when it runs over several workers. In one process it is not used.
public struct ExchangeDefinition: Sendable {
  /// The Connection whose topics carry them.
  public var connection: String
  /// The checked options of that connection.
  public var config: Config
  /// Shards of every stage but the first: 1 to 720. The same as long as the job has state.
  public var partitions: Int
  /// Shards of the first stage, which reads the sources. The same as long as the job has state.
  public var readers: Int
  /// Whether the rows of a checkpoint go into a topic in one transaction.
  public var usesTransactions: Bool
}
