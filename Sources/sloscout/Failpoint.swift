internal import Dataflow
internal import Glibc
internal import Synchronization

/// Kills the process at a chosen phase of a chosen checkpoint, as a power cut would: `SLOSCOUT_FAILPOINT=applying:3`, or with a number of
/// microseconds after the phase's begin, `applying:3:500`. `applying:3:0:stop` lets it stand still instead, until SIGCONT. For crash tests only.
final class Failpoint: Sendable {
  private let phase: CheckpointPhase
  private let epoch: UInt64
  private let microseconds: UInt32
  private let signal: Int32
  private let isArmed = Atomic(true)

  /// Nil when the text names no phase and epoch.
  init?(_ text: String?) {
    guard let parts = text?.split(separator: ":"), (2...4).contains(parts.count), let phase = CheckpointPhase(rawValue: String(parts[0])),
      let epoch = UInt64(parts[1]), let microseconds = parts.count > 2 ? UInt32(parts[2]) : 0
    else { return nil }
    self.phase = phase
    self.epoch = epoch
    self.microseconds = microseconds
    signal = parts.last == "stop" ? SIGSTOP : SIGKILL
  }

  func reached(_ phase: CheckpointPhase, _ epoch: UInt64) {
    guard phase == self.phase, epoch >= self.epoch, isArmed.exchange(false, ordering: .relaxed) else { return }
    if microseconds == 0 {
      raise(signal)  // to this thread: it does not take another step
      return
    }
    // The phase goes on meanwhile: the deadline is kept by a thread of its own.
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { pointer in
        guard let pointer else { return nil }
        let failpoint = Unmanaged<Failpoint>.fromOpaque(pointer).takeRetainedValue()
        usleep(failpoint.microseconds)
        kill(getpid(), failpoint.signal)
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
  }
}
