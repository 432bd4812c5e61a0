import Dataflow
import Testing

@Suite("Ledger")
struct LedgerTests {
  @Test("a claim raises the generation, keeps the epoch, and refuses a fresh start over applied epochs")
  func claims() {
    #expect(LedgerStateMachine.claim(row: nil, isFresh: true) == .claim(row: LedgerRow(generation: 1, epoch: 0), lastApplied: nil))
    #expect(LedgerStateMachine.claim(row: nil, isFresh: false) == .claim(row: LedgerRow(generation: 1, epoch: 0), lastApplied: nil))
    let claimed = LedgerRow(generation: 4, epoch: 0)
    #expect(LedgerStateMachine.claim(row: claimed, isFresh: true) == .claim(row: LedgerRow(generation: 5, epoch: 0), lastApplied: nil))
    let applied = LedgerRow(generation: 4, epoch: 7, digest: 9)
    #expect(LedgerStateMachine.claim(row: applied, isFresh: true) == .stateGone(appliedEpoch: 7))
    #expect(
      LedgerStateMachine.claim(row: applied, isFresh: false) == .claim(row: LedgerRow(generation: 5, epoch: 7, digest: 9), lastApplied: 7))
  }

  @Test("every combination of small generations, epochs and digests gets the one right decision")
  func exhaustive() {
    for mine in 0...3 as ClosedRange<UInt64> {
      let machine = LedgerStateMachine(generation: mine)
      for epoch in 0...5 as ClosedRange<UInt64> {
        #expect(machine.decide(row: nil, epoch: epoch, digest: 0) == .ledgerLost)
        for generation in 0...4 as ClosedRange<UInt64> {
          for applied in 0...6 as ClosedRange<UInt64> {
            for digest in [nil, 0, 1] as [UInt64?] {
              let row = LedgerRow(generation: generation, epoch: applied, digest: digest)
              let wanted = expected(mine, row, epoch, 1)
              #expect(machine.decide(row: row, epoch: epoch, digest: 1) == wanted, "\(mine) \(row) \(epoch)")
              // A sink that is new may begin anywhere; what has an epoch already is not new, whoever says so.
              let begun = LedgerRow(generation: mine, epoch: epoch, digest: 1)
              let isGap = if case .gap = wanted { true } else { false }
              let decided = machine.decide(row: row, epoch: epoch, digest: 1, begins: true)
              #expect(decided == (isGap && applied == 0 ? .apply(row: begun) : wanted), "\(mine) \(row) \(epoch)")
            }
          }
        }
      }
    }
  }

  /// The protocol's table, written the other way round: one condition a line.
  private func expected(_ mine: UInt64, _ row: LedgerRow, _ epoch: UInt64, _ digest: UInt64) -> LedgerDecision {
    switch (row.generation == mine, row.epoch == epoch) {
    case (false, _): row.generation > mine ? .fenced(by: row.generation) : .ledgerLost
    case (true, true) where epoch > 0 && row.digest != digest: .digestMismatch(inLedger: row.digest)
    case (true, true): .alreadyApplied
    case (true, false) where row.epoch > epoch: .alreadyApplied
    case (true, false) where row.epoch + 1 == epoch: .apply(row: LedgerRow(generation: mine, epoch: epoch, digest: digest))
    case (true, false): .gap(expected: row.epoch + 1)
    }
  }

  @Test("numbers at the end of their range do not trap")
  func extremes() {
    let machine = LedgerStateMachine(generation: .max)
    #expect(machine.decide(row: LedgerRow(generation: .max, epoch: 0), epoch: .max, digest: 0) == .gap(expected: 1))
    #expect(machine.decide(row: LedgerRow(generation: .max, epoch: .max, digest: 0), epoch: 0, digest: 0) == .alreadyApplied)
    #expect(machine.decide(row: LedgerRow(generation: .max, epoch: .max, digest: 0), epoch: .max, digest: 0) == .alreadyApplied)
  }

  @Test("zombies, crashes, lost replies and repeated epochs never lose, double or reorder a row")
  func randomHistories() {
    for seed in 0..<500 { history(seed: seed) }
  }

  private func history(seed: Int) {
    var random = SplitMix(seed: UInt64(seed))
    var ledger: LedgerRow?
    var written: [UInt64] = []
    var runs: [(machine: LedgerStateMachine, next: UInt64)] = []
    for _ in 0..<300 {
      if runs.isEmpty || random.next() % 20 == 0 {
        guard case .claim(let row, let last) = LedgerStateMachine.claim(row: ledger, isFresh: ledger == nil) else {
          Issue.record("a restart was refused, seed \(seed)")
          return
        }
        ledger = row
        runs.append((LedgerStateMachine(generation: row.generation), (last ?? 0) + 1))
      }
      // Any run that ever started may act: all but the newest are zombies. It may also repeat itself or run ahead.
      let run = Int(random.next() % UInt64(runs.count))
      let epoch = max(1, runs[run].next - min(runs[run].next, random.next() % 3) + random.next() % 2)
      let before = ledger
      switch runs[run].machine.decide(row: ledger, epoch: epoch, digest: epoch &* 31) {
      case .apply(let row):
        #expect(run == runs.count - 1, "a zombie wrote, seed \(seed)")
        written.append(epoch)
        ledger = row
        // Now and then the reply to COMMIT is lost: the run does not know and will ask again.
        if random.next() % 4 > 0 { runs[run].next = epoch + 1 }
      case .alreadyApplied: runs[run].next = max(runs[run].next, epoch + 1)
      case .fenced(let by): #expect(by == runs.last?.machine.generation && run < runs.count - 1)
      case .gap(let expected): runs[run].next = expected
      case .digestMismatch, .ledgerLost: Issue.record("one history, yet \(epoch) did not match, seed \(seed)")
      }
      #expect((ledger?.generation ?? 0) >= (before?.generation ?? 0) && (ledger?.epoch ?? 0) >= (before?.epoch ?? 0))
    }
    #expect(written == Array(1...UInt64(written.count)), "seed \(seed)")
    #expect(ledger?.epoch == UInt64(written.count))
  }
}

/// A small seeded generator.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
