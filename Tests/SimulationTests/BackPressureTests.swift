import Dataflow
import DataflowTesting
import Foundation
import Synchronization
import Testing

@Suite("back-pressure, on real threads")
struct BackPressureTests {
  private final class Slow: Operator {
    func process(_ batch: RecordBatch, _ output: Output) throws {
      usleep(2000)
      try output.emit(batch)
    }
  }

  @Test("a source before a slow step is held back, and the slow step is not; checkpoints tell the pause of both")
  func held() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/pressure-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let runtime = SystemRuntime(threads: 1)
    let source = ListSource.plan(["key", "id"], [(0..<20_000).map { ListSource.Record(Int64($0), ["k", "\($0)"]) }], batchSize: 5)
    let slow = PlannedOperator(schema: source.schema, keyFields: [source.schema.fields[0]]) { Slow() }
    let sink = SimulatedDatabase(seed: 1).sink(source.schema, keys: 2, disk: SimulatedDisk(seed: 1))
    let graph = JobGraph(
      name: "job", parallelism: 1, checkpoint: CheckpointPolicy(interval: 10_000_000, timeout: 60_000_000_000, retain: 2),
      sources: [SourceNode(id: "lists", type: "list", planned: source)],
      operators: [OperatorNode(id: "slow", type: "slow", inputs: [NodeInput("lists")], planned: slow)],
      sinks: [SinkNode(id: "rows", type: "database", inputs: [NodeInput("slow")], planned: sink)])
    let reports = Mutex<[CheckpointReport]>([])
    let runner = JobRunner(
      graph, runtime: runtime, store: try ReplicatedCheckpointStore(files: runtime.files, folder: folder, job: "job"),
      observer: JobObserver { event in if case .checkpoint(let report) = event { reports.withLock { $0.append(report) } } })
    let running = Task { try await runner.run() }
    var status: [SubtaskStatus] = []
    func isHeld(_ subtask: SubtaskStatus) -> Bool { subtask.isSource && subtask.backPressureNanoseconds > 0 }
    while !status.contains(where: isHeld) || reports.withLock({ $0.isEmpty }) {
      try await Task.sleep(nanoseconds: 1_000_000)
      status = await runner.status()
    }
    await runner.stop()
    #expect(try await !running.value.isEndOfInput, "the job was to be stopped in its middle")
    #expect(status.filter { !$0.isSource }.map(\.backPressureNanoseconds) == [0])
    #expect(reports.withLock { $0.first?.pauses.map(\.step) } == ["lists", "slow"])
  }
}
