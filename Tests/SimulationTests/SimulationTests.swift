import Dataflow
import DataflowTesting
import Glibc
import Synchronization
import Testing

/// Which seeds to run: `SIM_SEED=n` one, `SIM_SEEDS=n` the first n, `SIM_FIRST=n` from n on; 1,000 otherwise.
enum Seeds {
  static let range: Range<UInt64> = {
    if let only = number("SIM_SEED") { return only..<only + 1 }
    let first = number("SIM_FIRST") ?? 0
    return first..<first + (number("SIM_SEEDS") ?? 1000)
  }()
  /// Stop at the first seed that fails, and say each one before it runs: for the mutants, some of which crash or hang.
  static let stopsEarly = getenv("SIM_STOP") != nil
  static let blocks = stopsEarly ? 1 : min(20, range.count)

  static func block(_ index: Int) -> Range<UInt64> {
    let n = UInt64(range.count)
    return range.lowerBound + UInt64(index) * n / UInt64(blocks)..<range.lowerBound + UInt64(index + 1) * n / UInt64(blocks)
  }

  /// Straight to standard output: a process that crashes takes what is buffered with it.
  static func announce(_ seed: UInt64) {
    let line = Array("SIM at \(seed)\n".utf8)
    _ = line.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
  }

  private static func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }
}

@Suite struct SimulationTests {
  private static let tally = Mutex<[String: Int]>([:])

  @Test("whole jobs give exact results whatever the interleaving, the faults and the parallelism", arguments: 0..<Seeds.blocks)
  func exactlyOnce(block: Int) {
    var trace = KeyHasher()
    for seed in Seeds.block(block) {
      if Seeds.stopsEarly { Seeds.announce(seed) }
      let outcome = Simulation.run(seed: seed)
      Self.tally.withLock { $0.merge(outcome.tally) { $0 + $1 } }
      trace.combine(outcome.trace.finish().high)
      if outcome.problems.isEmpty { continue }
      Issue.record(
        "seed \(seed) (replay: SIM_SEED=\(seed) swift test --filter SimulationTests): \(outcome.problems.prefix(5).joined(separator: "; "))"
      )
      if Seeds.stopsEarly { break }
    }
    if getenv("SIM_TALLY") != nil {
      print("SIM trace of \(Seeds.block(block)): \(String(trace.finish().high, radix: 16))")
      print(
        "SIM tally:\n" + Self.tally.withLock { $0.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" } }.joined(separator: "\n"))
    }
  }

  @Test("a seed always gives the same interleaving", arguments: [UInt64(1), 17, 42, 99, 1234])
  func determinism(seed: UInt64) {
    #expect(Simulation.run(seed: seed).trace.finish() == Simulation.run(seed: seed).trace.finish())
  }
}
