public import Dataflow

/// The `exchange:` of a job: what carries its records from one stage to the next when it runs over several workers. In one process it is not used.
public struct ExchangeDefinition: Sendable {
  /// The Connection whose topics carry them.
  public var connection: String
  /// The checked options of that connection.
  public var config: Config
  /// Shards of every stage but the first: 1 to 720. When it changes, the job is drained and its state divided anew.
  public var partitions: Int
  /// Shards of the first stage, which reads the sources. When it changes, the job is drained and its state divided anew.
  public var readers: Int
  /// Whether the rows of a checkpoint go into a topic in one transaction.
  public var usesTransactions: Bool
}
