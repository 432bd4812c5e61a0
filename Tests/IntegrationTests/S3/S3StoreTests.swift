import Connectors
import Dataflow
import DataflowTesting
import Foundation
import Synchronization
import Testing

@Suite("checkpoints on a real S3 server", .timeLimit(.minutes(5)))
final class S3StoreTests {
  /// The places of a store, the deciding one first.
  enum Kind: String, CaseIterable, CustomStringConvertible {
    case bucket, bucketAndDisk, diskAndBucket, twoBuckets
    var description: String { rawValue }
  }

  private let bucket: TestBucket
  private let folder = FileManager.default.temporaryDirectory.path + "/s3-store-\(UUID().uuidString)"

  init() throws { bucket = try TestBucket() }
  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func places(_ kind: Kind) throws -> [any CheckpointReplica] {
    let first = S3Replica(bucket.client, bucket.location.appending("one"), job: "job")
    let disk = try FolderReplica(files: PosixFileSystem(), folder: folder, job: "job")
    return switch kind {
    case .bucket: [first]
    case .bucketAndDisk: [first, disk]
    case .diskAndBucket: [disk, first]
    case .twoBuckets: [first, S3Replica(bucket.client, bucket.location.appending("two"), job: "job")]
    }
  }

  private func store(_ kind: Kind) throws -> ReplicatedCheckpointStore { ReplicatedCheckpointStore(try places(kind)) }

  @Test("a bucket keeps checkpoints as every place must")
  func conforms() throws {
    let (client, location) = (bucket.client, bucket.location)
    #expect(try ReplicaConformance.problems { S3Replica(client, location, job: "job") } == [])
  }

  @Test("large data goes in parts and comes back; a listing has many pages")
  func large() throws {
    let bytes = (0..<(40 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 13) }
    let replica = S3Replica(bucket.client, bucket.location, job: "job")
    try replica.put("data-1", bytes)
    #expect(try replica.read("data-1") == bytes)
    #expect(try replica.read("data-1", offset: 33 << 20, count: 1000) == Array(bytes[(33 << 20)..<(33 << 20 + 1000)]))
    let (client, location) = (bucket.client, bucket.location)
    DispatchQueue.concurrentPerform(iterations: 4) { lane in
      for n in 0..<300 { try? client.put(location.bucket, location.key("many/\(lane)-\(n)"), [1]) }
    }
    #expect(try client.list(location.bucket, prefix: location.key("many/")).count == 1200)
  }

  @Test("an epoch is published once, and none below the newest", arguments: Kind.allCases)
  func once(kind: Kind) throws {
    let (mine, theirs) = (try store(kind), try store(kind))
    try mine.publish(Manifest(job: "job", epoch: 1))
    try mine.publish(Manifest(job: "job", epoch: 1))
    var other = Manifest(job: "job", epoch: 1)
    other.createdAt = 1
    #expect(throws: CheckpointConflict.self) { try theirs.publish(other) }
    #expect(try mine.epochs() == [1])
    for epoch in UInt64(2)...5 { try mine.publish(Manifest(job: "job", epoch: epoch)) }
    try mine.collectGarbage(keep: [Manifest(job: "job", epoch: 5)])
    #expect(throws: CheckpointConflict.self) { try theirs.publish(Manifest(job: "job", epoch: 2)) }
    #expect(try theirs.epochs() == [5])
  }

  @Test("cleaning up takes what is older and unused, and nothing of a run that is ahead", arguments: Kind.allCases)
  func cleaning(kind: Kind) throws {
    let store = try store(kind)
    for name in ["data-0000000003-aa-0", "data-0000000004-aa-0", "data-0000000005-bb-0", "data-12345678901-bb-0"] {
      try store.put(name, [1])
    }
    for epoch in UInt64(3)...5 { try store.publish(Manifest(job: "job", epoch: epoch)) }
    try store.collectGarbage(keep: [Manifest(job: "job", epoch: 4)])
    for place in try places(kind) {
      #expect(
        try place.names().filter { $0 != "create-if-absent" } == [
          "data-0000000005-bb-0", "data-12345678901-bb-0", "manifest-0000000004", "manifest-0000000005",
        ])
    }
  }

  @Test("damage in one place is healed by the other and told once", arguments: [Kind.bucketAndDisk, .diskAndBucket, .twoBuckets])
  func healed(kind: Kind) throws {
    let writer = try store(kind)
    try writer.publish(Manifest(job: "job", epoch: 1))
    try writer.put("data-0000000001-aa-0", [1, 2, 3])
    let first = try places(kind)[0]
    try first.put("manifest-0000000001", Array("SLOCHKPT".utf8))
    try first.remove(["data-0000000001-aa-0"])
    let store = try store(kind)
    for _ in 0..<2 {
      #expect(try store.manifest(1).epoch == 1)
      #expect(try store.get("data-0000000001-aa-0", offset: 0, count: 3) { $0 == [1, 2, 3] } == [1, 2, 3])
    }
    let told = store.takeHealed()
    #expect(told.count == 2 && told.allSatisfy { $0.contains(first.place) }, "\(told)")
    try first.remove(["manifest-0000000001"])
    #expect(try store.epochs() == [1] && store.manifest(1).epoch == 1)
    #expect(store.takeHealed() == [])
  }

  @Test("a damaged manifest is put aside, and its epoch can be taken again", arguments: Kind.allCases)
  func quarantine(kind: Kind) throws {
    let store = try store(kind)
    try store.publish(Manifest(job: "job", epoch: 1))
    try store.quarantine(1)
    #expect(try store.epochs() == [])
    var other = Manifest(job: "job", epoch: 1)
    other.createdAt = 1
    try store.publish(other)
    #expect(try store.manifest(1) == other)
  }

  @Test("of eight runs that publish the same epoch at the same time one wins", arguments: [Kind.bucket, .twoBuckets])
  func race(kind: Kind) throws {
    let stores = try (0..<8).map { _ in try store(kind) }
    for epoch in UInt64(1)...5 {
      let outcomes = Mutex<[Int: Bool]>([:])
      DispatchQueue.concurrentPerform(iterations: stores.count) { n in
        var manifest = Manifest(job: "job", epoch: epoch)
        manifest.createdAt = Int64(n)
        do {
          try stores[n].publish(manifest)
          outcomes.withLock { $0[n] = true }
        } catch is CheckpointConflict { outcomes.withLock { $0[n] = false } } catch { Issue.record("\(error)") }
      }
      let winners = outcomes.withLock { $0 }.filter(\.value).map(\.key)
      #expect(winners.count == 1, "epoch \(epoch) has the winners \(winners)")
      if let winner = winners.first { #expect(try stores[0].manifest(epoch).createdAt == Int64(winner)) }
    }
  }

  @Test("wrong credentials and a missing bucket are refused at once, with a hint and without the secret")
  func refused() throws {
    var environment = bucket.environment
    environment["AWS_SECRET_ACCESS_KEY"] = "not-the-secret"
    let wrong = S3Replica(try S3Client(try S3Options(nil, environment: environment)), bucket.location, job: "job")
    let nowhere = S3Replica(bucket.client, try #require(S3Location("s3://no-bucket-\(UInt64.random(in: 0 ... .max))")), job: "job")
    for (place, operation) in [(wrong, { try wrong.put("data-1", [1]) }), (nowhere, { _ = try nowhere.names() })] {
      do {
        try operation()
        Issue.record("\(place.place) takes it")
      } catch let error as S3Error {
        #expect(error.kind == .refused && error.description.contains("hint:") && !error.description.contains("not-the-secret"), "\(error)")
      }
    }
  }
}
