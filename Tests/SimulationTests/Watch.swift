import Dataflow
import DataflowTesting
import Synchronization

/// Follows a run by its events, and kills it at a chosen one.
final class Watch: Sendable {
  private struct State {
    var phase = CheckpointPhase.reading
    var killAt: CheckpointPhase?
    var killAfter = 0
    var tally: [String: Int] = [:]
    var warnings: [String] = []
    var polls = 0
    var pollFaults: Set<Int> = []
  }
  private let state = Mutex(State())
  private let disk: SimulatedDisk

  init(_ disk: SimulatedDisk) { self.disk = disk }

  /// The disk dies `operations` operations after the phase was entered for the `times`-th time from now.
  func planKill(_ phase: CheckpointPhase?, times: Int) {
    state.withLock {
      $0.killAt = phase
      $0.killAfter = times
    }
  }

  /// The source fails at these polls, counted from now, as if a file could not be read for a moment.
  func planPollFaults(_ polls: Set<Int>) {
    state.withLock {
      $0.polls = 0
      $0.pollFaults = polls
    }
  }

  var phase: CheckpointPhase { state.withLock { $0.phase } }
  var tally: [String: Int] { state.withLock { $0.tally } }
  var warnings: [String] { state.withLock { $0.warnings } }

  func count(_ what: String, _ n: Int = 1) { state.withLock { $0.tally[what, default: 0] += n } }

  func poll() throws {
    let fails = state.withLock { state in
      state.polls += 1
      return state.pollFaults.contains(state.polls)
    }
    if fails {
      count("source failed")
      throw SourceError("the simulated source cannot be read for a moment", isTransient: true)
    }
  }

  func receive(_ event: JobEvent) {
    switch event {
    case .phase(let phase, _):
      let dies = state.withLock { state in
        state.phase = phase
        guard state.killAt == phase else { return false }
        state.killAfter -= 1
        return state.killAfter == 0
      }
      if dies { disk.planCrash(afterOperations: 0) }
    case .checkpoint(let report):
      count("checkpoints")
      if report.fullBytes > report.storedBytes { count("incremental checkpoints") }
    case .applied: count("epochs applied")
    case .restored(_, let records):
      count("restores")
      if records > 0 { count("restores in the middle of the input") }
    case .restarting: count("restarts in the process")
    case .warning(let message): state.withLock { $0.warnings.append(message) }
    }
  }
}
