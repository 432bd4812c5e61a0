internal import Dataflow

extension JobEvent {
  /// What a person reads of it, in a line; nil when it is not worth one.
  ///
  /// - Parameters:
  ///   - name: the job, or the shard of one.
  ///   - quiet: only what should not be.
  func line(_ name: String, quiet: Bool) -> String? {
    switch self {
    case .warning(let text): "\(name): warning: \(text)"
    case .restored(let epoch, let records): quiet ? nil : "\(name): going on from checkpoint \(epoch), after \(records) records"
    case .restarting(let attempt, let delay, let cause): "\(name): failed (\(cause)); attempt \(attempt) in \(delay / 1_000_000) ms"
    case .applied(let sink, let epoch, _, let refused):
      refused == 0 ? nil : "\(name): \(sink) refused \(refused) rows of epoch \(epoch); they are in its table of refused rows"
    case .phase, .checkpoint: nil
    }
  }
}
