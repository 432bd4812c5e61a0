/// What a sink's ledger says: who wrote last, and up to where. One row per (job, sink, shard), kept beside the rows it speaks of.
public struct LedgerRow: Sendable, Equatable {
  /// Goes up with every start of the job, or is that of the lease of whoever runs it; a smaller one is a zombie's.
  public var generation: UInt64
  /// The newest epoch that was applied; 0 before the first.
  public var epoch: UInt64
  /// The digest of that epoch's staged bytes; nil before the first.
  public var digest: UInt64?

  /// A row with these values.
  public init(generation: UInt64, epoch: UInt64, digest: UInt64? = nil) {
    self.generation = generation
    self.epoch = epoch
    self.digest = digest
  }
}

/// What a starting job may do with a sink's ledger.
public enum LedgerClaim: Sendable, Equatable {
  /// Write this row, then go on from `lastApplied` (nil: nothing was ever applied).
  case claim(row: LedgerRow, lastApplied: UInt64?)
  /// The job starts from nothing, but the sink holds epochs of an earlier run: applying again would double or tear its rows.
  case stateGone(appliedEpoch: UInt64)
  /// Whoever has a later lease has claimed the sink: this run must not.
  case fenced(by: UInt64)
}

/// What to do with an epoch, given the ledger row that was read under its lock.
public enum LedgerDecision: Sendable, Equatable {
  /// Write the epoch's rows and then `row`, in the same transaction.
  case apply(row: LedgerRow)
  /// The ledger has it already, the same bytes as far as it can tell: nothing to do.
  case alreadyApplied
  /// A newer run owns the sink. This one must stop without writing.
  case fenced(by: UInt64)
  /// Epochs from `expected` on are missing in the sink: they must be applied first.
  case gap(expected: UInt64)
  /// The ledger has an epoch of that number with other bytes: two histories of one job.
  case digestMismatch(inLedger: UInt64?)
  /// The row is gone, or older than this run's claim: the sink was set back or emptied under the running job.
  case ledgerLost
}

/// The rules of exactly-once delivery into a sink that keeps a ledger. Pure: whoever reads and writes rows asks it what to do.
///
/// ```
/// start   row ──claim──▶ generation + 1 or the lease's │ stateGone │ fenced
/// epoch   row ──decide─▶ apply │ alreadyApplied │ fenced │ gap │ digestMismatch │ ledgerLost
/// ```
///
/// A lost reply to COMMIT needs no rule of its own: read the row again and decide again.
public struct LedgerStateMachine: Sendable, Equatable {
  /// The generation of this run's claim.
  public let generation: UInt64

  /// A machine for a run that claimed this generation.
  public init(generation: UInt64) {
    self.generation = generation
  }

  /// Decides what a starting job does. `isFresh`: it starts without a checkpoint. `lease`: the generation that it runs under, where leases say who runs.
  ///
  /// A row without an applied epoch is no obstacle to a fresh start: the earlier run claimed and never wrote.
  public static func claim(row: LedgerRow?, isFresh: Bool, lease: UInt64? = nil) -> LedgerClaim {
    guard let row else { return .claim(row: LedgerRow(generation: lease ?? 1, epoch: 0), lastApplied: nil) }
    // A worker that slept over the end of its lease must not fence the one that has it now.
    if let lease, lease < row.generation { return .fenced(by: row.generation) }
    if isFresh, row.epoch > 0 { return .stateGone(appliedEpoch: row.epoch) }
    let claimed = LedgerRow(generation: lease ?? row.generation + 1, epoch: row.epoch, digest: row.digest)
    return .claim(row: claimed, lastApplied: row.epoch == 0 ? nil : row.epoch)
  }

  /// Decides what becomes of an epoch whose staged bytes have this digest. `epoch` counts from 1, without holes; `begins`: a sink that is new to the
  /// job begins with it.
  public func decide(row: LedgerRow?, epoch: UInt64, digest: UInt64, begins: Bool = false) -> LedgerDecision {
    guard let row else { return .ledgerLost }
    if row.generation > generation { return .fenced(by: row.generation) }
    if row.generation < generation { return .ledgerLost }
    if epoch < row.epoch { return .alreadyApplied }
    if epoch == row.epoch { return epoch == 0 || row.digest == digest ? .alreadyApplied : .digestMismatch(inLedger: row.digest) }
    if epoch - row.epoch > 1, !(begins && row.epoch == 0) { return .gap(expected: row.epoch + 1) }
    return .apply(row: LedgerRow(generation: generation, epoch: epoch, digest: digest))
  }
}
