import Dataflow
import DataflowTesting
import Foundation
import Testing

/// The same jobs on real threads and real files: what the simulation cannot show are races. Run them under the thread sanitizer, too.
@Suite struct RealThreadTests {
  @Test(
    "a job on two threads with checkpoints all the time, stopped and rescaled, gives exact results",
    arguments: [UInt64(3), 5, 8, 21, 34, 55])
  func exactlyOnce(seed: UInt64) async throws {
    let scenario = Scenario(seed: seed)
    let folder = FileManager.default.temporaryDirectory.path + "/simulation-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let disk = SimulatedDisk(seed: seed)
    let windows = SimulatedDatabase(seed: seed)
    let refused = SimulatedDatabase(seed: seed, mode: .append)
    let runtime = SystemRuntime(threads: 2)
    var isDone = false
    for (run, parallelism) in [3, 2, 1, 2].enumerated() where !isDone {
      let graph = try scenario.graph(parallelism: parallelism, windows: windows, refused: refused, disk: disk) {}
      let store = try ReplicatedCheckpointStore(files: runtime.files, folder: folder, job: graph.name)
      let runner = JobRunner(graph, runtime: runtime, store: store)
      if run < 2 { Task { await runner.stop() } }
      isDone = try await runner.run().isEndOfInput
    }
    #expect(isDone)
    let late = Set(refused.appended.filter { $0.columns[1] == "late" }.map(\.key))
    #expect(Set(refused.appended.map(\.key)).count == refused.appended.count)
    let expected = Oracle(scenario: scenario).windows(without: late)
    #expect(windows.rows.mapValues { Array($0.columns.dropFirst(5)) } == expected)
  }
}
