internal import Dataflow
internal import Synchronization

/// Checkpoints in a part of a bucket, under the same names as in a folder.
///
/// ```
/// s3://<bucket>/<prefix>/<job>/manifest-0000000017          published last, by create-if-absent (If-None-Match)
/// s3://<bucket>/<prefix>/<job>/data-0000000017-9f3a1c-0     zstd frames
/// ```
/// What a request has stored is durable when it is answered.
package struct S3Replica: CheckpointReplica {
  private let client: S3Client
  private let location: S3Location
  private let ahead = ReadAhead()
  private let isConditionKnown = ConditionCheck()
  private static let mark = "create-if-absent"

  /// Connects to nothing yet.
  package init(_ client: S3Client, _ location: S3Location, job: String) {
    self.client = client
    self.location = location.appending(job)
  }

  /// `s3://bucket/prefix/job`
  package var place: String { location.description }

  package func put(_ name: String, _ bytes: [UInt8]) throws {
    try client.put(location.bucket, location.key(name), bytes)
    ahead.note(name, bytes)
  }

  package func create(_ name: String, _ bytes: [UInt8]) throws -> Bool {
    try isConditionKnown.once { try checkCondition() }
    return try client.create(location.bucket, location.key(name), bytes)
  }

  /// A server that does not know the condition overwrites: two runs of a job could publish the same epoch.
  private func checkCondition() throws {
    let key = location.key(Self.mark)
    let mark = Array("This object shows that the server keeps conditions of requests.\n".utf8)
    // Bytes of its own each time: what is there from earlier must not be taken for what was sent now.
    if try client.create(location.bucket, key, mark + Array("\(UInt64.random(in: 0 ... .max))\n".utf8)),
      try client.create(location.bucket, key, mark + Array("\(UInt64.random(in: 0 ... .max))\n".utf8))
    {
      throw S3Error.unusable(
        "the server of \(place) overwrites objects although it is told not to (If-None-Match: *)",
        hint: "use a server that has conditional writes: two runs of a job could not be told apart here")
    }
  }

  package func read(_ name: String) throws -> [UInt8] { try client.get(location.bucket, location.key(name)) }

  /// Reads more than it is asked for, since the next frame is asked for next.
  package func read(_ name: String, offset: Int, count: Int) throws -> [UInt8] {
    if let bytes = ahead.take(name, offset, count) { return bytes }
    let bytes = try client.get(location.bucket, location.key(name), offset: offset, count: max(count, ReadAhead.windowBytes))
    ahead.note(name, bytes, offset: offset, taken: count)
    return Array(bytes.prefix(count))
  }

  package func names() throws -> [String] {
    let prefix = location.key("")
    return try client.list(location.bucket, prefix: prefix).compactMap { entry in
      let name = entry.key.dropFirst(prefix.count)
      return name.isEmpty || name.contains("/") ? nil : String(name)
    }
  }

  package func remove(_ names: [String]) throws {
    for name in names { try client.delete(location.bucket, location.key(name)) }
  }

  /// Copies and removes: S3 has no other way.
  package func rename(_ name: String, to other: String) throws {
    do throws(S3Error) {
      try client.put(location.bucket, location.key(other), try client.get(location.bucket, location.key(name)))
    } catch  where error.isMissing { return }
    try client.delete(location.bucket, location.key(name))
  }

  /// The mark of the test of conditions is all that can be left.
  package func vacate() throws { try remove([Self.mark]) }

  /// Nothing: it is durable already.
  package func sync() throws {}

  /// Does something until it has succeeded once.
  private final class ConditionCheck: Sendable {
    private let isDone = Mutex(false)

    func once(_ check: () throws -> Void) rethrows {
      if isDone.withLock({ $0 }) { return }
      try check()
      isDone.withLock { $0 = true }
    }
  }
}
