import Connectors
import Dataflow
import Foundation
import Synchronization
import Testing

/// Two runs of one job that do not know of each other, over a server that fails.
@Suite("checkpoints on an S3 server that fails", .timeLimit(.minutes(5)))
struct FaultyStoreTests {
  /// What one run believes.
  private struct Belief: Sendable {
    var published: [UInt64: Manifest] = [:]
    var isBeaten = false
  }

  /// Publishes epochs as a job does, until another run has won one or all are published. Waits out every failure that may pass.
  private static func run(_ store: ReplicatedCheckpointStore, _ whose: Int64, epochs: ClosedRange<UInt64>) throws -> Belief {
    var belief = Belief()
    func patiently<T>(_ body: () throws -> T) throws -> T {
      while true { do { return try body() } catch let error as any ReplicaFailure where error.kind == .passing {} }
    }
    for epoch in epochs {
      try patiently { try store.put(Manifest.dataName(epoch, run: UInt64(whose)) + "-0", Array("\(whose) \(epoch)".utf8)) }
      var manifest = Manifest(job: "job", epoch: epoch)
      manifest.createdAt = whose
      do { try patiently { try store.publish(manifest) } } catch is CheckpointConflict {
        belief.isBeaten = true
        return belief
      }
      belief.published[epoch] = manifest
      if epoch > 3 {
        try patiently {
          try store.collectGarbage(keep: try store.epochs().suffix(3).filter { $0 <= epoch }.map { try store.manifest($0) })
        }
      }
    }
    return belief
  }

  @Test("no manifest is lost and none has two makers, whoever races and whatever fails", arguments: UInt64(0)..<24)
  func race(seed: UInt64) throws {
    let bucket = FaultyBucket(seed: seed, faultPercent: 30)
    let server = try bucket.serve()
    let location = try #require(S3Location("s3://bucket/checkpoints"))
    let beliefs = Mutex<[Result<Belief, any Error>]>([])
    let count = 2
    DispatchQueue.concurrentPerform(iterations: count) { n in
      let result = Result {
        try Self.run(
          ReplicatedCheckpointStore([S3Replica(try memoryClient(server), location, job: "job")]), Int64(n + 1), epochs: 1...8)
      }
      beliefs.withLock { $0.append(result) }
    }
    bucket.heal()
    let found = try beliefs.withLock { $0 }.map { try $0.get() }
    // An epoch has one maker.
    let makers = found.flatMap(\.published.keys)
    #expect(Set(makers).count == makers.count, "seed \(seed): published twice: \(makers.sorted())")
    // Somebody got to the end, or was beaten by somebody who went further.
    #expect(found.contains { !$0.isBeaten }, "seed \(seed): both were beaten")
    let store = ReplicatedCheckpointStore([S3Replica(try memoryClient(server), location, job: "job")])
    let newest = try #require(try store.epochs().last)
    #expect(newest == 8, "seed \(seed)")
    // What was published and is to be kept is there, byte for byte.
    for belief in found {
      for (epoch, manifest) in belief.published where epoch > newest - 3 {
        #expect(try store.manifest(epoch) == manifest, "seed \(seed): epoch \(epoch)")
      }
    }
  }

  @Test("a copy on the disk stands in for a bucket that has lost an object, and says so")
  func healed() throws {
    let bucket = FaultyBucket()
    let server = try bucket.serve()
    let folder = FileManager.default.temporaryDirectory.path + "/s3-healed-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let location = try #require(S3Location("s3://bucket/a"))
    func store() throws -> ReplicatedCheckpointStore {
      ReplicatedCheckpointStore([
        S3Replica(try memoryClient(server), location, job: "job"), try FolderReplica(files: PosixFileSystem(), folder: folder, job: "job"),
      ])
    }
    let name = Manifest.dataName(1, run: 7) + "-0"
    let writer = try store()
    try writer.put(name, [1, 2, 3])
    try writer.publish(Manifest(job: "job", epoch: 1))
    try memoryClient(server).delete("bucket", "a/job/\(name)")
    try memoryClient(server).put("bucket", "a/job/\(Manifest.name(1))", [9, 9])
    let reader = try store()
    #expect(try reader.manifest(1).epoch == 1)
    #expect(try reader.get(name, offset: 0, count: 3) { $0 == [1, 2, 3] } == [1, 2, 3])
    let told = reader.takeHealed()
    #expect(told.count == 2 && told.allSatisfy { $0.contains("s3://bucket/a/job/") }, "\(told)")
    #expect(reader.takeHealed() == [])
  }

  @Test("a server that does not answer is not taken for damage: what only it has must not be given up")
  func silence() throws {
    let bucket = FaultyBucket(seed: 1, faultPercent: 0)
    let server = try bucket.serve()
    let location = try #require(S3Location("s3://bucket/a"))
    try ReplicatedCheckpointStore([S3Replica(try memoryClient(server), location, job: "job")]).publish(Manifest(job: "job", epoch: 1))
    let gone = try memoryClient(try FaultyBucket(faultPercent: 0).serve())
    let store = ReplicatedCheckpointStore([S3Replica(gone, location, job: "job")])
    for body in [{ _ = try store.epochs() }, { _ = try store.manifest(1) }, { _ = try store.get("x", offset: 0, count: 1) { _ in true } }] {
      do {
        try body()
        Issue.record("silence is taken for an answer")
      } catch let error as S3Error { #expect(error.kind == .passing) }
    }
  }
}
