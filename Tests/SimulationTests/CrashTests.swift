import Dataflow
import DataflowTesting
import Operators
import Testing

@Suite struct CrashTests {
  @Test("whole jobs give exact results whatever the interleaving and wherever they crash", arguments: 0..<20)
  func exactlyOnce(block: Int) throws {
    for seed in UInt64(block * 50)..<UInt64(block * 50 + 50) {
      let scenario = WindowScenario(seed: seed)
      try scenario.runWithCrashes()
    }
  }
}
