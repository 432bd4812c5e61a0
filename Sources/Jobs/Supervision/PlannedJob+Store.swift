internal import Connectors
public import Dataflow

extension PlannedJob {
  /// Where the job's checkpoints are. Connects to nothing yet.
  ///
  /// - Parameters:
  ///   - environment: where credentials for S3 are looked for when the file names none.
  ///   - job: whose checkpoints in the same places; the job's own when nil.
  /// - Throws: `FileError` when a folder cannot be made, `S3Error` when there are no credentials.
  public func checkpointStore(files: any FileSystem, environment: [String: String], of job: String? = nil) throws
    -> ReplicatedCheckpointStore
  {
    ReplicatedCheckpointStore(
      try definition.checkpointPlaces.map { place -> any CheckpointReplica in
        guard let bucket = place.bucket else { return try FolderReplica(files: files, folder: place.text, job: job ?? graph.name) }
        let client = try S3Client(try S3Options(place.config, environment: environment))
        return S3Replica(client, bucket, job: job ?? graph.name)
      })
  }
}
