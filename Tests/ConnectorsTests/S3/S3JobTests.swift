import Connectors
import Dataflow
import DataflowTesting
import RawServer
import Synchronization
import Testing

/// Whole jobs on real threads whose checkpoints are on an S3 server in memory.
@Suite("a job with checkpoints on S3", .timeLimit(.minutes(3)))
struct S3JobTests {
  private let database = SimulatedDatabase(seed: 1)
  private static let records = 300

  private func graph(seed: UInt64) -> JobGraph {
    let source = ListSource.plan(
      ["n"],
      (0..<2).map { list in
        (0..<Self.records).map { ListSource.Record(Int64($0), ["\(list) \($0)"], pause: $0 % 10 == 5 ? 1_000_000 : 0) }
      })
    return JobGraph(
      name: "job", parallelism: 2, checkpoint: CheckpointPolicy(interval: 5_000_000, retain: 3),
      restart: RestartPolicy(initialDelay: 1_000_000, maxDelay: 10_000_000, maxAttempts: 50),
      sources: [SourceNode(id: "lists", type: "list", planned: source)],
      sinks: [
        SinkNode(
          id: "rows", type: "database", inputs: [NodeInput("lists")],
          planned: database.sink(source.schema, keys: 1, disk: SimulatedDisk(seed: seed)))
      ])
  }

  private func store(_ server: RawServer) throws -> ReplicatedCheckpointStore {
    ReplicatedCheckpointStore([S3Replica(try memoryClient(server), try #require(S3Location("s3://bucket/state")), job: "job")])
  }

  private func expectAllOnce() {
    #expect(database.rows.count == 2 * Self.records)
    #expect(database.violations == [])
  }

  @Test("every record arrives once although requests fail in every way and the job is stopped twice", arguments: UInt64(1)...6)
  func faults(seed: UInt64) async throws {
    let bucket = FaultyBucket(seed: seed, faultPercent: 25)
    let server = try bucket.serve()
    var isDone = false
    for run in 0..<10 where !isDone {
      let runtime = SystemRuntime(threads: 2)
      let runner = JobRunner(graph(seed: seed), runtime: runtime, store: try store(server))
      if run < 2 { Task { await runner.stop() } }
      do { isDone = try await runner.run().isEndOfInput } catch let error as any ReplicaFailure { #expect(error.kind == .passing) }
    }
    #expect(isDone)
    expectAllOnce()
    bucket.heal()
    let newest = try #require(try store(server).epochs().last)
    #expect(try store(server).manifest(newest).isFinal)
  }

  @Test("an outage is waited out, with a warning and without a restart; afterwards nothing is left over")
  func outage() async throws {
    let bucket = FaultyBucket()
    let server = try bucket.serve()
    let events = Mutex<(checkpoints: Int, warnings: [String], restarts: Int)>((0, [], 0))
    let observer = JobObserver { event in
      switch event {
      case .checkpoint(let report):
        events.withLock { $0.checkpoints += 1 }
        if report.epoch == 2 { bucket.fail(requests: 30) }
      case .warning(let text): events.withLock { $0.warnings.append(text) }
      case .restarting: events.withLock { $0.restarts += 1 }
      default: break
      }
    }
    let store = try store(server)
    _ = try await JobRunner(graph(seed: 1), runtime: SystemRuntime(threads: 2), store: store, observer: observer).run()
    let seen = events.withLock { $0 }
    #expect(seen.checkpoints > 2 && seen.restarts == 0)
    #expect(seen.warnings.contains { $0.contains("503 SlowDown") }, "\(seen.warnings)")
    expectAllOnce()
    let kept = try store.epochs().map { try store.manifest($0) }
    #expect(kept.count == 3)
    let wanted = kept.reduce(into: Set<String>()) { $0.formUnion($1.files.union([Manifest.name($1.epoch)])) }
    #expect(Set(bucket.objects.keys.map { String($0.dropFirst("state/job/".count)) }) == wanted.union(["create-if-absent"]))
  }
}
