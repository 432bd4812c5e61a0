internal import Dataflow
internal import Glibc

/// Kills the process at a chosen phase of a chosen checkpoint, as a power cut would: `SLOSCOUT_FAILPOINT=applying:3`. For crash tests only.
struct Failpoint: Sendable {
  private let phase: CheckpointPhase
  private let epoch: UInt64

  /// Nil when the text names no phase and epoch.
  init?(_ text: String?) {
    guard let parts = text?.split(separator: ":"), parts.count == 2, let phase = CheckpointPhase(rawValue: String(parts[0])),
      let epoch = UInt64(parts[1])
    else { return nil }
    self.phase = phase
    self.epoch = epoch
  }

  func reached(_ phase: CheckpointPhase, _ epoch: UInt64) {
    if phase == self.phase && epoch >= self.epoch { kill(getpid(), SIGKILL) }
  }
}
