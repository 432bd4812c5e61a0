/// What travels on a channel between two subtasks.
package enum Element: Sendable {
  case batch(RecordBatch)
  case watermark(Int64)
  /// The channel's sender has no active split: it no longer holds the watermark back, or does again.
  case idle(Bool)
  case barrier(Barrier)
  /// The bounded input behind this channel is at its end. Barriers may still follow.
  case endOfInput
  /// A clock tick, so that results due by the clock come out although no record arrives.
  case tick
}

/// The mark that cuts a stream into what belongs to a checkpoint and what does not.
package struct Barrier: Sendable, Equatable {
  /// What happens after the checkpoint.
  package enum Kind: Sendable {
    case periodic
    /// Every subtask ends after it: the job is stopping, or its input is at its end.
    case final
    /// Every subtask ends after it, and nobody goes on from here but another cut of the job: what is sent to other shards says so.
    case drain

    /// Whether every subtask ends after it.
    package var isLast: Bool { self != .periodic }
  }
  package let checkpoint: UInt64
  /// The attempt that the checkpoint belongs to: acknowledgements of an earlier attempt are not counted.
  package let attempt: UInt64
  package let kind: Kind

  package init(checkpoint: UInt64, attempt: UInt64, kind: Kind) {
    self.checkpoint = checkpoint
    self.attempt = attempt
    self.kind = kind
  }
}
