public import Connectors
public import Dataflow

/// A place that keeps the checkpoints of a job, as the file names it.
public struct CheckpointPlace: Sendable {
  /// A path, or `s3://bucket/prefix`.
  public var text: String
  /// The name of the Connection to the bucket, when one is given.
  public var connection: String?
  /// The options of that Connection; nil when there is none, or something is wrong with them, which has been reported.
  public var config: Config?

  /// The part of a bucket; nil for a folder.
  public var bucket: S3Location? { S3Location(text) }
}
